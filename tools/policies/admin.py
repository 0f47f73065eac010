"""The policy API: AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1), ClusterNetworkPolicy (v1alpha2).

Source: sigs.k8s.io/network-policy-api apis. Rules are tried in order and the first that matches decides. A kind of
peer that is not known fails closed, as the API demands: an Allow of it matches nothing, a Deny or Pass of it denies
everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tools.findings.model import Manifest, Severity
from tools.manifests.fields import BrokenError, Dropped, cidr, items, labels, mapping, number, text, word
from tools.manifests.node import Node, root
from tools.policies.kubernetes import pods_of
from tools.policies.kubernetes_rules import NEAR_AND_FAR
from tools.reach.compiled import Action, Part, Policy, Ports, Rule, title
from tools.reach.connections import NONE, NUMBERS, Conns, Span, merged, of
from tools.reach.peers.sets import NOBODY, Match
from tools.reach.peers.universe import PortName, Universe

ADMIN, BASELINE = "kube-admin", "kube-baseline"
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
DOMAIN = re.compile(r"(\*\.)?([A-Za-z0-9]([-A-Za-z0-9_]*[A-Za-z0-9])?\.)+[A-Za-z0-9]([-A-Za-z0-9_]*[A-Za-z0-9])?\.?")
NO_PODS = ("networks", "nodes", "domainNames")
PEERS = ("namespaces", "pods", "networks", "nodes", "domainNames")
SETS = "to the API namespaces are their pods, and Calico, which is here, takes the addresses of network sets too"
NAMES = "names are resolved by the dataplane, and their addresses are in no manifest"


def admin_policy(manifest: Manifest, universe: Universe, dropped: Dropped) -> Policy:
    """A policy of one of the three kinds. Raises BrokenError for one that the API server refuses."""
    spec = mapping(root(manifest)["spec"])
    dropped.known(spec, SPECS[manifest.kind])
    tier, order = _place(manifest, spec)
    most = MOST[manifest.kind]
    for _, key, _ in NEAR_AND_FAR:
        _some(spec[key], most)
    rules = {
        way: tuple(
            _rule(node, index, key, far, manifest.kind, universe, dropped)
            for index, node in enumerate(items(spec[key]))
        )
        for way, key, far in NEAR_AND_FAR
    }
    return Policy(
        manifest=manifest,
        title=title(manifest),
        tier=tier,
        order=order,
        subjects=_subject(spec["subject"], universe, dropped) & universe.pods,
        types=frozenset(way for way, rule in rules.items() if rule),
        rules=rules,
    )


def _place(manifest: Manifest, spec: Node) -> tuple[str, float]:
    if manifest.kind == "BaselineAdminNetworkPolicy":
        if manifest.name != "default":
            raise BrokenError(root(manifest)["metadata"]["name"], "there is one baseline and its name is default")
        return BASELINE, 0.0
    priority = number(spec["priority"])
    if priority is None or not 0 <= priority <= 1000:
        raise BrokenError(spec["priority"], "priority is a number from 0 to 1000, and must be there")
    if manifest.kind == "ClusterNetworkPolicy":
        tier = word(spec["tier"], ("Admin", "Baseline"))
        return (ADMIN if tier == "Admin" else BASELINE), float(priority)
    return ADMIN, float(priority)


def _subject(node: Node, universe: Universe, dropped: Dropped) -> int:
    dropped.known(node, ("namespaces", "pods"))
    if node["namespaces"].present == node["pods"].present:
        raise BrokenError(node, "a subject is either namespaces or pods; write one of the two")
    return _members(node, universe, dropped).must


def _members(node: Node, universe: Universe, dropped: Dropped) -> Match:
    """The pods that `namespaces` or `pods` names; an empty namespaceSelector is every namespace here, and in a
    ClusterNetworkPolicy so is none.
    """
    if node["namespaces"].present:
        return pods_of(node["namespaces"], node["podSelector"], universe, "", dropped, defined=True)
    mapping(node["pods"])
    dropped.known(node["pods"], ("namespaceSelector", "podSelector"))
    spaces = node["pods"]["namespaceSelector"]
    if not spaces.present and node.manifest.kind != "ClusterNetworkPolicy":
        raise BrokenError(node["pods"], "pods needs a namespaceSelector; an empty one, {}, is every namespace")
    if not node["pods"]["podSelector"].present:
        raise BrokenError(node["pods"], "pods needs a podSelector; an empty one, {}, is every pod")
    everywhere = spaces if spaces.present else replace(spaces, value={})
    return pods_of(everywhere, node["pods"]["podSelector"], universe, "", dropped, defined=True)


def _rule(node: Node, index: int, key: str, far: str, kind: str, universe: Universe, dropped: Dropped) -> Rule:
    label = f"{key}[{index}]"
    action = _action(node["action"], kind)
    ports_key = "protocols" if kind == "ClusterNetworkPolicy" else "ports"
    dropped.known(node, ("name", "action", far, ports_key))
    if len(text(node["name"])) > LONGEST_NAME:
        message = f"is {len(node['name'].text())} characters long, and {LONGEST_NAME} is the most; write a shorter one"
        raise BrokenError(node["name"], message)
    peers = _some(node[far], MOST[kind])
    if not peers:
        raise BrokenError(node[far], f"{far} names nobody; write at least one peer")
    for peer in peers:
        _of_its_direction(peer, key)
    _some(node[ports_key], MOST[kind], least=1)
    unknown = [peer for peer in peers if not any(name in PEERS for name in mapping(peer).value or {})]
    if unknown:
        dropped.problems.append(unknown[0].problem(f"no kind of peer that is known; {label} fails closed"))
        everyone = Match(universe.everyone, universe.everyone)
        return Rule(node, label, "Deny", (Part(NOBODY if action == "Allow" else everyone),))
    ports = (
        tuple(_protocols(node[ports_key])) if kind == "ClusterNetworkPolicy" else (_ports(node[ports_key], dropped),)
    )
    if any(peer[key].present for peer in peers for key in NO_PODS) and any(port.by_name for port in ports):
        raise BrokenError(
            node[ports_key], f"names of ports are for pods, and not for {', '.join(NO_PODS)}; write numbers"
        )
    means = _peer_of_calico if kind == "ClusterNetworkPolicy" and universe.sets else _peer
    # The names of ports that are called are asked of the pods of the namespaces alone, as in Calico's own rules.
    calls = key == "egress"
    own = [_peer(peer, universe, dropped).may if calls and peer["namespaces"].present else None for peer in peers]
    parts = tuple(
        Part(means(peer, universe, dropped), replace(one, only=pods))
        for peer, pods in zip(peers, own, strict=True)
        for one in ports
    )
    doubt = NAMES if any(peer["domainNames"].present for peer in peers) else ""
    return Rule(node, label, action, parts, doubt=doubt)


def _some(node: Node, most: int, *, least: int = 0) -> tuple[Node, ...]:
    """The elements of a list that may hold so many; where it is written it holds `least`."""
    found = items(node)
    if len(found) > most:
        raise BrokenError(node, f"holds {len(found)} items, and {most} is the most; write several policies or rules")
    if node.present and len(found) < least:
        raise BrokenError(node, f"{node.path.rpartition('.')[2]} is empty; write an item, or leave it out")
    return found


def _of_its_direction(peer: Node, key: str) -> None:
    """Ingress peers are pods. Source: the CRDs, which have no other field there, so that nothing is left of another."""
    if not mapping(peer).value:
        raise BrokenError(peer, f"a peer says nobody; write one of {', '.join(PEERS)}")
    for name in NO_PODS if key == "ingress" else ():
        if peer[name].present:
            message = f"{name} is for egress; of an ingress peer the API server drops it, and refuses what is left"
            raise BrokenError(peer[name], f"{message}; write namespaces or pods")


def _set_of(node: Node) -> tuple[Node, ...]:
    """A list of some texts, each once."""
    known: set[str] = set()
    for item in _some(node, MOST_IN_A_PEER, least=1):
        if text(item) in known:
            raise BrokenError(item, f"{item.text()} is written twice; write it once")
        known.add(item.text())
    return items(node)


def _action(node: Node, kind: str) -> Action:
    known = {"Accept" if kind == "ClusterNetworkPolicy" else "Allow": "Allow", "Deny": "Deny"}
    if kind != "BaselineAdminNetworkPolicy":
        known["Pass"] = "Pass"
    action: Action = known[word(node, known)]  # type: ignore[assignment]
    return action


def _one_of(node: Node, known: tuple[str, ...]) -> None:
    """Source: the API's types, "exactly one of the selector pointers must be set", and MaxProperties=1."""
    keys = [key for key in known if node[key].present]
    if len(keys) > 1:
        raise BrokenError(node, f"says {' and '.join(keys)}, and only one of them may be there; write two items")


