"""Policies of every dialect in one form, ready to be evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.findings.model import Manifest
from tools.manifests.node import Node
from tools.policies.model import Action, Direction
from tools.reach.connections import ALL, NONE, Conns, common, minus, union
from tools.reach.peers.universe import PortName, Universe
from tools.reach.sets import Match


@dataclass(frozen=True, slots=True)
class Ports:
    """Connections that depend on whose port is called: those in `fixed`, or at a port named so, without the others.

    `within`: what a name may be resolved to, such as one protocol. `only`: the pods whose names count; None: all.
    """

    fixed: Conns = ALL
    names: tuple[PortName, ...] = ()
    not_names: tuple[PortName, ...] = ()
    within: Conns = ALL
    only: int | None = None

    def certain(self, universe: Universe) -> bool:
        """Whether the names are known of everybody who has any."""
        return not any(bits & universe.hosts for name in self._all for bits in universe.named(name).values())

    @property
    def _all(self) -> tuple[PortName, ...]:
        return (*self.names, *self.not_names)

    @property
    def by_name(self) -> bool:
        """Whether it differs from one called pod to the next."""
        return bool(self.names or self.not_names)

    def parts(self, universe: Universe, called: int, *, certain: bool) -> dict[Conns, int]:
        """The called ones of `called`, by the connections that this is for them: for certain, or at the most.

        What a port is called in a pod on the node's network counts for some network plugins and not for others.
        """
        parts = {(NONE, NONE): called}
        for index, names in enumerate((self.names, self.not_names)):
            counting = (universe.pods if certain == (index == 0) else ~0) & (~0 if self.only is None else self.only)
            for name in names:
                named = {conns: bits & counting for conns, bits in universe.named(name).items()}
                parts = _split(parts, index, named)
        found: dict[Conns, int] = {}
        for (part, unwanted), bits in parts.items():
            conns = minus(union(self.fixed, common(self.within, part)), unwanted)
            found[conns] = found.get(conns, 0) | bits
        return found


def _split(
    parts: dict[tuple[Conns, Conns], int], index: int, named: dict[Conns, int]
) -> dict[tuple[Conns, Conns], int]:
    """Each part cut along what a name means; `index` is 0 for a name that is wanted, 1 for one that is not."""
    found: dict[tuple[Conns, Conns], int] = {}
    for key, bits in parts.items():
        rest = bits
        for conns, own in named.items():
            if bits & own:
                both = (union(key[0], conns), key[1]) if index == 0 else (key[0], union(key[1], conns))
                found[both] = found.get(both, 0) | (bits & own)
                rest &= ~own
        if rest:
            found[key] = found.get(key, 0) | rest
    return found


@dataclass(frozen=True, slots=True)
class RulePart:
    """Who is on the far side, and on which ports."""

    far: Match
    ports: Ports = Ports()


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule: an action on connections to or from its parts. `near`: which selected pods it is for; None: all.

    `doubt`: on what it depends, beside addresses, where a part matches only perhaps.
    """

    node: Node
    label: str
    action: Action
    parts: tuple[RulePart, ...]
    near: Match | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """One policy. `subjects` are bits; `order` is infinite when there is none. `title`: `Kind namespace/name`.

    `judged`: what its rules do is known; else they are doubt alone.
    """

    manifest: Manifest
    title: str
    tier: str
    order: float
    subjects: int
    types: frozenset[Direction]
    rules: dict[Direction, tuple[CompiledRule, ...]]
    judged: bool = True

    @property
    def tie(self) -> str:
        """What decides between equal orders. Source: felix calc/policy_sorter.go, PolKVLess."""
        return f"{self.manifest.name}/{self.manifest.namespace}/{self.manifest.kind}"


@dataclass(frozen=True, slots=True)
class Tier:
    """Policies that are tried together, in order; what none of them decides meets `end`."""

    name: str
    order: float
    end: Literal["Deny", "Pass"]
    policies: tuple[CompiledPolicy, ...] = ()


def title(manifest: Manifest, namespace: str = "") -> str:
    """A policy as people call it: `NetworkPolicy sark/gateway-egress`, `GlobalNetworkPolicy lock-down`."""
    return f"{manifest.kind} {namespace}/{manifest.name}" if namespace else f"{manifest.kind} {manifest.name}"
