"""Network policies of every dialect as data: whom a policy selects, and what its rules do with which connections.

Selectors are data here, and so are ports and addresses; nothing in this folder knows who is in a cluster. The rules of
the linter match the selectors against pods (matching.py), the judge turns them into sets of peers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tools.findings.model import Manifest, Problem
from tools.manifests.addresses import ALL_IPV4, ALL_IPV6, Net
from tools.manifests.label_selector import Selector
from tools.manifests.node import Node, root
from tools.policies import faults
from tools.policies.endpoints import Endpoints
from tools.policies.faults import PolicyFault

Direction = Literal["Ingress", "Egress"]
DIRECTIONS: tuple[Direction, ...] = ("Ingress", "Egress")
Action = Literal["Allow", "Deny", "Pass", "Log"]
Dialect = Literal["kubernetes", "calico", "admin"]

# Calico evaluates every Kubernetes NetworkPolicy at this order of its tier `default`.
NETWORK_POLICY_ORDER = 1000
EVERY_PORT = (1, 65535)
# Protocols by IANA's numbers; those with ports.
PROTOCOLS = {"ICMP": 1, "TCP": 6, "UDP": 17, "ICMPv6": 58, "SCTP": 132, "UDPLite": 136}
WITH_PORTS = ("TCP", "UDP", "SCTP")
BOTH_FAMILIES = frozenset((4, 6))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of policy. `versions`: the known ones; `strict`: an object of another version is not read.

    `types`: the field that says which directions are in force, "" where the kind has none. `enforced`: whether it
    takes effect, as a staged kind does not.
    """

    group: str
    name: str
    versions: tuple[str, ...]
    dialect: Dialect
    read: Callable[[Manifest, Kind], Policy]
    namespaced: bool = True
    strict: bool = False
    types: str = ""
    enforced: bool = True

    @property
    def enforced_name(self) -> str:
        """What the kind is called that enforces what this one says, staged or not."""
        return self.name.removeprefix("Staged").removeprefix("Kubernetes")

    @property
    def isolates(self) -> bool:
        """Whether selecting a pod denies what no rule allows, as it does in all but the policy API."""
        return self.dialect != "admin"


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses that a peer names: a network without its exceptions. `node` is where it is written."""

    node: Node
    net: Net
    holes: tuple[Net, ...] = ()


@dataclass(frozen=True, slots=True)
class Pods:
    """Pods by Kubernetes' selectors: of the namespaces that `spaces` selects, or of the policy's own when it is None.

    `spaces_at` and `chosen_at` are where the two are written.
    """

    spaces: Selector | None
    chosen: Selector
    spaces_at: Node
    chosen_at: Node


Selected = Pods | Endpoints


@dataclass(frozen=True, slots=True)
class RulePeer:
    """One side of a rule, whose conditions all hold: pods by their labels, addresses, and what only some dialects have.

    A peer without conditions is everyone. `unread`: a part of it is broken, so a condition that is absent here may have
    been written.
    `service`: a Service's namespace, "" for the policy's own, and its name. `nodes`: the cluster's nodes.
    """

    node: Node
    pods: Selected | None = None
    nets: tuple[Block, ...] = ()
    not_nets: tuple[Net, ...] = ()
    service: tuple[str, str] | None = None
    domains: tuple[str, ...] = ()
    nodes: bool = False
    unread: bool = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The addresses that it means, inside or outside the cluster; none where labels select pods."""
        if self.nets:
            return tuple(replace(block, holes=(*block.holes, *self.not_nets)) for block in self.nets)
        return whole(self.node, self.not_nets) if self._unbounded else ()

    @property
    def anyone(self) -> bool:
        """Whether it has no condition at all, so that it means every address."""
        return self._unbounded and self.pods is None and not self.nets and not self.not_nets

    @property
    def non_pods(self) -> bool:
        """Whether it means every address that is not a pod's."""
        return self._unbounded and self.pods is not None and not self.nets and not self.not_nets

    @property
    def _unbounded(self) -> bool:
        by_label = self.pods is not None and (isinstance(self.pods, Pods) or self.pods.positive)
        return not (by_label or self.service or self.domains or self.nodes or self.unread)


@dataclass(frozen=True, slots=True)
class Port:
    """A range of ports of one protocol, or a named port; `protocol` "": the name in any protocol."""

    node: Node
    protocol: str
    first: int = EVERY_PORT[0]
    last: int = EVERY_PORT[1]
    name: str = ""

    def includes(self, port: int) -> bool:
        """Whether the range holds that number; a named port holds none."""
        return not self.name and self.first <= port <= self.last


# The type of an ICMP message, and its code; None: any code.
Message = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Which protocols and ICMP messages a Calico rule matches; protocols by their numbers."""

    protocol: int | None = None
    not_protocol: int | None = None
    icmp: Message | None = None
    not_icmp: Message | None = None


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule: an action on connections with any of its peers; without peers it matches nobody.

    No `ports`: every protocol and port. `narrowed`: there are conditions beside peers and ports. `near`: which of the
    selected pods it applies to. `families`: the IP versions. `doubt`: why nobody can tell what it matches.
    """

    node: Node
    label: str
    direction: Direction
    action: str
    peers: tuple[RulePeer, ...]
    ports: tuple[Port, ...] = ()
    not_ports: tuple[Port, ...] = ()
    narrowed: bool = False
    near: RulePeer | None = None
    traffic: Traffic = Traffic()
    families: frozenset[int] = BOTH_FAMILIES
    doubt: str = ""

    @property
    def total(self) -> bool:
        """Whether it matches every connection."""
        return not self.ports and not self.narrowed and any(peer.anyone for peer in self.peers)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy object. `order` is infinite when none is set. `faults`: all that is wrong with it."""

    manifest: Manifest
    kind: Kind
    subject: Selected
    rules: tuple[PolicyRule, ...]
    types: frozenset[Direction]
    order: float = NETWORK_POLICY_ORDER
    tier: str = "default"
    faults: tuple[PolicyFault, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether no cluster would take it."""
        return faults.is_broken(self.faults)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with it, up to what broke it."""
        return faults.problems(self.faults)

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What clusters take differently in it."""
        return faults.notes(self.faults)

    @property
    def spec(self) -> Node:
        return root(self.manifest)["spec"]

    @property
    def calico(self) -> bool:
        return self.kind.dialect == "calico"

    @property
    def clusterwide(self) -> bool:
        return not self.kind.namespaced

    @property
    def staged(self) -> bool:
        return not self.kind.enforced

    def space(self, namespace: str) -> str:
        """Its namespace, or `namespace` where it names none; "" for a policy of the whole cluster."""
        return "" if self.clusterwide else self.manifest.namespace or namespace

    def towards(self, direction: Direction) -> tuple[PolicyRule, ...]:
        """Its rules of one direction, in order."""
        return tuple(rule for rule in self.rules if rule.direction == direction)

    @property
    def sides(self) -> Iterator[RulePeer]:
        """Every peer of its rules, on either side."""
        for rule in self.rules:
            yield from rule.peers
            if rule.near is not None:
                yield rule.near


def whole(node: Node, holes: tuple[Net, ...] = ()) -> tuple[Block, ...]:
    """Every address of both families, except `holes`."""
    return Block(node, ALL_IPV4, holes), Block(node, ALL_IPV6, holes)
