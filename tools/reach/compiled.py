"""Policies of every dialect in one form that can be evaluated."""

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
    """Connections that may depend on the called pod: `fixed`, plus the ports named in `names`, minus `not_names`.

    `within`: the connections to which a name may resolve, such as one protocol. `only`: the pods whose port names
    count; None for all.
    """

    fixed: Conns = ALL
    names: tuple[PortName, ...] = ()
    not_names: tuple[PortName, ...] = ()
    within: Conns = ALL
    only: int | None = None

    def certain(self, universe: Universe) -> bool:
        """Whether every pod that has one of the names is known to count."""
        return not any(bits & universe.hosts for name in self._all for bits in universe.named(name).values())

    @property
    def _all(self) -> tuple[PortName, ...]:
        return (*self.names, *self.not_names)

    @property
    def by_name(self) -> bool:
        """Whether the connections differ from one called pod to the next."""
        return bool(self.names or self.not_names)

    def parts(self, universe: Universe, called: int, *, certain: bool) -> dict[Conns, int]:
        """Split the pods in `called` by the connections that these ports mean for each.

        The connections are the lower bound if `certain`, else the upper one. They differ for pods on the node's
        network, whose port names count for some network plugins and not for others.
        """
        parts = {(NONE, NONE): called}
        for index, names in enumerate((self.names, self.not_names)):
            counting = (universe.pods if certain == (index == 0) else ~0) & (~0 if self.only is None else self.only)
            for name in names:
                named = {conns: bits & counting for conns, bits in universe.named(name).items()}
                parts = _split(parts, index, named)
        by_conns: dict[Conns, int] = {}
        for (included, excluded), bits in parts.items():
            conns = minus(union(self.fixed, common(self.within, included)), excluded)
            by_conns[conns] = by_conns.get(conns, 0) | bits
        return by_conns


def _split(
    parts: dict[tuple[Conns, Conns], int], index: int, named: dict[Conns, int]
) -> dict[tuple[Conns, Conns], int]:
    """Split each part by what a port's name means in its pods. `index`: 0 for an included name, 1 for an excluded."""
    pieces: dict[tuple[Conns, Conns], int] = {}
    for key, bits in parts.items():
        rest = bits
        for conns, own in named.items():
            if bits & own:
                wider = (union(key[0], conns), key[1]) if index == 0 else (key[0], union(key[1], conns))
                pieces[wider] = pieces.get(wider, 0) | (bits & own)
                rest &= ~own
        if rest:
            pieces[key] = pieces.get(key, 0) | rest
    return pieces


@dataclass(frozen=True, slots=True)
class RulePart:
    """The peers on the far side, and the ports that the rule names for them."""

    far: Match
    ports: Ports = Ports()


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule: an action on connections to or from its parts. `near`: the selected pods that it is for; None for all.

    `doubt`: what a match depends on where a part matches only perhaps, addresses aside.
    """

    node: Node
    label: str
    action: Action
    parts: tuple[RulePart, ...]
    near: Match | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """One policy. `subjects` are bits; `order` is infinite where the policy has none. `title`: `Kind namespace/name`.

    `judged`: whether it is known what its rules do; the rules of other policies only cast doubt.
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
        """The key that decides between equal orders. Source: felix calc/policy_sorter.go, PolKVLess."""
        return f"{self.manifest.name}/{self.manifest.namespace}/{self.manifest.kind}"


@dataclass(frozen=True, slots=True)
class Tier:
    """Policies that are tried in order; `end` is what happens to connections that none of them decides about."""

    name: str
    order: float
    end: Literal["Deny", "Pass"]
    policies: tuple[CompiledPolicy, ...] = ()


def title(manifest: Manifest, namespace: str = "") -> str:
    """What messages call a policy: `NetworkPolicy sark/gateway-egress`, `GlobalNetworkPolicy lock-down`."""
    return f"{manifest.kind} {namespace}/{manifest.name}" if namespace else f"{manifest.kind} {manifest.name}"
