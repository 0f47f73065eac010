"""The policy API: AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1), ClusterNetworkPolicy (v1alpha2).

Source: sigs.k8s.io/network-policy-api apis. Rules are tried in order and the first that matches decides. A kind of
peer that is not known fails closed, as the API demands: an Allow of it matches nothing, a Deny or Pass of it denies
everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tools.findings.model import Manifest
from tools.manifests.fields import BrokenError, Topic, items, mapping, number, text, word
from tools.manifests.node import Node, root
from tools.policies.faults import Effect, Faults
from tools.policies.kubernetes import NEAR_AND_FAR, pods_of
from tools.policies.label_fields import labels
from tools.policies.model import WITH_PORTS, Block, Direction, Kind, Pods, Policy, PolicyRule, Port, RulePeer

ADMIN, BASELINE = "kube-admin", "kube-baseline"
CLUSTER = "ClusterNetworkPolicy"
BASELINE_KIND = "BaselineAdminNetworkPolicy"
SPECS = {
    "AdminNetworkPolicy": ("priority", "subject", "ingress", "egress"),
    "BaselineAdminNetworkPolicy": ("subject", "ingress", "egress"),
    "ClusterNetworkPolicy": ("tier", "priority", "subject", "ingress", "egress"),
}
V1ALPHA1_PORTS = ("portNumber", "portRange", "namedPort")
V1ALPHA2_PROTOCOLS = ("tcp", "udp", "sctp", "destinationNamedPort")
# How many rules a policy, and how many peers and ports a rule, may have. Source: maxItems of the CRDs.
MOST = {"AdminNetworkPolicy": 100, "BaselineAdminNetworkPolicy": 100, "ClusterNetworkPolicy": 25}
MOST_IN_A_PEER, LONGEST_NAME = 25, 100
# The CRD writes A-z, which takes the underscore of `_dmarc.example.com` too.
DOMAIN = re.compile(r"(\*\.)?([A-z0-9]([-A-Za-z0-9_]*[A-Za-z0-9])?\.)+[A-z0-9]([-A-Za-z0-9_]*[A-Za-z0-9])?\.?")
NO_PODS = ("networks", "nodes", "domainNames")
PEERS = ("namespaces", "pods", "networks", "nodes", "domainNames")
NOT_ACCEPTED = (
    "domainNames are for rules that accept; the API says nothing of others, and an implementation may deny everything "
    "by this one; accept the names that you need, and deny the rest below"
)
NAMES = "names are resolved by the dataplane, and their addresses are in no manifest"


def admin_policy(manifest: Manifest, kind: Kind) -> Policy:
    """A policy of one of the three kinds."""
    faults = Faults()
    spec = faults.mapping(root(manifest)["spec"])
    faults.known(spec, SPECS[kind.name])
    tier, order = faults.attempt((ADMIN, 0.0), _place, manifest, spec)
    most = MOST[kind.name]
    for _, key, _ in NEAR_AND_FAR:
        _some(spec[key], most, faults)
    rules = tuple(
        _rule(node, index, way, key, far, faults)
        for way, key, far in NEAR_AND_FAR
        for index, node in enumerate(spec[key].items())
    )
    subject = _subject(spec["subject"], faults)
    return Policy(
        manifest=manifest,
        kind=kind,
        subject=subject,
        rules=rules,
        types=frozenset(rule.direction for rule in rules),
        order=order,
        tier=tier,
        faults=faults.all,
    )


def _place(manifest: Manifest, spec: Node) -> tuple[str, float]:
    if manifest.kind == BASELINE_KIND:
        if manifest.name != "default":
            name = root(manifest)["metadata"]["name"]
            raise BrokenError(name, "there is one baseline, and its name is default; write that", Topic.ADMIN)
        return BASELINE, 0.0
    priority = number(spec["priority"])
    if priority is None or not 0 <= priority <= 1000:
        raise BrokenError(spec["priority"], "priority is a number from 0 to 1000, and must be there")
    if manifest.kind == CLUSTER:
        tier = word(spec["tier"], ("Admin", "Baseline"))
        return (ADMIN if tier == "Admin" else BASELINE), float(priority)
    return ADMIN, float(priority)


def _subject(node: Node, faults: Faults) -> Pods:
    faults.known(node, ("namespaces", "pods"))
    faults.check(_one_subject, node)
    return _members(node, faults)


def _one_subject(node: Node) -> None:
    if node["namespaces"].present == node["pods"].present:
        topic = Topic.ADMIN if node.present else Topic.SHAPE
        raise BrokenError(node, "a subject is either namespaces or pods; write one of the two", topic)


def _members(node: Node, faults: Faults) -> Pods:
    """The pods that `namespaces` or `pods` names; an empty namespaceSelector is every namespace here, and in a
    ClusterNetworkPolicy so is none.
    """
    if node["namespaces"].present:
        return pods_of(node["namespaces"], node["podSelector"], faults, defined=True)
    pods = faults.mapping(node["pods"])
    faults.known(pods, ("namespaceSelector", "podSelector"))
    faults.check(_both_selectors, pods)
    spaces = pods["namespaceSelector"]
    everywhere = spaces if spaces.present else replace(spaces, value={})
    return pods_of(everywhere, pods["podSelector"], faults, defined=True)


def _both_selectors(pods: Node) -> None:
    if not pods["namespaceSelector"].present and pods.manifest.kind != CLUSTER:
        raise BrokenError(pods, "pods needs a namespaceSelector; an empty one, {}, is every namespace")
    if not pods["podSelector"].present:
        raise BrokenError(pods, "pods needs a podSelector; an empty one, {}, is every pod")


def _rule(node: Node, index: int, way: Direction, key: str, far: str, faults: Faults) -> PolicyRule:
    label, kind = f"{key}[{index}]", node.manifest.kind
    action = faults.attempt("", _action, node["action"], kind)
    ports_key = "protocols" if kind == CLUSTER else "ports"
    faults.known(node, ("name", "action", far, ports_key))
    faults.check(_short_name, node["name"])
    items = _some(node[far], MOST[kind], faults)
    faults.check(_of_its_direction, node[far], key, far)
    _some(node[ports_key], MOST[kind], faults, least=1)
    unknown = [peer for peer in items if isinstance(peer.value, dict) and not any(name in PEERS for name in peer.value)]
    if unknown:
        message = f"no kind of peer that is known; {label} fails closed"
        faults.add(unknown[0], message, Topic.SHAPE, Effect.DROPPED)
        return PolicyRule(node, label, way, "Deny", () if action == "Allow" else (RulePeer(node),))
    ports = tuple(_protocols(node[ports_key], faults) if kind == CLUSTER else _ports(node[ports_key], faults))
    if any(port.name for port in ports):
        faults.check(_numbers_alone, items, key, node[ports_key])
    peers = tuple(_peer(peer, faults) for peer in items)
    for peer in peers if action != "Allow" else ():
        if peer.domains:
            faults.add(peer.node["domainNames"], NOT_ACCEPTED, Topic.ADMIN, Effect.MISREAD)
    doubt = NAMES if any(peer.domains for peer in peers) else ""
    return PolicyRule(node, label, way, action, peers, ports, doubt=doubt)


def _numbers_alone(peers: tuple[Node, ...], key: str, ports: Node) -> None:
    if any(peer[key].present for peer in peers for key in NO_PODS):
        message = f"names of ports are for pods, and not for {', '.join(NO_PODS)}; write numbers"
        raise BrokenError(ports, message, Topic.PORT)


def _short_name(node: Node) -> None:
    if len(text(node)) > LONGEST_NAME:
        message = f"is {len(node.text())} characters long, and {LONGEST_NAME} is the most; write a shorter one"
        raise BrokenError(node, message)


def _some(node: Node, most: int, faults: Faults, *, least: int = 0) -> tuple[Node, ...]:
    """The elements of a list that may hold so many; where it is written it holds `least`."""
    faults.check(_counted, node, most, least)
    return node.items()


def _counted(node: Node, most: int, least: int) -> None:
    count = len(items(node))
    if count > most:
        raise BrokenError(node, f"holds {count} items, and {most} is the most; write several policies or rules")
    if node.present and count < least:
        raise BrokenError(node, f"{node.path.rpartition('.')[2]} is empty; write an item, or leave it out")


def _of_its_direction(peers: Node, key: str, far: str) -> None:
    """Ingress peers are pods. Source: the CRDs, which have no other field there, so that nothing is left of another."""
    if not items(peers):
        raise BrokenError(peers, f"{far} names nobody; write at least one peer")
    for peer in items(peers):
        # A field that is null is none: the API server drops it before it validates.
        if all(value is None for value in (mapping(peer).value or {}).values()):
            raise BrokenError(peer, f"this peer is empty; write one of {', '.join(PEERS)}", Topic.ADMIN)
        for name in NO_PODS if key == "ingress" else ():
            if peer[name].present:
                dropped = f"{name} is for egress; of an ingress peer the API server drops it, and refuses what is left"
                raise BrokenError(peer[name], f"{dropped}; write namespaces or pods")


def _set_of(node: Node, faults: Faults) -> tuple[Node, ...]:
    """A list of some texts, each once."""
    faults.check(_each_once, node)
    return node.items()


def _each_once(node: Node) -> None:
    _counted(node, MOST_IN_A_PEER, 1)
    known: set[str] = set()
    for item in items(node):
        if text(item) in known:
            raise BrokenError(item, f"{item.text()} is written twice; write it once", Topic.ADMIN)
        known.add(item.text())


def _action(node: Node, kind: str) -> str:
    known = {"Accept" if kind == CLUSTER else "Allow": "Allow", "Deny": "Deny"}
    if kind != BASELINE_KIND:
        known["Pass"] = "Pass"
    return known[word(node, known)]


def _one_of(node: Node, known: tuple[str, ...], topic: Topic) -> None:
    """Source: the API's types, "exactly one of the selector pointers must be set", and MaxProperties=1."""
    written = [key for key in known if node[key].present]
    if len(written) > 1:
        message = f"has {' and '.join(written)}, and only one of them may be there; write two items"
        raise BrokenError(node, message, topic)


