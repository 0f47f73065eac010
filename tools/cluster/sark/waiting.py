"""Why a Deployment is not ready, in the cluster's own words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubernetes.client.exceptions import ApiException

from tools.cluster.kube import Kube, explain
from tools.cluster.trial_cluster import is_ready


def waits_for(kube: Kube, namespace: str, name: str) -> list[str]:
    """A sentence for each of its pods that is not ready, or one that there are none."""
    match_labels = kube.apps.read_namespaced_deployment(name, namespace).spec.selector.match_labels
    selector = ",".join(f"{key}={value}" for key, value in match_labels.items())
    pods = kube.core.list_namespaced_pod(namespace, label_selector=selector).items
    return [f"{pod.metadata.name}: {_why(kube, pod)}" for pod in pods if not is_ready(pod)] or ["it has no pods"]


def _why(kube: Kube, pod: Any) -> str:
    reasons = [*_conditions(pod), *_containers(kube, pod)]
    return reasons[0] if reasons else "it is not ready, and nothing says why"


def _conditions(pod: Any) -> Iterator[str]:
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            yield f"not scheduled: {condition.message}"


def _containers(kube: Kube, pod: Any) -> Iterator[str]:
    """The first container that has not come as far as it should, with what it said last."""
    for kind, statuses in (
        ("init container", pod.status.init_container_statuses),
        ("container", pod.status.container_statuses),
    ):
        for status in statuses or ():
            ended = status.state.terminated
            if status.ready or (ended and ended.exit_code == 0):
                continue
            waiting = status.state.waiting
            reason = waiting.message or waiting.reason if waiting else _last_words(kube, pod, status.name)
            yield f"{kind} {status.name}: {reason}"


def _last_words(kube: Kube, pod: Any, container: str) -> str:
    try:
        log = kube.core.read_namespaced_pod_log(
            pod.metadata.name, pod.metadata.namespace, container=container, tail_lines=1
        )
    except ApiException as error:
        return f"it runs, and its log cannot be had: {explain(error)}"
    return f"it runs, and says: {str(log).strip()}" if log else "it runs, and says nothing"
