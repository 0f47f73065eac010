"""Calico's NetworkPolicy and GlobalNetworkPolicy (projectcalico.org/v3).

Sources: libcalico-go updateprocessors (what a policy becomes), felix and app-policy checker (how it is tried).
"""

from __future__ import annotations

import math
from dataclasses import replace

from tools.findings.model import Manifest, Severity
from tools.manifests.fields import BrokenError, Dropped, items, mapping, number, text, word
from tools.manifests.node import Node, root
from tools.policies.calico_entity import DOMAINS, families, naming, service, who
from tools.policies.calico_fields import calico
from tools.policies.calico_ports import destination_ports, source_ports_matter, types_of_no_protocol
from tools.policies.calico_refused import check_policy, check_rule
from tools.policies.endpoints import Endpoints
from tools.policies.model import DIRECTIONS, Direction
from tools.reach.compiled import Action, Part, Policy, Ports, Rule, title
from tools.reach.connections import NONE, NUMBERS, Conns, common, of
from tools.reach.peers.services import ServicePort
from tools.reach.peers.sets import NOBODY, Match, certainly
from tools.reach.peers.universe import PortName, Universe

ACTIONS: tuple[Action, ...] = ("Allow", "Deny", "Pass", "Log")
SPEC = ("tier", "order", "selector", "serviceAccountSelector", "types", "ingress", "egress", "performanceHints")
GLOBAL_SPEC = (*SPEC, "namespaceSelector", "doNotTrack", "preDNAT", "applyOnForward")
RULE = (
    *("action", "protocol", "notProtocol", "icmp", "notICMP", "ipVersion"),
    *("source", "destination", "http", "metadata"),
)
SELECTING = ("selector", "namespaceSelector", "serviceAccountSelector")
HTTP = "an HTTP match is for Calico's application layer policy: what a packet holds is in no manifest"
SOURCE_PORTS = "it depends on the port that the caller sends from"
NOT_ICMP = (
    "notICMP needs protocol: ICMP or ICMPv6 beside it; Calico takes the rule, and what nodes make of it is not known"
)
UNSERVED = "the Service has no selector: its endpoints are written by somebody else"


def calico_policy(manifest: Manifest, universe: Universe, namespace: str, dropped: Dropped) -> Policy:
    """A policy of Calico's. Raises BrokenError for one that Calico refuses."""
    spec = mapping(root(manifest)["spec"])
    clusterwide = manifest.kind == "GlobalNetworkPolicy"
    space = "" if clusterwide else manifest.namespace or namespace
    dropped.known(spec, GLOBAL_SPEC if clusterwide else SPEC)
    check_policy(spec, clusterwide=clusterwide)
    rules = {
        way: tuple(
            _rule(node, f"{way.lower()}[{index}]", way, universe, space, dropped)
            for index, node in enumerate(items(spec[way.lower()]))
        )
        for way in DIRECTIONS
    }
    return Policy(
        manifest=manifest,
        title=title(manifest, space),
        tier=text(spec["tier"]) or "default",
        order=_order(spec["order"]),
        subjects=_subjects(spec, universe, space, dropped),
        types=_types(spec, rules, dropped),
        rules=rules,
    )


def _order(node: Node) -> float:
    if not node.present:
        return math.inf
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise BrokenError(node, "order is no number; lower ones come first, and a policy without one comes last")
    return float(node.value)


def _types(spec: Node, rules: dict[Direction, tuple[Rule, ...]], dropped: Dropped) -> frozenset[Direction]:
    """Written, or by which rules there are: an empty list counts as none. Without rules it is Ingress.

    Source: libcalico-go clientv3 defaultPolicyTypesField. Untracked and pre-DNAT policies are for host endpoints,
    before any workload's tiers: no workload meets them.
    """
    if spec["doNotTrack"].value is True or spec["preDNAT"].value is True:
        return frozenset()
    written = [word(node, DIRECTIONS) for node in items(spec["types"])]
    if not written and (hollow := next((way for way in DIRECTIONS if spec[way.lower()].value == []), None)):
        message = (
            f"an empty list makes no type here, and a type {hollow} where Calico keeps its own resources; write types"
        )
        dropped.notes.append(spec[hollow.lower()].problem(message, Severity.NOTE))
    chosen = written or [way for way in DIRECTIONS if rules[way]] or ["Ingress"]
    return frozenset(way for way in DIRECTIONS if way in chosen)


