"""Calico's NetworkPolicy and GlobalNetworkPolicy (projectcalico.org/v3).

Sources: libcalico-go updateprocessors (what a policy becomes), felix and app-policy checker (how it is tried).
"""

from __future__ import annotations

import math

from tools.findings.model import Manifest
from tools.manifests.fields import BrokenError, Topic, number
from tools.manifests.node import Node, root
from tools.policies.calico_entity import DOMAINS, entity, families
from tools.policies.calico_fields import selector
from tools.policies.calico_ports import destination_ports, leaves_out_icmp, source_ports_matter, traffic
from tools.policies.calico_refused import check_policy, check_rule
from tools.policies.endpoints import Endpoints
from tools.policies.faults import Effect, Faults, check_staged
from tools.policies.model import BOTH_FAMILIES, DIRECTIONS, Direction, Kind, Policy, PolicyRule, Traffic

ACTIONS = ("Allow", "Deny", "Pass", "Log")
SPEC = ("tier", "order", "selector", "serviceAccountSelector", "types", "ingress", "egress", "performanceHints")
GLOBAL_SPEC = (*SPEC, "namespaceSelector", "doNotTrack", "preDNAT", "applyOnForward")
RULE = (
    *("action", "protocol", "notProtocol", "icmp", "notICMP", "ipVersion"),
    *("source", "destination", "http", "metadata"),
)
NEAR_AND_FAR: dict[Direction, tuple[str, str, str]] = {
    "Ingress": ("ingress", "destination", "source"),
    "Egress": ("egress", "source", "destination"),
}
PORTS = ("ports", "notPorts")
BESIDE = ("ipVersion", "notProtocol", "icmp", "notICMP", "http")
HTTP = "an HTTP match is for Calico's application layer policy, and no manifest says what a packet holds"
SOURCE_PORTS = "it depends on the port that the caller sends from"
NOT_ICMP = (
    "Calico takes notICMP without protocol: ICMP or ICMPv6 beside it, but what nodes make of the rule is not known"
)


def calico_policy(manifest: Manifest, kind: Kind) -> Policy:
    """A policy of Calico's, or of its backing store, staged or not."""
    faults = Faults()
    spec = faults.mapping(root(manifest)["spec"])
    clusterwide = not kind.namespaced
    known = GLOBAL_SPEC if clusterwide else SPEC
    faults.known(spec, known if kind.enforced else (*known, "stagedAction"))
    check_policy(spec, faults, clusterwide=clusterwide)
    if not kind.enforced:
        check_staged(spec, faults)
    tier = faults.text(spec["tier"]) or "default"
    order = faults.attempt(math.inf, _order, spec["order"])
    subject = _subject(spec, clusterwide, faults)
    types = _types(spec, faults)
    in_order = rules(spec, faults, clusterwide=clusterwide)
    return Policy(
        manifest=manifest,
        kind=kind,
        subject=subject,
        rules=in_order,
        types=types,
        order=order,
        tier=tier,
        faults=faults.all,
    )


def rules(spec: Node, faults: Faults, *, clusterwide: bool) -> tuple[PolicyRule, ...]:
    """The rules of a policy, those of ingress first."""
    return tuple(
        _rule(node, f"{key}[{index}]", way, clusterwide, faults)
        for way, (key, _, _) in NEAR_AND_FAR.items()
        for index, node in enumerate(faults.items(spec[key]))
    )


def _order(node: Node) -> float:
    if not node.present:
        return math.inf
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise BrokenError(node, "order is not a number; lower ones come first, and a policy without one comes last")
    return float(node.value)


def _types(spec: Node, faults: Faults) -> frozenset[Direction]:
    """The types as written; else by the rules there are, where an empty list counts as none; Ingress without rules.

    Source: libcalico-go clientv3 defaultPolicyTypesField. Untracked and pre-DNAT policies are for host endpoints,
    before any workload's tiers: they never apply to a workload.
    """
    written = [faults.word(node, DIRECTIONS, topic=Topic.TYPES) for node in faults.items(spec["types"])]
    hollow = next((way for way in DIRECTIONS if spec[way.lower()].value == []), None)
    if not written and hollow and not of_hosts(spec):
        message = f"an empty list does not put {hollow} in force here, but does in Calico's own store; write types"
        faults.add(spec[hollow.lower()], message, Topic.TYPES, Effect.DIFFERS)
    chosen = written or [way for way in DIRECTIONS if spec[way.lower()].items()] or ["Ingress"]
    return frozenset(way for way in DIRECTIONS if way in chosen)


def of_hosts(spec: Node) -> bool:
    """Whether a policy is for host endpoints alone, before any workload's tiers."""
    return spec["doNotTrack"].value is True or spec["preDNAT"].value is True


def _subject(spec: Node, clusterwide: bool, faults: Faults) -> Endpoints:
    chosen = selector(spec["selector"], faults)
    spaces = selector(spec["namespaceSelector"], faults) if clusterwide else None
    accounts = selector(spec["serviceAccountSelector"], faults)
    return Endpoints(own=not clusterwide, spaces=spaces, chosen=chosen, accounts=accounts)


def _rule(node: Node, label: str, way: Direction, clusterwide: bool, faults: Faults) -> PolicyRule:
    faults.known(node, RULE)
    for key in ("icmp", "notICMP"):
        faults.known(node[key], ("type", "code"))
    action = faults.word(node["action"], ACTIONS)
    _, near_side, far_side = NEAR_AND_FAR[way]
    near, far = faults.mapping(node[near_side]), faults.mapping(node[far_side])
    check_rule(node, way, faults, clusterwide=clusterwide)
    matched = traffic(node, faults)
    ports, not_ports = destination_ports(node, faults)
    versions = families(near) & families(far) & faults.attempt(BOTH_FAMILIES, _versions, node["ipVersion"])
    peer = entity(far, node, clusterwide, faults)
    doubt = _doubt(node, matched, faults) or (DOMAINS if peer.domains else "")
    own = entity(near, node, clusterwide, faults) if near.present else None
    return PolicyRule(
        node=node,
        label=label,
        direction=way,
        action=action,
        peers=(peer,),
        ports=ports,
        not_ports=not_ports,
        narrowed=_narrowed(node, way),
        near=own,
        traffic=matched,
        families=versions,
        doubt=doubt,
    )


def _narrowed(node: Node, way: Direction) -> bool:
    _, near, far = NEAR_AND_FAR[way]
    beside = any(not node[key].empty for key in BESIDE)
    beside |= any(not value.empty for key, value in node[near].fields() if key not in PORTS or near == "source")
    beside |= any(not node[side]["notPorts"].empty for side in (near, far))
    return beside | (far == "source" and not node[far]["ports"].empty)


def _doubt(node: Node, matched: Traffic, faults: Faults) -> str:
    """Why nobody can tell which connections a rule means, or ""."""
    by_source_port = source_ports_matter(node["source"], faults)
    if not node["http"].empty:
        return HTTP
    if not node["notICMP"].empty and not leaves_out_icmp(matched.protocol):
        return NOT_ICMP
    return SOURCE_PORTS if by_source_port else ""


def _versions(node: Node) -> frozenset[int]:
    version = number(node)
    if version not in (None, 4, 6):
        raise BrokenError(node, f"{version} is not an IP version; write 4 or 6", Topic.CALICO)
    return BOTH_FAMILIES if version is None else frozenset((version,))
