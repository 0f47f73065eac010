"""Checks of a policy's directions and rules: which are in force, which can match, which are written twice."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.node import Node
from tools.manifests.rules.objects import title
from tools.policies.cluster import Cluster
from tools.policies.model import DIRECTIONS, Direction, Policy, PolicyRule
from tools.policies.rules.openness import matches_all


def sections_are_in_force(cluster: Cluster) -> Iterator[Problem]:
    """Every section that is written is in force, and none is by accident.

    Rules of a direction that the policy's types leave out do nothing, however strict they look. Types that are not
    written at all are guessed: Kubernetes always takes Ingress, so a policy with `egress` alone also closes all
    ingress; both count the rules, so that an empty `egress: []` closes nothing. A section that is null, as a
    template without rules may leave it, has no rule: it closes its direction where that is among the types,
    and does nothing where it is not; `ports` that are null are every port.
    Write the types, always, and `[]` where no rule is meant.
    Source: k8s.io/api networking/v1; Calico's defaulting of `types`.
    """
    for policy in cluster.policies:
        for direction in DIRECTIONS:
            section = policy.spec[direction.lower()]
            if section.present and not section.empty and direction not in policy.types:
                yield section.problem(f"these rules do nothing: {direction} is not among the types; add it")
            if section.value is None and policy.kind.isolates:
                yield section.problem(_null_section(policy, direction), Severity.WARNING)
        yield from _guessed_types(policy)
        for rule in policy.rules:
            if rule.node["ports"].value is None:
                message = "ports is null, which is every port of every protocol; write the ports, or leave it out"
                yield rule.node["ports"].problem(message, Severity.WARNING)


def rules_can_match(cluster: Cluster) -> Iterator[Problem]:
    """Every Calico rule and policy can still match something.

    Calico goes from top to bottom and, among policies of a tier, from the **lower order to the higher**. After a
    rule without conditions nothing matches: later rules of the policy are dead, and so is every later policy for
    the same endpoints. Whoever believes that the higher order wins writes an allow list that is never read. Move
    the rule that catches everything to the end, and give the policy that should come first the lower order.
    Source: felix calc policy_sorter and rules; Calico's documentation of `order`.
    """
    for policy in cluster.policies:
        for direction in DIRECTIONS if policy.calico else ():
            rules = policy.towards(direction)
            total = next((index for index, rule in enumerate(rules) if _final(rule)), len(rules))
            for rule in rules[total + 1 :]:
                before = rules[total]
                yield rule.node.problem(
                    f"never reached: {before.node.path} before it {_does(before)} everything; move that one to the end"
                )
            if first := _shadow(policy, direction, cluster.policies):
                yield policy.spec["order" if policy.calico else direction.lower()].problem(
                    f"{direction} is never reached: {title(first.manifest)} (order {first.order:g}) decides everything "
                    "for these endpoints before it; the lower order comes first, so give that one a higher order"
                )


def rules_are_unique(cluster: Cluster) -> Iterator[Problem]:
    """No rule of a policy is written twice.

    The second does nothing. It is harmless until somebody removes one of the two, and the flow is still open.
    Drop one of them.
    Source: a rule's place in the list does not matter in Kubernetes; in Calico the first that matches decides.
    """
    for policy in cluster.policies:
        for direction in DIRECTIONS:
            seen: dict[str, Node] = {}
            for rule in policy.towards(direction):
                key = json.dumps(rule.node.value, sort_keys=True, default=str)
                if key in seen:
                    message = f"this is the same rule as {seen[key].path}; remove one of them"
                    yield rule.node.problem(message, Severity.WARNING)
                seen.setdefault(key, rule.node)


def staged_policies_enforce_nothing(cluster: Cluster) -> Iterator[Problem]:
    """A staged policy is not taken for a policy.

    `StagedNetworkPolicy`, `StagedGlobalNetworkPolicy` and `StagedKubernetesNetworkPolicy` report what they would do
    and do nothing. When what they say is meant to hold, write the kind without `Staged`.
    Source: Calico's documentation of staged policies.
    """
    for policy in cluster.policies:
        if policy.staged:
            expected = policy.kind.enforced_name
            message = f"{policy.manifest.kind} is reported and not enforced; to enforce it write kind: {expected}"
            yield Problem(policy.manifest.where("kind"), message, Severity.WARNING)


def _types(policy: Policy) -> Node:
    return policy.spec[policy.kind.types]


def _null_section(policy: Policy, direction: Direction) -> str:
    """What a section that is null means, and what to write."""
    key, way = direction.lower(), "come in" if direction == "Ingress" else "go out"
    if direction in policy.types:
        return f"{key} is null, which is no rule at all: nothing may {way}; write the rules, or {key}: [] to say so"
    return f"{key} is null, and {direction} is not among the types: everything may {way}; add it, or remove {key}"


def _guessed_types(policy: Policy) -> Iterator[Problem]:
    if not policy.kind.types or not _types(policy).empty:
        return
    yield from _absent_types(policy)
    ingress, egress = policy.spec["ingress"], policy.spec["egress"]
    hollow = [way for way in DIRECTIONS if policy.spec[way.lower()].value == [] and way not in policy.types]
    for direction in hollow:
        key = policy.kind.types
        message = f"an empty list does not put {direction} in force; write {key}: [Ingress, Egress]"
        yield policy.spec[direction.lower()].problem(message)
    if not policy.calico and not hollow and egress.present and not ingress.present:
        message = "without policyTypes this also denies all ingress; write policyTypes: [Egress], or both"
        yield egress.problem(message, Severity.WARNING)


def _absent_types(policy: Policy) -> Iterator[Problem]:
    """What follows from types that are not written, where no rule says that it is meant."""
    ingress, egress = policy.spec["ingress"], policy.spec["egress"]
    key = policy.kind.types
    if not policy.spec.present or egress.value == [] or ingress.value == [] or not egress.empty:
        return
    if ingress.empty:
        message = f"without {key} all ingress is denied, and egress stays open; write {key}: [Ingress], or both"
        yield policy.spec.problem(message, Severity.WARNING)
    else:
        message = f"without {key} this is for ingress alone, and egress stays open; write {key}: [Ingress]"
        yield policy.spec.problem(message, Severity.NOTE)


def _final(rule: PolicyRule) -> bool:
    return rule.total and rule.action in ("Allow", "Deny", "Pass")


def _does(rule: PolicyRule) -> str:
    return {"Allow": "allows", "Deny": "denies"}.get(rule.action, "passes")


def _shadow(policy: Policy, direction: Direction, policies: tuple[Policy, ...]) -> Policy | None:
    """A Calico policy that comes before this one and decides everything for at least the same endpoints."""
    if direction not in policy.types or policy.staged or not policy.towards(direction):
        return None
    return next(
        (other for other in policies if _comes_before(other, policy) and _takes_all(other, direction, policy)), None
    )


def _comes_before(other: Policy, policy: Policy) -> bool:
    return other.calico and not other.staged and other.tier == policy.tier and other.order < policy.order


def _takes_all(other: Policy, direction: Direction, policy: Policy) -> bool:
    final = any(_final(rule) and rule.action != "Pass" for rule in other.towards(direction))
    return final and direction in other.types and _covers(other, policy)


def _covers(other: Policy, policy: Policy) -> bool:
    theirs = [other.spec[key].text() for key in ("selector", "namespaceSelector", "serviceAccountSelector")]
    if other.clusterwide and all(matches_all(text) for text in theirs):
        return True
    mine = [policy.spec[key].text() for key in ("selector", "namespaceSelector", "serviceAccountSelector")]
    same_scope = other.manifest.kind == policy.manifest.kind and other.manifest.namespace == policy.manifest.namespace
    return policy.calico and same_scope and mine == theirs


CHECKS: tuple[Check[Cluster], ...] = (
    sections_are_in_force,
    rules_can_match,
    rules_are_unique,
    staged_policies_enforce_nothing,
)
SEVERITIES: Severities = {
    sections_are_in_force: (Severity.ERROR, Severity.WARNING, Severity.NOTE),
    rules_are_unique: (Severity.WARNING,),
    staged_policies_enforce_nothing: (Severity.WARNING,),
}
