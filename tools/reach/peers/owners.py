"""Keeps one of each: a Pod, or the object that made it.

A dump of a cluster has Deployments, their ReplicaSets and their Pods. The Pods are what sends and receives, and their
addresses are known; the objects that made them only give them a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tools.findings.model import Manifest
from tools.manifests.node import root
from tools.manifests.pod_templates import TEMPLATES

HASH = "pod-template-hash"
# The kinds that another controller makes, whose pods are then that controller's.
MADE = {"ReplicaSet": "Deployment", "Job": "CronJob"}

# Namespace, kind, name.
Key = tuple[str, str, str]


def settled(manifests: Iterable[Manifest], namespace: str = "default") -> tuple[Manifest, ...]:
    """The objects without each controller whose pods, or whose own controller, is among them.

    Pods of a Deployment's ReplicaSet are named after the Deployment.
    """
    objects = tuple(manifests)
    made_by = {key: owner for manifest in objects for key, owner in _made_by(manifest, namespace)}
    pods = [manifest for manifest in objects if manifest.kind == "Pod"]
    owners = {id(pod): owner for pod in pods if (owner := _root(pod, namespace, made_by))}
    existing = {_key(manifest, namespace) for manifest in objects}
    direct = {_owner(pod, namespace) for pod in pods}
    represented = {*direct, *owners.values(), *(key for key, owner in made_by.items() if owner in existing)}
    return tuple(
        _named(manifest, owners[id(manifest)]) if id(manifest) in owners else manifest
        for manifest in objects
        if manifest.kind not in TEMPLATES or _key(manifest, namespace) not in represented
    )


def _key(manifest: Manifest, namespace: str) -> Key:
    return manifest.namespace or namespace, manifest.kind, manifest.name


def _owner(manifest: Manifest, namespace: str) -> Key | None:
    """The controller of an object."""
    owners = root(manifest)["metadata"]["ownerReferences"].items()
    ranked = sorted(owners, key=lambda owner: owner["controller"].value is not True)
    for owner in ranked:
        if owner["kind"].text() and owner["name"].text():
            return manifest.namespace or namespace, owner["kind"].text(), owner["name"].text()
    return None


def _made_by(manifest: Manifest, namespace: str) -> Iterator[tuple[Key, Key]]:
    if manifest.kind in MADE and (owner := _owner(manifest, namespace)):
        yield _key(manifest, namespace), owner


def _root(pod: Manifest, namespace: str, made_by: Mapping[Key, Key]) -> Key | None:
    """The owner that a pod is named after: the controller of its controller, if known or evident from its labels."""
    owner = _owner(pod, namespace)
    if owner is None:
        return None
    if owner in made_by:
        return made_by[owner]
    # Only a Deployment's ReplicaSets end in a hash that their pods have as a label.
    hashed = root(pod)["metadata"]["labels"][HASH].text()
    space, kind, name = owner
    if kind == "ReplicaSet" and hashed and name.endswith(f"-{hashed}"):
        return space, "Deployment", name.removesuffix(f"-{hashed}")
    return owner


def _named(pod: Manifest, owner: Key) -> Manifest:
    """The pod with a single owner, which gives it its name."""
    meta: Mapping[str, Any] = pod.body["metadata"]
    references = [{"kind": owner[1], "name": owner[2], "controller": True}]
    return replace(pod, body={**pod.body, "metadata": {**meta, "ownerReferences": references}})
