"""What `kustomize build` makes of a kustomization's resources, as far as SARK's own goes. Pure.

Read are `resources` that are files, `namespace`, `commonLabels` and `images`. Any other key is refused: a build that
left it out would not be what kustomize builds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from tools.cluster.sark.placing import containers, split_image

Object = dict[str, Any]
READ = ("apiVersion", "kind", "metadata", "namespace", "resources", "commonLabels", "images")
CLUSTER_WIDE = (
    *("Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "PersistentVolume"),
    *("StorageClass", "PriorityClass", "IngressClass", "APIService", "ValidatingWebhookConfiguration"),
    *("MutatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "RuntimeClass"),
)
_TERMS = tuple(
    f"spec.template.spec.affinity.{kind}.{path}.labelSelector.matchLabels"
    for kind in ("podAffinity", "podAntiAffinity")
    for path in (
        "preferredDuringSchedulingIgnoredDuringExecution[].podAffinityTerm",
        "requiredDuringSchedulingIgnoredDuringExecution[]",
    )
)
_SPREAD = "spec.template.spec.topologySpreadConstraints[].labelSelector.matchLabels"
_MADE = ("spec.selector.matchLabels", "spec.template.metadata.labels")
# Where common labels go beside metadata.labels: written in any case, and only where there are some.
# Source: kustomize's api/internal/konfig/builtinpluginconsts/commonlabels.go, for the kinds that SARK has.
SELECTING: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Service": (("spec.selector",), ()),
    "Deployment": (_MADE, (*_TERMS, _SPREAD)),
    "StatefulSet": (_MADE, (*_TERMS, _SPREAD)),
    "ReplicaSet": (_MADE, ()),
    "DaemonSet": (_MADE, ()),
    "Job": (("spec.template.metadata.labels",), ("spec.selector.matchLabels",)),
    "CronJob": (("spec.jobTemplate.metadata.labels", "spec.jobTemplate.spec.template.metadata.labels"), ()),
    "PodDisruptionBudget": ((), ("spec.selector.matchLabels",)),
    "NetworkPolicy": (
        (),
        (
            "spec.podSelector.matchLabels",
            "spec.ingress[].from[].podSelector.matchLabels",
            "spec.egress[].to[].podSelector.matchLabels",
        ),
    ),
}


def resources(kustomization: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that it names. Raises ValueError for what is not read here."""
    for key in kustomization:
        if key not in READ:
            raise ValueError(f"the kustomization's key {key} is not read here; known are {', '.join(READ)}")
    named = tuple(map(str, kustomization.get("resources") or ()))
    for name in named:
        if "/" in name or not name.endswith((".yaml", ".yml")):
            raise ValueError(f"the kustomization's resource {name} is no YAML file beside it, and only such are read")
    return named


def build(kustomization: Mapping[str, Any], objects: Iterable[Mapping[str, Any]]) -> list[Object]:
    """The objects of its resources, in their order, as kustomize would write them."""
    built = [deepcopy(dict(it)) for it in objects]
    if namespace := kustomization.get("namespace"):
        accounts = {_address(it["metadata"]) for it in built if it["kind"] == "ServiceAccount"}
        for body in built:
            _place(body, namespace, accounts)
    if labels := kustomization.get("commonLabels"):
        for body in built:
            _label(body, labels)
    for entry in kustomization.get("images") or ():
        for body in built:
            _rename_image(body, entry)
    return built


def _address(reference: Mapping[str, Any]) -> tuple[str, str]:
    return reference.get("namespace") or "", reference["name"]


def _place(body: Object, namespace: str, accounts: set[tuple[str, str]]) -> None:
    """The namespace transformer: it renames the Namespace itself too, and leaves the labels that it has."""
    if body["kind"] == "Namespace":
        body["metadata"]["name"] = namespace
    elif body["kind"] not in CLUSTER_WIDE:
        body["metadata"]["namespace"] = namespace
    if body["kind"] in ("RoleBinding", "ClusterRoleBinding"):
        for subject in body.get("subjects") or ():
            follows = subject["name"] == "default" or _address(subject) in accounts
            if subject["kind"] == "ServiceAccount" and follows:
                subject["namespace"] = namespace


def _label(body: Object, labels: Mapping[str, str]) -> None:
    body["metadata"]["labels"] = {**(body["metadata"].get("labels") or {}), **labels}
    always, where_there = SELECTING.get(body["kind"], ((), ()))
    for path in always:
        for place in _reach(body, path.split("."), make=True):
            place.update(labels)
    for path in where_there:
        for place in _reach(body, path.split("."), make=False):
            place.update(labels)


def _reach(body: Any, steps: Sequence[str], *, make: bool) -> Iterator[Object]:
    """The mappings at a path, in which `name[]` is every item of a list."""
    if not steps:
        yield body
        return
    key, rest = steps[0], steps[1:]
    if key.endswith("[]"):
        for item in body.get(key[:-2]) or ():
            yield from _reach(item, rest, make=make)
        return
    if make and body.get(key) is None:
        body[key] = {}
    if isinstance(body.get(key), dict):
        yield from _reach(body[key], rest, make=make)


def _rename_image(body: Object, entry: Mapping[str, str]) -> None:
    for container in containers(body):
        name, version = split_image(container["image"])
        if name == entry["name"]:
            digest = f"@{entry['digest']}" if entry.get("digest") else ""
            tag = f":{entry['newTag']}" if entry.get("newTag") else ""
            container["image"] = entry.get("newName", name) + (digest or tag or version)
