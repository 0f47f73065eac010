"""Network policies of every dialect as one kind of rule: who is let through, on which ports, by which addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.findings.model import Manifest
from tools.manifests.addresses import ALL_IPV4, ALL_IPV6, Net, network
from tools.manifests.node import Node, root

Direction = Literal["Ingress", "Egress"]
DIRECTIONS: tuple[Direction, ...] = ("Ingress", "Egress")

# Calico evaluates every Kubernetes NetworkPolicy at this order of its tier `default`.
NETWORK_POLICY_ORDER = 1000
EVERY_PORT = (1, 65535)


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses that a peer names: a network without its exceptions. `node` is where it is written."""

    node: Node
    net: Net
    holes: tuple[Net, ...] = ()


@dataclass(frozen=True, slots=True)
class Peer:
    """The other side of a rule. `blocks` are addresses, in or out of the cluster; pods named by labels are none.

    `anyone`: it says nothing at all, so it is every address. `non_pods`: it is every address that is not a pod.
    """

    node: Node
    blocks: tuple[Block, ...] = ()
    anyone: bool = False
    non_pods: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """A range of ports of one protocol, or a named port."""

    node: Node
    protocol: str
    first: int = EVERY_PORT[0]
    last: int = EVERY_PORT[1]
    name: str = ""

    def includes(self, port: int) -> bool:
        """Whether that number is in the range; a name includes none."""
        return not self.name and self.first <= port <= self.last


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. No ports: every protocol and port. `narrowed`: conditions beside peers and ports hold too."""

    node: Node
    direction: Direction
    action: str
    peers: tuple[Peer, ...]
    ports: tuple[Port, ...] = ()
    narrowed: bool = False

    @property
    def total(self) -> bool:
        """Whether it matches every connection."""
        return not self.ports and not self.narrowed and any(peer.anyone for peer in self.peers)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy object. `order` is infinite when none is set; `tier` is Calico's."""

    manifest: Manifest
    calico: bool
    rules: tuple[Rule, ...]
    types: frozenset[Direction]
    order: float = NETWORK_POLICY_ORDER
    tier: str = "default"

    @property
    def spec(self) -> Node:
        return root(self.manifest)["spec"]

    @property
    def clusterwide(self) -> bool:
        return self.manifest.kind.endswith("GlobalNetworkPolicy")

    @property
    def staged(self) -> bool:
        return self.manifest.kind.startswith("Staged")

    def towards(self, direction: Direction) -> tuple[Rule, ...]:
        """Its rules of one direction, in order."""
        return tuple(rule for rule in self.rules if rule.direction == direction)


def whole(node: Node, holes: tuple[Net, ...] = ()) -> tuple[Block, ...]:
    """Every address of both families without `holes`."""
    return Block(node, ALL_IPV4, holes), Block(node, ALL_IPV6, holes)


def networks(node: Node) -> tuple[Net, ...]:
    """The valid CIDRs of a list."""
    return tuple(net for text in node.texts() if (net := network(text)))
