"""Checks of policies against workloads: Kubernetes says nothing when a selector matches nobody."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from tools.findings.model import Check, Problem, Severity
from tools.manifests.label_selector import Selector
from tools.manifests.node import Node
from tools.manifests.pods import Pod, pods
from tools.manifests.rules.objects import title
from tools.policies.calico_expression import Global
from tools.policies.cluster import Cluster
from tools.policies.endpoints import Endpoints
from tools.policies.matching import labelled, members, neighbours, same, subjects
from tools.policies.model import DIRECTIONS, Peer, Pods, Policy
from tools.policies.network_sets import NetworkSet, network_sets, selected
from tools.reach.needs.known import known


def policies_select_something(cluster: Cluster) -> Iterator[Problem]:
    """Every policy selects a workload.

    A policy whose selector matches no pod is accepted, looks like protection, and protects nothing: no error, no
    event, no status. It happens when labels are renamed, or were guessed. Give the workloads with `--workloads
    FILES` and each policy is tried against their pods; without them only workloads in the same manifests are known,
    and the policies that match none of those are named in a note. So are those whose pods a Service selects, of which
    no workload was given: somebody else makes them.
    Write the labels that the pods carry (not those of the Deployment), in the namespace that they run in.
    Source: k8s.io/api networking/v1.
    """
    unmatched = [policy for policy in cluster.policies if not subjects(cluster, policy)]
    if cluster.given and unmatched:
        beside = known(cluster).cluster
        for policy in unmatched:
            if not subjects(beside, policy):
                message = f"{title(policy.manifest)} selects {_subject(policy)}, and no workload is that"
                yield _written(policy).problem(f"{message}; {_carried(cluster, policy)}")
        if expected := [policy.manifest for policy in unmatched if subjects(beside, policy)]:
            names = ", ".join(manifest.name for manifest in expected)
            message = (
                f"Services select the pods that these are for, and no workload given is one: {names}; give them too"
            )
            yield Problem(expected[0].where("spec"), message, Severity.NOTE)
    elif unmatched:
        names = ", ".join(policy.manifest.name for policy in unmatched[:3]) + (", …" if len(unmatched) > 3 else "")
        count = "1 policy selects" if len(unmatched) == 1 else f"{len(unmatched)} policies select"
        message = f"{count} no workload that is at hand ({names}); name some with --workloads"
        yield Problem(unmatched[0].manifest.where("spec"), message, Severity.NOTE)


def peers_match_somebody(cluster: Cluster) -> Iterator[Problem]:
    """Every peer of a rule is somebody.

    A peer whose labels no pod carries lets nobody through, and the flow that it was written for is dead. Peers are
    tried when workloads are given and some of them live in the peer's namespace; a peer in a namespace of which
    nothing was given is named in a note. The pods that a Service selects count, whether they were given or not.
    Write the labels that the peer's pods carry, and the namespace by `kubernetes.io/metadata.name`.
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
                yield peer.node.problem(f"no workload is {chosen}; {advice}")
    if elsewhere:
        first = next(iter(elsewhere.values()))
        message = f"peers not tried, for no workload of their namespaces was given: {'; '.join(elsewhere)}"
        yield first.problem(message, Severity.NOTE)


def workloads_are_isolated(cluster: Cluster) -> Iterator[Problem]:
    """Every given workload is selected by a policy of each direction.

    A pod that no policy of a direction selects may talk to everyone in it. A default deny for the namespace selects
    them all. Pods on the host's network are nobody's subject; namespaces without any policy are left alone.
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
        if free := " and ".join(way for way in DIRECTIONS if way not in closed):
            message = f"no policy of type {free} selects {title(pod.manifest)}, so everything is allowed; add one"
            yield Problem(pod.manifest.where("spec"), message, Severity.WARNING)


def _peers(cluster: Cluster, policy: Policy) -> Iterator[Peer]:
    """The peers that are pods: by their labels or their namespaces, and not by what network sets carry too."""
    sets = tuple(network_sets(cluster.manifests))
    for rule in policy.rules:
        for peer in rule.peers:
            if peer.pods is not None and not peer.blocks and not _in_sets(sets, policy, peer):
                yield peer


def _in_sets(sets: tuple[NetworkSet, ...], policy: Policy, peer: Peer) -> bool:
    """Whether a peer is for network sets, or means some of those that are given."""
    if not isinstance(peer.pods, Endpoints):
        return False
    by_label = peer.pods.spaces or peer.pods.chosen or peer.pods.excluded
    return not by_label or peer.pods.spaces == Global() or any(selected(sets, policy, peer))


def _spaces(peer: Peer) -> str:
    if isinstance(peer.pods, Pods):
        return str(peer.pods.spaces or Selector())
    return peer.node["namespaceSelector"].text() or "any"


def _chosen(peer: Peer) -> str:
    if isinstance(peer.pods, Pods):
        return str(peer.pods.chosen)
    return peer.node["selector"].text() or f"outside {peer.node['notSelector'].text()}"


def _written(policy: Policy) -> Node:
    """Where a policy says whom it is for."""
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


def _carried(cluster: Cluster, policy: Policy) -> str:
    own = policy.manifest.namespace
    near = tuple(pod for pod in cluster.pods if same(pod.namespace, own))
    if not near:
        spaces = sorted({pod.namespace for pod in cluster.pods})
        return f"none is in namespace {own}; they are in: {', '.join(spaces)}"
    if any(pod.host and labelled(cluster, policy, pod) for pod in near):
        return "one that is uses the host's network, where no policy reaches it"
    return _near(_subject(policy), tuple(pod for pod in near if not pod.host))


def _in_another_namespace(cluster: Cluster, peer: Peer) -> str:
    """Where the pods are that a peer of the policy's own namespace was meant for."""
    if not isinstance(peer.pods, Pods) or peer.pods.spaces is not None:
        return ""
    chosen = peer.pods.chosen
    spaces = sorted({pod.namespace for pod in cluster.pods if pod.namespace and chosen.matches(pod.labels)})
    label = f"kubernetes.io/metadata.name: {spaces[0]}" if spaces else ""
    where = ", ".join(spaces)
    return f"one that is runs in {where}; add namespaceSelector: {{matchLabels: {{{label}}}}}" if spaces else ""


def _near(expected: str, pods: tuple[Pod, ...]) -> str:
    """What the pods carry instead, the most alike first."""
    carried = {", ".join(f"{key}={value}" for key, value in sorted(pod.labels.items())) for pod in pods}
    alike = get_close_matches(expected, sorted(carried), n=3, cutoff=0)
    return f"they carry: {' | '.join(labels or 'no labels' for labels in alike)}"


CHECKS: tuple[Check[Cluster], ...] = (policies_select_something, peers_match_somebody, workloads_are_isolated)