def _peer(node: Node, universe: Universe, dropped: Dropped) -> Match:
    dropped.known(node, PEERS)
    _one_of(node, PEERS)
    if node["networks"].present:
        return universe.at_any(map(cidr, _set_of(node["networks"])))
    if node["nodes"].present:
        labels(node["nodes"], dropped, defined=True)
        return Match(0, universe.node | universe.hosts)
    if node["domainNames"].present:
        for item in _set_of(node["domainNames"]):
            if not DOMAIN.fullmatch(item.text()):
                raise BrokenError(item, f"{item.text()!r} is no domain name; write one, such as *.example.com")
        return Match(0, universe.outside)
    return _members(node, universe, dropped)


def _peer_of_calico(node: Node, universe: Universe, dropped: Dropped) -> Match:
    """A peer where there are network sets, and so Calico: with `namespaces` it takes their sets too, said in a note.

    Source: libcalico-go k8s/conversion/clusternetworkpolicy.go, which writes no selector for pods beside it.
    """
    peer = _peer(node, universe, dropped)
    if not node["namespaces"].present:
        return peer
    spaces = labels(node["namespaces"], dropped, defined=True)
    # An empty selector is all(), which is whoever is in a namespace; others may match a set that is in none.
    sets = (members for members in universe.sets if members.namespace or spaces.requirements)
    own = [one for one in sets if spaces.matches(universe.spaces.get(one.namespace, {}))]
    if own:
        dropped.notes.append(node["namespaces"].problem(f"{SETS}: {', '.join(one.name for one in own)}", Severity.NOTE))
    return peer.either(universe.at_any(net for one in own for net in one.nets))


