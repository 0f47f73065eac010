"""Kubernetes' NetworkPolicy, as the API server takes it. Source: k8s.io/api networking/v1 types.go.

Rules add up: whatever one of them matches is allowed, and a selected pod is allowed nothing else.
"""

from __future__ import annotations

from tools.findings.model import Manifest
from tools.manifests.addresses import Net, within
from tools.manifests.fields import BrokenError, Topic, number, text
from tools.manifests.names import port_name_fault
from tools.manifests.node import Node, root
from tools.policies.faults import Effect, Faults, check_staged
from tools.policies.label_fields import labels
from tools.policies.model import (
    DIRECTIONS,
    WITH_PORTS,
    Block,
    Direction,
    Kind,
    Pods,
    Policy,
    PolicyRule,
    Port,
    RulePeer,
)

NEAR_AND_FAR: tuple[tuple[Direction, str, str], ...] = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))


def network_policy(manifest: Manifest, kind: Kind) -> Policy:
    """A NetworkPolicy, staged or not."""
    faults = Faults()
    spec = faults.mapping(root(manifest)["spec"])
    staged = () if kind.enforced else ("stagedAction",)
    faults.known(spec, ("podSelector", "policyTypes", "ingress", "egress", *staged))
    if not kind.enforced:
        check_staged(spec, faults)
    subject = Pods(None, labels(spec["podSelector"], faults), spec["namespaceSelector"], spec["podSelector"])
    rules = tuple(
        _rule(node, index, way, key, far, faults)
        for way, key, far in NEAR_AND_FAR
        for index, node in enumerate(faults.items(spec[key]))
    )
    types = _types(spec, faults)
    return Policy(
        manifest=manifest,
        kind=kind,
        subject=subject,
        rules=rules,
        types=types,
        faults=faults.all,
    )


def _types(spec: Node, faults: Faults) -> frozenset[Direction]:
    """The types as written; else Ingress, and Egress too when there are egress rules ("if any": in a list not empty).

    Source: k8s.io/kubernetes pkg/apis/networking/v1 SetDefaults_NetworkPolicy.
    """
    nodes = faults.items(spec["policyTypes"])
    written = [faults.word(node, DIRECTIONS, topic=Topic.TYPES) for node in nodes]
    faults.check(_few_types, spec["policyTypes"])
    for index, node in enumerate(nodes):
        if node.text() in [before.text() for before in nodes[:index]]:
            faults.add(node, f"{node.text()} is written twice; write it once", Topic.TYPES, Effect.MISREAD)
    if not written:
        written = ["Ingress", *(["Egress"] if spec["egress"].items() else [])]
    return frozenset(way for way in DIRECTIONS if way in written)


def _few_types(node: Node) -> None:
    if len(node.items()) > len(DIRECTIONS):
        raise BrokenError(node, "more than two types; write Ingress and Egress once each", Topic.TYPES)


def _rule(node: Node, index: int, way: Direction, key: str, far: str, faults: Faults) -> PolicyRule:
    """One rule. "If this field is empty or missing, this rule matches all" goes for peers and for ports."""
    faults.known(node, (far, "ports"))
    items = faults.items(node[far])
    peers = tuple(_peer(item, faults) for item in items) if items else (RulePeer(node),)
    ports = tuple(_port(item, faults) for item in faults.items(node["ports"]))
    return PolicyRule(node, f"{key}[{index}]", way, "Allow", peers, ports)


def _peer(node: Node, faults: Faults) -> RulePeer:
    faults.known(node, ("podSelector", "namespaceSelector", "ipBlock"))
    faults.check(_says_one_thing, node)
    spaces, chosen = node["namespaceSelector"], node["podSelector"]
    if node["ipBlock"].present:
        return _block(node, faults)
    if not (spaces.present or chosen.present):
        return RulePeer(node, unread=True)
    return RulePeer(node, pods_of(spaces, chosen, faults))


def _says_one_thing(node: Node) -> None:
    selecting = node["podSelector"].present or node["namespaceSelector"].present
    if node["ipBlock"].present and selecting:
        message = "ipBlock stands beside a selector; write two peers, each after a dash of its own"
        raise BrokenError(node, message, Topic.PEER)
    if not node["ipBlock"].present and not selecting:
        # A field of another name is the schema's to report.
        misspelt = any(field.present for _, field in node.fields())
        message = "this peer is empty; write podSelector, namespaceSelector or ipBlock"
        raise BrokenError(node, message, Topic.SHAPE if misspelt else Topic.PEER)


def pods_of(spaces: Node, chosen: Node, faults: Faults, *, defined: bool = False) -> Pods:
    """The pods of some namespaces, by default of the policy's own, that a selector matches."""
    selected = labels(chosen, faults, defined=defined)
    there = labels(spaces, faults, defined=defined)
    return Pods(there if spaces.present else None, selected, spaces, chosen)


def _block(node: Node, faults: Faults) -> RulePeer:
    block = node["ipBlock"]
    faults.known(block, ("cidr", "except"))
    net = faults.cidr(block["cidr"])
    holes: list[Net] = []
    for item in faults.items(block["except"]):
        breaks = faults.breaks
        hole = faults.cidr(item)
        if hole is not None:
            holes.append(hole)
        if hole is not None and net is not None and faults.breaks == breaks:
            faults.check(_inside, item, hole, net)
    return RulePeer(node, nets=(Block(block["cidr"], net, tuple(holes)),)) if net else RulePeer(node, unread=True)


def _inside(item: Node, hole: Net, net: Net) -> None:
    if hole == net:
        raise BrokenError(item, f"{hole} excepts the whole block; remove the block, or shorten `except`", Topic.CIDR)
    if not within(hole, net):
        message = f"{hole} is not inside {net}, so it excepts nothing; move it to the block that holds it"
        raise BrokenError(item, message, Topic.CIDR)


def _port(node: Node, faults: Faults) -> Port:
    faults.known(node, ("protocol", "port", "endPort"))
    protocol = faults.word(node["protocol"], WITH_PORTS, "TCP", Topic.PROTOCOL)
    if isinstance(node["port"].value, str):
        faults.check(_check_name, node)
        return Port(node, protocol, name=node["port"].text())
    first, last = faults.attempt((node["port"].number(), node["endPort"].number()), _numbers, node)
    return Port(node, protocol) if first is None else Port(node, protocol, first, last or first)


def _check_name(node: Node) -> None:
    name = text(node["port"])
    if name.isdecimal():
        message = f"{name!r} is text, and so the name of a port; write the number without quotes"
        raise BrokenError(node["port"], message, Topic.PORT)
    if fault := port_name_fault(name):
        raise BrokenError(node["port"], fault, Topic.PORT)
    if node["endPort"].present:
        raise BrokenError(node["endPort"], "endPort needs a number in port, and this is a name", Topic.PORT)


def _numbers(node: Node) -> tuple[int | None, int | None]:
    """The first port and the last; none at all is every port."""
    first, last = number(node["port"]), number(node["endPort"])
    if first is None:
        if last is not None:
            raise BrokenError(node["endPort"], "endPort stands without port; write the first port too", Topic.PORT)
        return None, None
    if not 0 < first < 65536:
        raise BrokenError(node["port"], f"{first} is not a port; write 1 to 65535", Topic.PORT)
    if last is None:
        return first, first
    if not first <= last < 65536:
        message = f"{first} to {last} is not a range of ports; write 1 to 65535, the lower one first"
        raise BrokenError(node["endPort"], message, Topic.PORT)
    return first, last
