"""Calico's policies as rules, whose fields hold together. Source: felix and app-policy of projectcalico/calico."""

from __future__ import annotations

import math
import re

from tools.findings.model import Manifest
from tools.manifests.addresses import network
from tools.manifests.node import Node, root
from tools.manifests.scalars import of_digits
from tools.policies.model import DIRECTIONS, Block, Direction, Peer, Policy, Port, Rule, networks, whole

PORT_RANGE = re.compile(r"(\d+):(\d+)")
PORTS = ("ports", "notPorts")

# Protocols that may be written by their number (IANA).
NUMBERED = {"1": "ICMP", "6": "TCP", "17": "UDP", "58": "ICMPv6", "132": "SCTP", "136": "UDPLite"}

# What selects endpoints and network sets by what they are; addresses that are neither never match.
BY_LABEL = ("selector", "namespaceSelector", "serviceAccounts", "services", "domains")
BESIDE = ("ipVersion", "notProtocol", "icmp", "notICMP", "http")
NEAR_AND_FAR: dict[Direction, tuple[str, str, str]] = {
    "Ingress": ("ingress", "destination", "source"),
    "Egress": ("egress", "source", "destination"),
}


def calico_policy(manifest: Manifest) -> Policy:
    """A policy of projectcalico.org/v3, or of its backing store."""
    spec = root(manifest)["spec"]
    clusterwide = manifest.kind.endswith("GlobalNetworkPolicy")
    rules = tuple(_rule(node, way, clusterwide) for way in DIRECTIONS for node in spec[NEAR_AND_FAR[way][0]].items())
    order = spec["order"].value
    number = float(order) if isinstance(order, int | float) and not isinstance(order, bool) else math.inf
    return Policy(manifest, True, rules, _types(spec), number, spec["tier"].text() or "default")


def _types(spec: Node) -> frozenset[Direction]:
    """Calico's default goes by the length of the lists: an empty one counts as none."""
    written = spec["types"].texts()
    if written:
        return frozenset(way for way in DIRECTIONS if way in written)
    if spec["egress"].empty:
        return frozenset({"Ingress"})
    return frozenset({"Egress"}) if spec["ingress"].empty else frozenset(DIRECTIONS)


def _rule(node: Node, way: Direction, clusterwide: bool) -> Rule:
    _, near, far = NEAR_AND_FAR[way]
    beside = any(not node[key].empty for key in BESIDE)
    beside |= any(not value.empty for key, value in node[near].fields() if key not in PORTS or near == "source")
    beside |= any(not node[side]["notPorts"].empty for side in (near, far))
    beside |= far == "source" and not node[far]["ports"].empty
    peer = _peer(node[far], node, clusterwide)
    return Rule(node, way, node["action"].text(), (peer,), _ports(node), beside)


def _peer(entity: Node, rule: Node, clusterwide: bool) -> Peer:
    place = entity if entity.present else rule
    holes = networks(entity["notNets"])
    by_label = any(not entity[key].empty for key in BY_LABEL)
    # In a namespaced policy a notSelector alone confines the rule to that namespace.
    inverted = not entity["notSelector"].empty
    if not entity["nets"].empty:
        items = entity["nets"].items()
        blocks = tuple(Block(item, net, holes) for item in items if (net := network(item.text())))
        return Peer(place, blocks)
    if by_label or (inverted and not clusterwide):
        return Peer(place)
    said = inverted or not entity["notNets"].empty
    return Peer(place, whole(place, holes), anyone=not said, non_pods=inverted and not holes)


def _ports(rule: Node) -> tuple[Port, ...]:
    protocol = rule["protocol"]
    name = str(protocol.value) if protocol.present else ""
    name = NUMBERED.get(name, name)
    items = rule["destination"]["ports"].items()
    if items:
        return tuple(_port(item, name) for item in items)
    return (Port(protocol, name),) if name else ()


def _port(node: Node, protocol: str) -> Port:
    number = node.number()
    text = node.text()
    if number is None and text.isdecimal():
        number = of_digits(text)
    if number is not None:
        return Port(node, protocol, number, number)
    if match := PORT_RANGE.fullmatch(text):
        return Port(node, protocol, of_digits(match[1]), of_digits(match[2]))
    return Port(node, protocol, name=text)
