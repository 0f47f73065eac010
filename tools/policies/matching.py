"""Which pods a policy selects, and which a peer means.

What nobody can know counts as a match, to avoid false positives: a workload whose file names no namespace may be in
any, and a namespace without a manifest may carry any label beside its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from tools.manifests.label_selector import Requirement, Selector, selector
from tools.manifests.labels import NAME_LABEL
from tools.manifests.node import Node
from tools.manifests.pods import Pod
from tools.policies.calico_expression import holds
from tools.policies.calico_labels import CALICO_NAME_LABEL, Value, seen
from tools.policies.cluster import Cluster
from tools.policies.endpoints import Endpoints
from tools.policies.model import Pods, Policy, RulePeer, Selected

_PARTS = ("matchLabels", "matchExpressions")
NAMES = (NAME_LABEL, CALICO_NAME_LABEL)


def subjects(cluster: Cluster, policy: Policy) -> tuple[Pod, ...]:
    """The pods that a policy selects; none on the host's network, where policies do not apply."""
    return tuple(pod for pod in _meant(cluster, policy, policy.subject) if not pod.host)


def labelled(cluster: Cluster, policy: Policy, pod: Pod) -> bool:
    """Whether a policy's selectors match a pod, even on the host's network."""
    match policy.subject:
        case Pods() as pods:
            return pods.chosen.matches(pod.labels) and _inside(cluster, policy, pods)(pod.namespace)
        case Endpoints() as endpoints:
            return _carries(cluster, policy, endpoints, pod)


def members(cluster: Cluster, policy: Policy, peer: RulePeer) -> tuple[Pod, ...]:
    """The pods that a peer means by their labels; every pod where it has no selector."""
    if peer.pods is None:
        return () if peer.unread else cluster.pods
    return tuple(_meant(cluster, policy, peer.pods))


def neighbours(cluster: Cluster, policy: Policy, peer: RulePeer) -> tuple[Pod, ...]:
    """The pods of the namespaces that a peer means, whatever their labels."""
    match peer.pods:
        case Pods() as pods:
            return tuple(_meant(cluster, policy, replace(pods, chosen=Selector())))
        case Endpoints() as endpoints:
            return tuple(_meant(cluster, policy, Endpoints(own=endpoints.own, spaces=endpoints.spaces)))
    return cluster.pods


def _meant(cluster: Cluster, policy: Policy, selected: Selected) -> Iterator[Pod]:
    match selected:
        case Pods() as pods:
            inside = _inside(cluster, policy, pods)
            return (pod for pod in chosen(cluster, pods.chosen) if inside(pod.namespace))
        case Endpoints() as endpoints:
            return (pod for pod in cluster.pods if _carries(cluster, policy, endpoints, pod))


def chosen(cluster: Cluster, selector: Selector) -> Iterator[Pod]:
    """The pods of all namespaces that a label selector matches, looked up by the rarest of its labels."""
    pods: Sequence[Pod] = cluster.pods
    for requirement in selector.requirements:
        if requirement.operator == "In" and len(requirement.values) == 1:
            having = cluster.by_label.get((requirement.key, requirement.values[0]), ())
            pods = min(pods, having, key=len)
    return (pod for pod in pods if selector.matches(pod.labels))


def _carries(cluster: Cluster, policy: Policy, endpoints: Endpoints, pod: Pod) -> bool:
    """Whether Calico's selectors may mean a pod, by all the labels that Calico sees on it."""

    def label(key: str) -> Value:
        spaces = cluster.namespaces.get(pod.namespace)
        accounts = cluster.account_labels(pod.namespace, pod.account)
        return seen(key, pod.labels, pod.namespace or None, pod.account, spaces, accounts)

    return holds(endpoints.expression(policy.manifest.namespace), label) is not False


def _inside(cluster: Cluster, policy: Policy, pods: Pods) -> Callable[[str], bool]:
    """Whether a namespace is among those that Kubernetes' selectors mean."""
    spaces, own = pods.spaces, policy.manifest.namespace
    if spaces is None:
        return lambda namespace: same(namespace, own)
    return cache(lambda namespace: _in_spaces(cluster, spaces, namespace))


def every_space(cluster: Cluster, pods: Pods) -> bool:
    """Whether the selector of namespaces matches every namespace."""
    return pods.spaces is not None and _everything(cluster, pods.spaces_at, of_spaces=True)


def every_label(cluster: Cluster, pods: Pods) -> bool:
    """Whether the selector of pods matches every pod of its namespaces, as an absent one does."""
    return pods.chosen_at.empty or _everything(cluster, pods.chosen_at, of_spaces=False)


def others(cluster: Cluster, pods: Pods) -> bool:
    """Whether the selector of pods says only which pods are not meant, and no workloads are given to say who is."""
    requirements = pods.chosen.requirements
    negative = bool(requirements) and all(item.operator in ("NotIn", "DoesNotExist") for item in requirements)
    return negative and not cluster.given


def _everything(cluster: Cluster, node: Node, *, of_spaces: bool) -> bool:
    """Whether a label selector leaves nothing out, however it is written: `{}`, or conditions that everything meets."""
    if not isinstance(node.value, dict) or not all(part.empty or key in _PARTS for key, part in node.fields()):
        return False
    requirements = selector(node).requirements
    if len(requirements) < len(tuple(node["matchLabels"].fields())) + len(node["matchExpressions"].items()):
        return False  # A part is broken, which does not mean that it has no condition.
    carried = _known_labels(cluster, of_spaces=of_spaces)
    return all(_all_meet(requirement, carried, of_spaces) for requirement in requirements)


def _known_labels(cluster: Cluster, *, of_spaces: bool) -> list[Mapping[str, str]]:
    """The labels of everything that a selector chooses from; none where too little is given to say what all carry."""
    if of_spaces:
        return [cluster.namespace_labels(name) for name in cluster.namespaces]
    return [pod.labels for pod in cluster.pods] if cluster.given else []


def _all_meet(requirement: Requirement, carried: Sequence[Mapping[str, str]], of_spaces: bool) -> bool:
    if of_spaces and requirement.key == NAME_LABEL:
        return requirement.operator == "Exists"
    known = bool(carried) and requirement.operator in ("Exists", "DoesNotExist", "NotIn")
    return known and all(requirement.holds(labels) for labels in carried)


def same(first: str, second: str) -> bool:
    """Whether two namespaces may be the same; an empty one is one that nobody named."""
    return not first or not second or first == second


def _in_spaces(cluster: Cluster, selector: Selector, namespace: str) -> bool:
    by_name = all(requirement.key in NAMES for requirement in selector.requirements)
    unknown = not namespace or (namespace not in cluster.namespaces and not by_name)
    return unknown or selector.matches(cluster.namespace_labels(namespace))
