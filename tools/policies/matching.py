"""Which pods a policy selects, and which a peer means.

What cannot be known is taken for a match, so that nobody is told a fault that may be none: a workload whose file
names no namespace may be in any, and a namespace without a manifest may carry any label but its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from tools.manifests.label_selector import Requirement, Selector, selector
from tools.manifests.node import Node
from tools.manifests.pods import NAME_LABEL, Pod
from tools.policies.calico_expression import holds
from tools.policies.calico_labels import CALICO_NAME_LABEL, Value, seen
from tools.policies.cluster import Cluster
from tools.policies.endpoints import Endpoints, entity_endpoints, policy_endpoints
from tools.policies.model import Policy

_PARTS = ("matchLabels", "matchExpressions")
NAMES = (NAME_LABEL, CALICO_NAME_LABEL)


def subjects(cluster: Cluster, policy: Policy) -> tuple[Pod, ...]:
    """The pods that a policy selects; those on the host's network are nobody's subject."""
    if policy.calico:
        return tuple(pod for pod in cluster.pods if not pod.host_network and labelled(cluster, policy, pod))
    own, expected = policy.manifest.namespace, selector(policy.spec["podSelector"])
    return tuple(pod for pod in chosen(cluster, expected) if not pod.host_network and same(pod.namespace, own))


def chosen(cluster: Cluster, selector: Selector) -> Iterator[Pod]:
    """The pods, of whatever namespace, that a label selector means; those without its labels are not looked at."""
    pods: Sequence[Pod] = cluster.pods
    for requirement in selector.requirements:
        if requirement.operator == "In" and len(requirement.values) == 1:
            having = cluster.by_label.get((requirement.key, requirement.values[0]), ())
            pods = min(pods, having, key=len)
    return (pod for pod in pods if selector.matches(pod.labels))


def labelled(cluster: Cluster, policy: Policy, pod: Pod) -> bool:
    """Whether a policy's selectors fit a pod, wherever it runs."""
    if policy.calico:
        return _means(cluster, policy, policy_endpoints(policy.spec, clusterwide=policy.clusterwide), pod)
    own = same(pod.namespace, policy.manifest.namespace)
    return own and selector(policy.spec["podSelector"]).matches(pod.labels)


def neighbours(cluster: Cluster, policy: Policy, peer: Node) -> tuple[Pod, ...]:
    """The pods of the namespaces that a peer means, whatever their labels; in Calico a peer is a rule's far side."""
    if policy.calico:
        entity = entity_endpoints(peer, clusterwide=policy.clusterwide)
        spaces = Endpoints(own=entity.own, spaces=entity.spaces)
        return tuple(pod for pod in cluster.pods if _means(cluster, policy, spaces, pod))
    inside = _namespaces_of(cluster, policy, peer)
    return tuple(pod for pod in cluster.pods if inside(pod.namespace))


def members(cluster: Cluster, policy: Policy, peer: Node) -> tuple[Pod, ...]:
    """The pods that a peer means."""
    if policy.calico:
        entity = entity_endpoints(peer, clusterwide=policy.clusterwide)
        return tuple(pod for pod in cluster.pods if _means(cluster, policy, entity, pod))
    inside = _namespaces_of(cluster, policy, peer)
    return tuple(pod for pod in chosen(cluster, selector(peer["podSelector"])) if inside(pod.namespace))


def _means(cluster: Cluster, policy: Policy, endpoints: Endpoints, pod: Pod) -> bool:
    """Whether Calico's selectors may mean a pod, by all the labels that Calico sees on it."""

    def label(key: str) -> Value:
        spaces = cluster.namespaces.get(pod.namespace)
        accounts = cluster.account_labels(pod.namespace, pod.service_account)
        return seen(key, pod.labels, pod.namespace or None, pod.service_account, spaces, accounts)

    return holds(endpoints.expression(policy.manifest.namespace), label) is not False


def _namespaces_of(cluster: Cluster, policy: Policy, peer: Node) -> Callable[[str], bool]:
    """Whether a namespace is among those that a peer means."""
    spaces, own = peer["namespaceSelector"], policy.manifest.namespace
    if not spaces.present:
        return lambda namespace: policy.clusterwide or same(namespace, own)
    expected = selector(spaces)
    return cache(lambda namespace: _in_spaces(cluster, expected, namespace))


def everything(cluster: Cluster, node: Node) -> bool:
    """Whether a label selector leaves nobody out, however it is written: `{}`, or conditions that all of them meet."""
    if not isinstance(node.value, dict) or not all(part.empty or key in _PARTS for key, part in node.fields()):
        return False
    requirements = selector(node).requirements
    if len(requirements) < len(tuple(node["matchLabels"].fields())) + len(node["matchExpressions"].items()):
        return False  # Some of it is broken, and not a condition less.
    of_spaces = node.path.rpartition(".")[2] == "namespaceSelector"
    carried = _known_labels(cluster, of_spaces=of_spaces)
    return all(_all_meet(requirement, carried, of_spaces) for requirement in requirements)


def _known_labels(cluster: Cluster, *, of_spaces: bool) -> list[Mapping[str, str]]:
    """The labels of those that a selector chooses from, where enough of them are at hand to say what all carry."""
    if of_spaces:
        return [cluster.namespace_labels(name) for name in cluster.namespaces]
    return [pod.labels for pod in cluster.pods] if cluster.given else []


def _all_meet(requirement: Requirement, carried: Sequence[Mapping[str, str]], of_spaces: bool) -> bool:
    if of_spaces and requirement.key == NAME_LABEL:
        return requirement.operator == "Exists"
    known = bool(carried) and requirement.operator in ("Exists", "DoesNotExist")
    return known and all(requirement.holds(labels) for labels in carried)


def same(one: str, other: str) -> bool:
    """Whether two namespaces may be one."""
    return not one or not other or one == other


def _in_spaces(cluster: Cluster, selector: Selector, namespace: str) -> bool:
    by_name = all(requirement.key in NAMES for requirement in selector.requirements)
    unknown = not namespace or (namespace not in cluster.namespaces and not by_name)
    return unknown or selector.matches(cluster.namespace_labels(namespace))
