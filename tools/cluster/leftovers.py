"""What a release put into the cluster, and what is still there after it was removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kubernetes import dynamic

from tools.cluster.kube import Kube
from tools.cluster.options import RELEASE
from tools.cluster.plan import STAND_IN
from tools.manifests.documents import manifests, parse
from tools.policies import kinds, network_sets

OURS = f"app.kubernetes.io/instance={RELEASE}"
# The kinds of policies that the chart writes: not all that there are, which are in tools/policies/kinds.py.
POLICIES = (("networking.k8s.io/v1", "NetworkPolicy"), ("projectcalico.org/v3", "GlobalNetworkPolicy"))
_GONE = (dynamic.exceptions.DynamicApiError, dynamic.exceptions.ResourceNotFoundError)


def labelled(kube: Kube) -> tuple[str, ...]:
    """Every object of any kind, anywhere, that carries the release's label, stand-ins aside: `kind namespace/name`."""
    listable = [
        resource for resource in _resources(kube) if "list" in (resource.verbs or ()) and "/" not in resource.name
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        listings = pool.map(_list_labelled, listable)
    return tuple(sorted({name for names in listings for name in names}))


def _resources(kube: Kube) -> Iterator[Any]:
    """Each resource once; the events of what is gone are no leftovers, and outlive everything."""
    for resource in kube.resources.resources.search():
        if not isinstance(resource, dynamic.resource.ResourceList) and resource.kind not in ("Event", "PodMetrics"):
            yield resource


def _list_labelled(resource: Any) -> list[str]:
    try:
        items = resource.get(label_selector=OURS).items
    except _GONE:
        return []
    return [
        f"{resource.kind} {it.metadata.namespace or '-'}/{it.metadata.name}"
        for it in items
        if STAND_IN not in dict(it.metadata.annotations or {}) and resource.kind not in ("Endpoints", "EndpointSlice")
    ]


def written(manifest: str) -> tuple[tuple[str, str, str, str], ...]:
    """The API version, kind, namespace and name of each object in `helm get manifest`."""
    objects = manifests(parse(manifest, "helm get manifest"), "")
    return tuple((str(it.body["apiVersion"]), it.kind, it.namespace, it.name) for it in objects)


def remaining(kube: Kube, objects: Iterable[tuple[str, str, str, str]], namespace: str) -> tuple[str, ...]:
    """Those of the objects that the cluster still has."""
    return tuple(
        f"{kind} {name}" for api, kind, place, name in objects if _has(kube, api, kind, place or namespace, name)
    )


def _has(kube: Kube, api_version: str, kind: str, namespace: str, name: str) -> bool:
    try:
        resource = kube.kind(api_version, kind)
        resource.get(name=name, namespace=namespace if resource.namespaced else None)
    except dynamic.exceptions.NotFoundError:
        return False
    return True


def remove_policies(kube: Kube) -> int:
    """Delete every policy of the release behind Helm's back, and say how many there were."""
    policies = list(_policies(kube))
    for api_version, kind, item in policies:
        kube.delete(api_version, kind, item.metadata.name, item.metadata.namespace)
    return len(policies)


def policy_names(kube: Kube) -> list[tuple[str, str]]:
    """The kind and name of every policy of the release."""
    return [(kind, str(item.metadata.name)) for _, kind, item in _policies(kube)]


def _policies(kube: Kube) -> Iterator[tuple[str, str, Any]]:
    for api_version, kind in POLICIES:
        for item in kube.kind(api_version, kind).get(label_selector=OURS).items:
            yield api_version, kind, item


def remove_hooks(kube: Kube, namespace: str) -> None:
    """Delete the pods of failed `helm test`s: Helm keeps them to be looked at, and forgets them."""
    for name in _hooks(kube, namespace):
        kube.delete("v1", "Pod", name, namespace)


def hook_logs(kube: Kube, namespace: str) -> list[str]:
    """What the pods of failed `helm test`s said."""
    return [str(kube.core.read_namespaced_pod_log(name, namespace)).strip() for name in _hooks(kube, namespace)]


def _hooks(kube: Kube, namespace: str) -> list[str]:
    pods = kube.core.list_namespaced_pod(namespace, label_selector=OURS).items
    return [str(pod.metadata.name) for pod in pods if "helm.sh/hook" in (pod.metadata.annotations or {})]


def policies(kube: Kube) -> Mapping[str, Any]:
    """Every policy, network set and tier in the cluster, as the API gives it back: for the diagnostics."""
    objects: dict[str, Any] = {}
    for (group, kind), versions in kinds.judged().items():
        for api_version in (f"{group}/{version}" for version in versions if group != network_sets.STORE):
            try:
                objects[f"{kind} ({api_version})"] = kube.kind(api_version, kind).get().to_dict()
            except _GONE as error:
                objects[f"{kind} ({api_version})"] = str(error)
    return objects