def _ports(node: Node, dropped: Dropped) -> Ports:
    """v1alpha1: portNumber, portRange or namedPort."""
    spans: list[Span] = []
    names = []
    for item in items(node):
        dropped.known(item, V1ALPHA1_PORTS)
        _one_of(item, V1ALPHA1_PORTS)
        if not any(item[key].present for key in V1ALPHA1_PORTS):
            raise BrokenError(item, f"a port says nothing; write one of {', '.join(V1ALPHA1_PORTS)}")
        dropped.known(item["portNumber"], ("protocol", "port"))
        dropped.known(item["portRange"], ("protocol", "start", "end"))
        if item["namedPort"].present:
            names.append(PortName(text(item["namedPort"]), None))
        elif item["portRange"].present:
            spans.extend(_range(item["portRange"], _protocol(item["portRange"])))
        else:
            port = item["portNumber"]["port"]
            spans.extend(_between(port, number(port), number(port), _protocol(item["portNumber"])))
    return Ports(merged(spans), tuple(names)) if items(node) else Ports()


def _protocol(node: Node) -> int:
    return NUMBERS[word(node["protocol"], ("TCP", "UDP", "SCTP"), "TCP")]


def _range(node: Node, protocol: int) -> Conns:
    return _between(node, number(node["start"]), number(node["end"]), protocol)


def _between(node: Node, first: int | None, last: int | None, protocol: int) -> Conns:
    if first is None or last is None or not 0 < first <= last < 65536:
        raise BrokenError(node, "no ports; write 1 to 65535, the lower one first")
    return of(protocol, first, last)


def _protocols(node: Node) -> Iterator[Ports]:
    """v1alpha2: tcp, udp or sctp with a destinationPort, or destinationNamedPort; several are alternatives."""
    if not items(node):
        yield Ports()
    for item in items(node):
        _one_of(item, V1ALPHA2_PROTOCOLS)
        _says_something(item, V1ALPHA2_PROTOCOLS)
        if item["destinationNamedPort"].present:
            yield Ports(NONE, (PortName(text(item["destinationNamedPort"]), None),))
        for key in ("tcp", "udp", "sctp"):
            if item[key].present:
                _says_something(item[key], ("destinationPort",))
                yield Ports(_destination(item[key]["destinationPort"], NUMBERS[key.upper()]))


def _says_something(node: Node, known: tuple[str, ...]) -> None:
    if not any(mapping(node)[key].present for key in known):
        raise BrokenError(node, f"says nothing; write {' or '.join(known)}")


def _destination(node: Node, protocol: int) -> Conns:
    _says_something(node, ("number", "range"))
    _one_of(node, ("number", "range"))
    if node["range"].present:
        if node["range"]["start"].value == node["range"]["end"].value:
            raise BrokenError(node["range"], "the range ends where it starts; write number")
        return _range(node["range"], protocol)
    return _between(node, number(node["number"]), number(node["number"]), protocol)