def _subjects(spec: Node, universe: Universe, space: str, dropped: Dropped) -> int:
    spaces, accounts = calico(spec["namespaceSelector"]), calico(spec["serviceAccountSelector"])
    endpoints = Endpoints(bool(space), spaces if not space else None, calico(spec["selector"]), accounts=accounts)
    pods = universe.pods & universe.calico.matched(endpoints.expression(space))
    if not pods and universe.calico.count and any(text(spec[key]) for key in SELECTING):
        written = " and ".join(text(spec[key]) for key in SELECTING if text(spec[key]))
        dropped.matches_nobody(spec[SELECTING[0]], written, f"workload in {space}" if space else "workload")
    return pods


def _rule(node: Node, label: str, way: Direction, universe: Universe, space: str, dropped: Dropped) -> Rule:
    dropped.known(node, RULE)
    for key in ("icmp", "notICMP"):
        dropped.known(node[key], ("type", "code"))
    action: Action = word(node["action"], ACTIONS)  # type: ignore[assignment]
    near_side, far_side = ("destination", "source") if way == "Ingress" else ("source", "destination")
    near, far = node[near_side], node[far_side]
    mapping(near), mapping(far)
    check_rule(node, way, clusterwide=not space)
    ports = replace(destination_ports(node), only=naming(node["destination"], universe, space))
    versions = families(near) & families(far) & _versions(node["ipVersion"])
    parts = [Part(who(far, universe, space, dropped).both(_family(versions, universe)), ports)]
    doubt = DOMAINS if items(far["domains"]) else ""
    if (named := service(far, space, dropped)) is not None:
        parts, doubt = _served(parts[0], universe, named, ports_too=way == "Egress")
    if doubtful := _doubt(node):
        doubt = doubtful
        parts = [Part(Match(0, part.far.may), part.ports) for part in parts]
    return Rule(node, label, action, tuple(parts), who(near, universe, space, dropped) if near.present else None, doubt)


def _doubt(node: Node) -> str:
    """Why it cannot be told which connections a rule means, or ""."""
    if not node["http"].empty:
        return HTTP
    if types_of_no_protocol(node):
        return NOT_ICMP
    return SOURCE_PORTS if source_ports_matter(node["source"]) else ""


def _served(part: Part, universe: Universe, named: tuple[str, str], *, ports_too: bool) -> tuple[list[Part], str]:
    """The pods behind a Service, and, for egress, the ports that they serve it on. No such Service: nobody."""
    behind = universe.services.get(named)
    if behind is None:
        return [], ""
    if not behind.selector:
        return [Part(Match(0, part.far.may), part.ports)], UNSERVED
    pods = universe.kubernetes.selected(behind.selector) & universe.by_namespace.get(named[0], 0)
    far = part.far.both(Match(pods & universe.pods, pods))
    if not ports_too:
        return [Part(far, part.ports)], ""
    return [Part(far, _target(port, part.ports.fixed)) for port in behind.ports if port.protocol in NUMBERS], ""


def _target(port: ServicePort, within: Conns) -> Ports:
    """The port that a Service's port leads to: its number, or its name, which every pod resolves for itself."""
    protocol = NUMBERS[port.protocol]
    if isinstance(port.target, str):
        return Ports(NONE, (PortName(port.target, protocol),), (), within)
    return Ports(common(within, of(protocol, port.target, port.target)))


def _versions(node: Node) -> set[int]:
    version = number(node)
    if version not in (None, 4, 6):
        raise BrokenError(node, f"{version} is no IP version; write 4 or 6")
    return {4, 6} if version is None else {version}


def _family(versions: set[int], universe: Universe) -> Match:
    if versions == {4, 6}:
        return certainly(universe.everyone)
    return universe.of_family(versions.pop()) if versions else NOBODY