def _peer(node: Node, faults: Faults) -> RulePeer:
    faults.known(node, PEERS)
    faults.check(_one_of, node, PEERS, Topic.ADMIN)
    if node["networks"].present:
        nets = tuple(Block(item, net) for item in _set_of(node["networks"], faults) if (net := faults.cidr(item)))
        return RulePeer(node, nets=nets, unread=not nets)
    if node["nodes"].present:
        labels(node["nodes"], faults, defined=True)
        return RulePeer(node, nodes=True)
    if node["domainNames"].present:
        names = _set_of(node["domainNames"], faults)
        for item in names:
            faults.check(_domain, item)
        return RulePeer(node, domains=tuple(item.text() for item in names), unread=not names)
    if not (node["namespaces"].present or node["pods"].present):
        return RulePeer(node, unread=True)
    return RulePeer(node, _members(node, faults))


def _domain(item: Node) -> None:
    if not DOMAIN.fullmatch(item.text()):
        raise BrokenError(item, f"{item.text()!r} is not a domain name; write one, such as *.example.com", Topic.ADMIN)


def _ports(node: Node, faults: Faults) -> Iterator[Port]:
    """v1alpha1: portNumber, portRange or namedPort."""
    for item in faults.items(node):
        faults.known(item, V1ALPHA1_PORTS)
        yield faults.attempt(Port(item, "TCP"), _port, item, faults)


