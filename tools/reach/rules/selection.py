"""Checks of policies against workloads: Kubernetes does not report a selector that matches no pod."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.label_selector import Selector
from tools.manifests.node import Node
from tools.manifests.pods import Pod, pods
from tools.manifests.rules.objects import title
from tools.policies.calico_expression import Global
from tools.policies.cluster import Cluster
from tools.policies.endpoints import Endpoints
from tools.policies.matching import labelled, members, neighbours, same, subjects
from tools.policies.model import DIRECTIONS, Pods, Policy, RulePeer
from tools.policies.network_sets import NetworkSet, network_sets, selected
from tools.reach.needs.known import known


def policies_select_something(cluster: Cluster) -> Iterator[Problem]:
    """Every policy selects a workload.

    A policy whose selector matches no pod is accepted, looks like protection, and protects nothing: no error, no
    event, no status. It happens when labels are renamed, or were guessed. With `--workloads FILES` each policy is
    tried against those workloads' pods. Without it, only workloads in the same manifests are known, and a note names
    the policies that match none of them. A note also names the policies for pods that a Service selects and that were
    not given, because they come from elsewhere.
    Write the labels that the pods have (not those of the Deployment), in the namespace that they run in.
    Source: k8s.io/api networking/v1.
    """
    unmatched = [policy for policy in cluster.policies if not subjects(cluster, policy)]
    if cluster.given and unmatched:
        extended = known(cluster).cluster
        for policy in unmatched:
            if not subjects(extended, policy):
                message = f"{title(policy.manifest)} selects {_subject(policy)}, but no workload matches"
                yield _selector_node(policy).problem(f"{message}; {_existing(cluster, policy)}")
        if expected := [policy.manifest for policy in unmatched if subjects(extended, policy)]:
            names = ", ".join(manifest.name for manifest in expected)
            message = f"Services select the pods of these policies, but their workloads were not given: {names}"
            yield Problem(expected[0].where("spec"), f"{message}; add them to --workloads", Severity.NOTE)
    elif unmatched:
        names = ", ".join(policy.manifest.name for policy in unmatched[:3]) + (", …" if len(unmatched) > 3 else "")
        count = "1 policy selects" if len(unmatched) == 1 else f"{len(unmatched)} policies select"
        message = f"{count} no known workload ({names}); name workloads with --workloads"
        yield Problem(unmatched[0].manifest.where("spec"), message, Severity.NOTE)


def peers_match_somebody(cluster: Cluster) -> Iterator[Problem]:
    """Every peer of a rule matches a workload.

    A peer whose labels no pod has lets nobody through, and the flow that it was written for is dead. Peers are checked
    when workloads are given and some of them are in the peer's namespace; a note names the namespaces without given
    workloads. The pods that a Service selects count, whether they were given or not.
    Write the labels that the peer's pods have, and the namespace by `kubernetes.io/metadata.name`.
    Source: k8s.io/api networking/v1.
    """
    if not cluster.given:
        return
    elsewhere: dict[str, Node] = {}
    cluster = known(cluster).cluster
    for policy in cluster.policies:
        for peer in _peers(cluster, policy):
            if members(cluster, policy, peer):
                continue
            inhabited = neighbours(cluster, policy, peer)
            if not inhabited:
                elsewhere.setdefault(_spaces(peer), peer.node)
            else:
                chosen = _chosen(peer)
                advice = _in_another_namespace(cluster, peer) or _near(chosen, inhabited)
                yield peer.node.problem(f"no workload matches {chosen}; {advice}")
    if elsewhere:
        first = next(iter(elsewhere.values()))
        message = f"peers not checked, because no workloads of their namespaces were given: {'; '.join(elsewhere)}"
        yield first.problem(f"{message}; add them to --workloads", Severity.NOTE)


def workloads_are_isolated(cluster: Cluster) -> Iterator[Problem]:
    """Every given workload is selected by a policy of each direction.

    Where no policy of a direction selects a pod, all its traffic in that direction is allowed. A default deny for the
    namespace selects every pod. Pods on the host's network, which no policy selects, and namespaces without any policy
    are left alone.
    Write a policy with an empty `podSelector` and `policyTypes: [Ingress, Egress]` in the workload's namespace.
    Source: k8s.io/api networking/v1.
    """
    if not cluster.given:
        return
    policies = [policy for policy in cluster.policies if policy.kind.isolates and not policy.staged]
    governed = {policy.manifest.namespace for policy in policies if not policy.clusterwide}
    for pod in pods(cluster.workloads):
        if pod.host or pod.namespace not in governed:
            continue
        closed = {way for policy in policies if labelled(cluster, policy, pod) for way in policy.types}
        if open_ways := [way.lower() for way in DIRECTIONS if way not in closed]:
            name, ways = title(pod.manifest), " and ".join(open_ways)
            message = f"{name} has no {' or '.join(open_ways)} policy, so all {ways} is allowed; add a default deny"
            yield Problem(pod.manifest.where("spec"), message, Severity.WARNING)


def _peers(cluster: Cluster, policy: Policy) -> Iterator[RulePeer]:
    """The peers that mean only pods, by their labels or namespaces."""
    sets = tuple(network_sets(cluster.manifests))
    for rule in policy.rules:
        for peer in rule.peers:
            if peer.pods is not None and not peer.blocks and not _in_sets(sets, policy, peer):
                yield peer


def _in_sets(sets: tuple[NetworkSet, ...], policy: Policy, peer: RulePeer) -> bool:
    """Whether a peer is written for network sets, or matches some of the given ones."""
    if not isinstance(peer.pods, Endpoints):
        return False
    by_label = peer.pods.spaces or peer.pods.chosen or peer.pods.excluded
    return not by_label or peer.pods.spaces == Global() or any(selected(sets, policy, peer))


def _spaces(peer: RulePeer) -> str:
    if isinstance(peer.pods, Pods):
        return str(peer.pods.spaces or Selector())
    return peer.node["namespaceSelector"].text() or "any"


def _chosen(peer: RulePeer) -> str:
    if isinstance(peer.pods, Pods):
        return str(peer.pods.chosen)
    return peer.node["selector"].text() or f"outside {peer.node['notSelector'].text()}"


def _selector_node(policy: Policy) -> Node:
    """The node where a policy says whom it selects."""
    if isinstance(policy.subject, Endpoints):
        return policy.spec["selector"]
    return policy.subject.chosen_at if policy.subject.spaces is None else policy.spec["subject"]


def _subject(policy: Policy) -> str:
    if isinstance(policy.subject, Endpoints):
        accounts = policy.spec["serviceAccountSelector"].text()
        by_account = f"service accounts {accounts}" if accounts else ""
        return " and ".join(filter(None, (policy.spec["selector"].text(), by_account))) or "all()"
    if policy.subject.spaces is None:
        return str(policy.subject.chosen)
    return f"{policy.subject.chosen} in namespaces {policy.subject.spaces}"


def _existing(cluster: Cluster, policy: Policy) -> str:
    """What there is in place of the pods that a policy should select."""
    own = policy.manifest.namespace
    near = tuple(pod for pod in cluster.pods if same(pod.namespace, own))
    if not near:
        spaces = sorted({pod.namespace for pod in cluster.pods})
        return f"there are no workloads in namespace {own}, only in: {', '.join(spaces)}"
    if any(pod.host and labelled(cluster, policy, pod) for pod in near):
        return "one with these labels is on the host's network, where no policy selects it"
    return _near(_subject(policy), tuple(pod for pod in near if not pod.host))


def _in_another_namespace(cluster: Cluster, peer: RulePeer) -> str:
    """Where the intended pods are, for a peer that is limited to the policy's own namespace."""
    if not isinstance(peer.pods, Pods) or peer.pods.spaces is not None:
        return ""
    chosen = peer.pods.chosen
    spaces = sorted({pod.namespace for pod in cluster.pods if pod.namespace and chosen.matches(pod.labels)})
    label = f"kubernetes.io/metadata.name: {spaces[0]}" if spaces else ""
    where = ", ".join(spaces)
    return f"one runs in {where}; add namespaceSelector: {{matchLabels: {{{label}}}}}" if spaces else ""


def _near(expected: str, pods: tuple[Pod, ...]) -> str:
    """The labels that the pods have instead, the most similar first."""
    existing = {", ".join(f"{key}={value}" for key, value in sorted(pod.labels.items())) for pod in pods}
    alike = get_close_matches(expected, sorted(existing), n=3, cutoff=0)
    return f"the pods there have {' | '.join(labels or 'no labels' for labels in alike)}"


CHECKS: tuple[Check[Cluster], ...] = (policies_select_something, peers_match_somebody, workloads_are_isolated)
SEVERITIES: Severities = {
    policies_select_something: (Severity.ERROR, Severity.NOTE),
    peers_match_somebody: (Severity.ERROR, Severity.NOTE),
    workloads_are_isolated: (Severity.WARNING,),
}
