"""A check of rules that let everyone through: whoever writes one says why."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.node import Node, root
from tools.policies.calico_expression import All
from tools.policies.calico_selector import SelectorError, parse
from tools.policies.cluster import Cluster
from tools.policies.matching import every_label, every_space, others
from tools.policies.model import Pods, Policy, PolicyRule, RulePeer

REASON = "sark-network/open"
DNS_PORTS = (53, 5353)


def openings_carry_a_reason(cluster: Cluster) -> Iterator[Problem]:
    """A rule that lets everyone through says why.

    `from: []`, a missing `from` or `to`, `- {}` and an Allow without conditions all mean *everyone*, which few who
    write them have in mind; `namespaceSelector: {}` alone is every pod of the cluster, `podSelector: {}` every pod
    of the namespace. So are their other spellings: `{matchLabels: {}}`, `{matchExpressions: []}`, `Exists` on a
    label that all of them carry, `DoesNotExist` on one that none does, `NotIn` values that none has. Where no workloads
    are given, conditions that only leave pods out let in all others, and nobody knows who those are. A policy with
    such a `podSelector` opens what it opens on every pod of its namespace, a Calico policy with `all()` and no
    namespace on the nodes' own addresses too.
    Name the peers. Where everyone is meant, write the annotation `sark-network/open: "why"` on the object.
    Source: k8s.io/api networking/v1; Calico's GlobalNetworkPolicy.
    """
    for policy in cluster.policies:
        if root(policy.manifest)["metadata"]["annotations"][REASON].text().strip():
            continue
        opening = [rule for rule in policy.rules if rule.action == "Allow" and not dns_only(rule)]
        for rule in opening:
            for peer in rule.peers:
                if whom := _everyone(cluster, policy, rule, peer):
                    yield peer.node.problem(f"{whom}; name the peers, or annotate why: {REASON}", Severity.WARNING)
        if opening and (whom := _every_pod(cluster, policy)):
            yield policy.spec.problem(f"{whom}; select the pods meant, or annotate why: {REASON}", Severity.WARNING)


def dns_only(rule: PolicyRule) -> bool:
    """Whether every port of a rule is one of DNS; other checks are for those."""
    return bool(rule.ports) and all(port.first == port.last and port.first in DNS_PORTS for port in rule.ports)


def _everyone(cluster: Cluster, policy: Policy, rule: PolicyRule, peer: RulePeer) -> str:
    way = "in" if rule.direction == "Ingress" else "out"
    if peer.anyone:
        return f"everyone is let {way}" if not rule.narrowed else ""
    if policy.calico:
        return _calico_everyone(peer.node, way)
    if not isinstance(peer.pods, Pods):
        return ""
    if every_label(cluster, peer.pods):
        but = ""
    elif others(cluster, peer.pods):
        but = " but those that this leaves out"
    else:
        return ""
    if peer.pods.spaces is None:
        return f"every pod of the namespace{but} is let {way}"
    return f"every pod of the cluster{but} is let {way}" if every_space(cluster, peer.pods) else ""


def _calico_everyone(entity: Node, way: str) -> str:
    spaces = entity["namespaceSelector"].text()
    fields = [key for key, value in entity.fields() if not value.empty and key != "ports"]
    if (
        matches_all(entity["selector"].text())
        and matches_all(spaces)
        and set(fields) <= {"selector", "namespaceSelector"}
    ):
        return f"every pod, node and network set is let {way}" if fields else ""
    return ""


def matches_all(selector: str) -> bool:
    """Whether a Calico selector leaves nothing out; a broken one leaves out everything."""
    try:
        return parse(selector) == All()
    except SelectorError:
        return False


def _every_pod(cluster: Cluster, policy: Policy) -> str:
    spec = policy.spec
    if isinstance(policy.subject, Pods):
        where = "namespace" if policy.subject.spaces is None else "cluster"
        everywhere = policy.subject.spaces is None or every_space(cluster, policy.subject)
        every = everywhere and every_label(cluster, policy.subject)
        return f"this opens something on every pod of the {where}" if every else ""
    if spec["serviceAccountSelector"].text() or not matches_all(spec["selector"].text()):
        return ""
    if not policy.clusterwide:
        return "this opens something on every pod of the namespace"
    if matches_all(spec["namespaceSelector"].text()):
        return "this opens something on every pod and host endpoint of the cluster"
    return "this opens something on every pod of the namespaces it selects"


CHECKS: tuple[Check[Cluster], ...] = (openings_carry_a_reason,)
SEVERITIES: Severities = {
    openings_carry_a_reason: (Severity.WARNING,),
}