def _port(item: Node, faults: Faults) -> Port:
    match _exactly_one(item, V1ALPHA1_PORTS):
        case "namedPort":
            return Port(item, "", name=faults.text(item["namedPort"]))
        case "portRange":
            where = item["portRange"]
            faults.known(where, ("protocol", "start", "end"))
            return _range(where, _protocol(where, faults), faults)
    single = item["portNumber"]
    faults.known(single, ("protocol", "port"))
    return _number(single["port"], _protocol(single, faults), faults)


def _protocol(node: Node, faults: Faults) -> str:
    return faults.word(node["protocol"], WITH_PORTS, "TCP", Topic.PROTOCOL)


def _protocols(node: Node, faults: Faults) -> Iterator[Port]:
    """v1alpha2: tcp, udp or sctp with a destinationPort, or destinationNamedPort; several are alternatives."""
    for item in faults.items(node):
        yield faults.attempt(Port(item, "TCP"), _alternative, item, faults)


def _alternative(item: Node, faults: Faults) -> Port:
    key = _exactly_one(item, V1ALPHA2_PROTOCOLS)
    if key == "destinationNamedPort":
        return Port(item, "", name=faults.text(item[key]))
    _exactly_one(item[key], ("destinationPort",))
    node, protocol = item[key]["destinationPort"], key.upper()
    if _exactly_one(node, ("number", "range")) == "number":
        return _number(node["number"], protocol, faults)
    if node["range"]["start"].value == node["range"]["end"].value:
        raise BrokenError(node["range"], "the range ends where it starts; write number", Topic.PORT)
    return _range(node["range"], protocol, faults)


def _exactly_one(node: Node, known: tuple[str, ...]) -> str:
    _one_of(node, known, Topic.PORT)
    key = next((key for key in known if mapping(node)[key].present), "")
    if not key:
        raise BrokenError(node, f"is empty; write {' or '.join(known)}", Topic.PORT)
    return key


def _number(node: Node, protocol: str, faults: Faults) -> Port:
    port = faults.attempt(None, _port_number, node)
    return Port(node, protocol, port, port) if port else Port(node, protocol)


def _range(node: Node, protocol: str, faults: Faults) -> Port:
    start, end = (faults.attempt(None, _port_number, node[key]) for key in ("start", "end"))
    if not start or not end:
        return Port(node, protocol)
    faults.check(_ascending, node, start, end)
    return Port(node, protocol, start, end)


def _port_number(node: Node) -> int:
    """A port of its own field, whose bounds are in the schema."""
    port = number(node)
    if port is None or not 0 < port < 65536:
        raise BrokenError(node, f"{node.text() or node.number()} is not a port; write 1 to 65535")
    return port


def _ascending(node: Node, start: int, end: int) -> None:
    if start > end:
        raise BrokenError(node, f"{start} to {end} is not a range of ports; write the lower one first", Topic.PORT)
