"""Kubernetes NetworkPolicy, as the API server takes it. Source: k8s.io/api networking/v1 types.go.

Rules add up: whatever one of them matches is allowed, and a selected pod is allowed nothing else.
"""

from __future__ import annotations

from difflib import get_close_matches

from tools.findings.model import Manifest
from tools.manifests.addresses import within
from tools.manifests.fields import MOST_IDLE, BrokenError, Dropped, cidr, items, labels, mapping, number, text, word
from tools.manifests.label_selector import Selector
from tools.manifests.names import port_name_fault
from tools.manifests.node import Node, root
from tools.policies.kubernetes_rules import NEAR_AND_FAR
from tools.policies.model import NETWORK_POLICY_ORDER, Direction
from tools.reach.compiled import Part, Policy, Ports, Rule, title
from tools.reach.connections import NUMBERS, Conns, Span, merged, of
from tools.reach.peers.sets import NOBODY, Match, certainly
from tools.reach.peers.universe import PortName, Universe

PROTOCOLS = ("TCP", "UDP", "SCTP")


def network_policy(manifest: Manifest, universe: Universe, namespace: str, dropped: Dropped) -> Policy:
    """A NetworkPolicy. Raises BrokenError for one that the API server refuses."""
    spec = mapping(root(manifest)["spec"])
    dropped.known(spec, ("podSelector", "policyTypes", "ingress", "egress"))
    space = manifest.namespace or namespace
    expected = labels(spec["podSelector"], dropped)
    chosen = universe.kubernetes.selected(expected) & universe.by_namespace.get(space, 0)
    if not chosen and expected.requirements:
        nobody(spec["podSelector"], expected, universe, f"workload in {space}", dropped)
    rules = {
        way: tuple(
            _rule(node, index, way, key, far, universe, space, dropped) for index, node in enumerate(items(spec[key]))
        )
        for way, key, far in NEAR_AND_FAR
    }
    return Policy(
        manifest=manifest,
        title=title(manifest, space),
        tier="default",
        order=NETWORK_POLICY_ORDER,
        subjects=chosen & universe.pods,
        types=_types(spec),
        rules=rules,
    )


def _types(spec: Node) -> frozenset[Direction]:
    """Written, or Ingress, and Egress when there are egress rules: "if any" means that the list is not empty.

    Source: k8s.io/kubernetes pkg/apis/networking/v1 SetDefaults_NetworkPolicy.
    """
    written = [word(node, ("Ingress", "Egress")) for node in items(spec["policyTypes"])]
    if len(written) > len(NEAR_AND_FAR):
        raise BrokenError(spec["policyTypes"], "policyTypes are more than two; write Ingress and Egress once each")
    if not written:
        written = ["Ingress", *(["Egress"] if items(spec["egress"]) else [])]
    return frozenset(way for way, _, _ in NEAR_AND_FAR if way in written)


def _rule(
    node: Node, index: int, way: Direction, key: str, far: str, universe: Universe, space: str, dropped: Dropped
) -> Rule:
    """One rule. "If this field is empty or missing, this rule matches all" goes for peers and for ports."""
    dropped.known(node, (far, "ports"))
    peers = items(node[far])
    match = NOBODY if peers else certainly(universe.everyone)
    for peer in peers:
        match = match.either(_peer(peer, universe, space, dropped))
    return Rule(node, f"{key}[{index}]", "Allow", (Part(match, _ports(items(node["ports"]), dropped)),))


def _peer(node: Node, universe: Universe, space: str, dropped: Dropped) -> Match:
    dropped.known(node, ("podSelector", "namespaceSelector", "ipBlock"))
    if node["ipBlock"].present:
        if node["podSelector"].present or node["namespaceSelector"].present:
            raise BrokenError(node, "ipBlock stands beside a selector; write two peers, each after a dash of its own")
        return _block(node["ipBlock"], universe, dropped)
    if not (node["podSelector"].present or node["namespaceSelector"].present):
        raise BrokenError(node, "a peer says nobody; write podSelector, namespaceSelector or ipBlock")
    return pods_of(node["namespaceSelector"], node["podSelector"], universe, space, dropped)


