"""Checks of what only Calico has: orders, lock-downs, Pass and network sets."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.addresses import ALL_IPV4, ALL_IPV6
from tools.manifests.node import Node
from tools.policies.calico_selector import SelectorError, parse
from tools.policies.cluster import Cluster
from tools.policies.model import NETWORK_POLICY_ORDER, Policy, PolicyRule

NOT_PODS = "destination: {notSelector: \"projectcalico.org/orchestrator == 'k8s'\"}"


def lock_downs_end_in_deny(cluster: Cluster) -> Iterator[Problem]:
    """A lock-down ends by denying what it did not allow, whatever it is.

    A GlobalNetworkPolicy does not deny what its rules do not match: that goes on to the NetworkPolicies at order
    1000, and one that somebody adds in the namespace opens it again. So a policy before 1000 that lists what may
    leave the cluster must end in a Deny without protocol, ports or other conditions, for IPv4 and IPv6. A Deny of
    TCP leaves UDP (QUIC, DNS) open.
    End with `action: Deny` and `destination: {notSelector: "projectcalico.org/orchestrator == 'k8s'"}`, which is
    every address that is not a pod, and leaves traffic between pods to the NetworkPolicies.
    Source: felix policy order; measured with Calico 3.28.
    """
    for policy in cluster.policies:
        if not _locks_down(policy) or policy.staged:
            continue
        rules = policy.towards("Egress")
        if not rules:
            yield _section(policy).problem(
                "this policy has no egress rule, so it denies nothing that a NetworkPolicy (order 1000) allows; "
                f"write action: Deny, {NOT_PODS}"
            )
        elif not _denies_the_rest(rules):
            partial = next((rule for rule in reversed(rules) if rule.action == "Deny" and _wide(rule)), None)
            node = partial.node if partial else _section(policy)
            what = f"the last Deny leaves out {_left_out(partial)}, which" if partial else "what no rule here matches"
            yield node.problem(
                f"{what} goes on to the NetworkPolicies, and any of them can allow it; "
                f"end with action: Deny, {NOT_PODS}"
            )


def calico_order_precedes_network_policies(cluster: Cluster) -> Iterator[Problem]:
    """A Calico policy that is to override NetworkPolicies has an order below 1000.

    The **lower order comes first**, a policy without one comes last, and Kubernetes' NetworkPolicies stand at 1000
    of the default tier. A Deny after them denies nothing that one of them allows; an Allow after them lets through
    what they, by matching nothing, meant to refuse.
    Write `order:` below 1000 for what must win. For a mere fallback suppress this rule, with the reason.
    Source: felix calc policy_sorter; libcalico-go conversion of NetworkPolicies.
    """
    for policy in cluster.policies:
        if not policy.clusterwide or policy.staged or policy.tier != "default" or policy.order < NETWORK_POLICY_ORDER:
            continue
        order = "no order, which is the last" if policy.order == math.inf else f"order {policy.order:g}"
        actions = {rule.action for rule in policy.rules}
        node = policy.spec["order"]
        if "Deny" in actions:
            message = f"{order}: it denies nothing that a NetworkPolicy (order 1000) allows; write an order below 1000"
            yield node.problem(message, Severity.WARNING)
        elif "Allow" in actions:
            message = f"{order}: it allows what NetworkPolicies (order 1000) left denied; write an order below 1000"
            yield node.problem(message, Severity.WARNING)


def pass_leads_somewhere(cluster: Cluster) -> Iterator[Problem]:
    """A Pass leads to another tier, and not out.

    Pass skips the rest of its tier. In the tier `default` that is every NetworkPolicy, and after the last tier come
    the profiles, which **allow** all traffic of pods.
    Write Allow or Deny, or put the policy into a tier before `default`.
    Source: felix rules; Calico's documentation of tiers.
    """
    for policy in cluster.policies:
        for rule in policy.rules:
            if policy.calico and rule.action == "Pass" and policy.tier == "default":
                message = "Pass in the tier default skips the NetworkPolicies, and the traffic is then allowed"
                yield rule.node["action"].problem(f"{message}; write Allow or Deny")


def network_sets_are_not_pods(cluster: Cluster) -> Iterator[Problem]:
    """A rule for a namespace's pods does not match its network sets too.

    A rule's `namespaceSelector` with no selector, `all()`, or one that only excludes, also matches the NetworkSets
    of those namespaces. Whoever may create one there adds any address of the internet to the rule.
    Add `selector: projectcalico.org/orchestrator == 'k8s'`, which pods alone carry, or select the pods by a label.
    Source: projectcalico/calico issue 5102.
    """
    for policy in cluster.policies:
        for rule in policy.towards("Egress") if policy.calico else ():
            entity = rule.node["destination"]
            spaces, chosen = entity["namespaceSelector"].text(), entity["selector"].text()
            bare = all(entity[key].empty for key in ("serviceAccounts", "services", "nets"))
            named = rule.action == "Allow" and spaces and spaces.strip() != "global()"
            if named and bare and _matches_unlabelled(chosen):
                yield entity["namespaceSelector"].problem(
                    "this also matches the network sets of those namespaces, and so any address that somebody puts "
                    "into one; add selector: projectcalico.org/orchestrator == 'k8s'"
                )


def _locks_down(policy: Policy) -> bool:
    before = policy.clusterwide and policy.tier == "default" and policy.order < NETWORK_POLICY_ORDER
    if not before or "Egress" not in policy.types:
        return False
    rules = policy.towards("Egress")
    if not rules:
        return not policy.towards("Ingress")
    outside = (peer for rule in rules if rule.action == "Allow" for peer in rule.peers)
    return any(peer.blocks or not peer.node["domains"].empty for peer in outside)


def _section(policy: Policy) -> Node:
    return policy.spec["egress"] if policy.spec["egress"].present else policy.spec


def _denies_the_rest(rules: tuple[PolicyRule, ...]) -> bool:
    denied = set()
    for rule in rules:
        if rule.action == "Deny" and not rule.narrowed and not rule.ports:
            for peer in rule.peers:
                if peer.anyone or peer.non_pods:
                    return True
                denied |= {block.net for block in peer.blocks if not block.holes}
    return {ALL_IPV4, ALL_IPV6} <= denied


def _wide(rule: PolicyRule) -> bool:
    return any(peer.anyone or peer.non_pods or any(b.net.prefixlen == 0 for b in peer.blocks) for peer in rule.peers)


def _left_out(rule: PolicyRule | None) -> str:
    if rule is None:
        return ""
    missing = []
    if rule.ports:
        names = sorted({port.protocol for port in rule.ports})
        ranged = any((port.first, port.last) != (1, 65535) for port in rule.ports)
        missing.append(f"everything but {'some ports of ' if ranged else ''}{' and '.join(names)}")
    families = {block.net.version for peer in rule.peers for block in peer.blocks}
    if len(families) == 1:
        missing.append("IPv6" if families == {4} else "IPv4")
    if any(block.holes for peer in rule.peers for block in peer.blocks):
        missing.append("the addresses of its notNets")
    return " and ".join(missing) or "some traffic"


def _matches_unlabelled(selector: str) -> bool:
    try:
        return parse(selector).matches({})
    except SelectorError:
        return False


CHECKS: tuple[Check[Cluster], ...] = (
    lock_downs_end_in_deny,
    calico_order_precedes_network_policies,
    pass_leads_somewhere,
    network_sets_are_not_pods,
)
SEVERITIES: Severities = {
    calico_order_precedes_network_policies: (Severity.WARNING,),
}