def pods_of(
    spaces: Node, selected: Node, universe: Universe, space: str, dropped: Dropped, *, defined: bool = False
) -> Match:
    """The pods of some namespaces, by default of `space`, that a selector matches.

    Pods on the host's network are perhaps seen as their node: what a selector says of them is undefined.
    """
    expected, there = labels(selected, dropped, defined=defined), labels(spaces, dropped, defined=defined)
    chosen = universe.kubernetes.selected(expected)
    here = universe.in_spaces(there) if spaces.present else universe.by_namespace.get(space, 0)
    match = chosen & here
    if spaces.present and there.requirements and not universe.namespaces.selected(there):
        nobody(spaces, there, universe, "namespace", dropped)
    elif not match and expected.requirements:
        nobody(selected, expected, universe, "workload" if spaces.present else f"workload in {space}", dropped)
    anybody = spaces.present and not there.requirements and not expected.requirements
    must = match & universe.pods | (universe.ingress if anybody else 0)
    return Match(must, match | universe.ingress)


def nobody(node: Node, selector: Selector, universe: Universe, things: str, dropped: Dropped) -> None:
    """Note a selector that matches none of the input's workloads, or of its namespaces, where there are any."""
    known = universe.namespaces if things == "namespace" else universe.kubernetes
    if known.count:
        # Nobody reads more of them than these, and it takes a look at every pod.
        near = _near(selector, universe, things) if len(dropped.idle) < MOST_IDLE else ""
        dropped.matches_nobody(node, selector, things, near)


def _near(selector: Selector, universe: Universe, things: str) -> str:
    """A label that is there and is like one that a selector asks for in vain; "" when there is none."""
    pods = (pod.labels for pods in universe.classes for pod in pods)
    labels = tuple(universe.spaces.values() if things == "namespace" else pods)
    for requirement in selector.requirements:
        values = {value for own in labels if (value := own.get(requirement.key)) is not None}
        if requirement.operator == "In" and not values & set(requirement.values):
            matches = [match for value in requirement.values for match in get_close_matches(value, sorted(values), 1)]
            return f"{requirement.key}={matches[0]}" if matches else ""
    return ""


def _block(node: Node, universe: Universe, dropped: Dropped) -> Match:
    dropped.known(node, ("cidr", "except"))
    net = cidr(node["cidr"])
    holes = tuple(cidr(item) for item in items(node["except"]))
    for hole, item in zip(holes, items(node["except"]), strict=True):
        if not within(hole, net) or hole == net:
            raise BrokenError(item, f"{hole} is not inside {net}; an exception must be a part of its block")
    return universe.at(net, holes)


def _ports(nodes: tuple[Node, ...], dropped: Dropped) -> Ports:
    if not nodes:
        return Ports()
    spans: list[Span] = []
    names = []
    for node in nodes:
        dropped.known(node, ("protocol", "port", "endPort"))
        protocol = NUMBERS[word(node["protocol"], PROTOCOLS, "TCP")]
        if isinstance(node["port"].value, str):
            names.append(_named(node, protocol))
        else:
            spans.extend(_numbered(node, protocol))
    return Ports(merged(spans), tuple(names))


def _named(node: Node, protocol: int) -> PortName:
    if node["endPort"].present:
        raise BrokenError(node["endPort"], "endPort needs a number in port, and this is a name")
    if fault := port_name_fault(text(node["port"])):
        raise BrokenError(node["port"], fault)
    return PortName(node["port"].text(), protocol)


def _numbered(node: Node, protocol: int) -> Conns:
    first, last = number(node["port"]), number(node["endPort"])
    if first is None:
        if last is not None:
            raise BrokenError(node["endPort"], "endPort stands without port; write the first port too")
        return of(protocol)
    last = first if last is None else last
    if not 0 < first <= last < 65536:
        raise BrokenError(node["port"], f"{first} to {last} are no ports; write 1 to 65535, the lower one first")
    return of(protocol, first, last)
