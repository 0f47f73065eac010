"""Pods that exist, and the objects that made them: each said once.

A dump of a cluster holds Deployments, their ReplicaSets and their Pods. The Pods are what takes part, and they know
their addresses; what made them only names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tools.findings.model import Manifest
from tools.manifests.node import root
from tools.manifests.pod_templates import TEMPLATES

HASH = "pod-template-hash"
# What one controller makes for another one, whose pods are then the other one's.
MADE = {"ReplicaSet": "Deployment", "Job": "CronJob"}

# Namespace, kind, name.
Key = tuple[str, str, str]


def settled(manifests: Iterable[Manifest], namespace: str = "default") -> tuple[Manifest, ...]:
    """The same objects; pods of a Deployment's ReplicaSet are named by the Deployment, and a controller whose pods or
    whose own controller is among the objects is left out.
    """
    found = tuple(manifests)
    made_by = {key: owner for manifest in found for key, owner in _made(manifest, namespace)}
    pods = {id(it): owner for it in found if it.kind == "Pod" and (owner := _root(it, namespace, made_by))}
    there = {_key(manifest, namespace) for manifest in found}
    direct = {_owner(manifest, namespace) for manifest in found if manifest.kind == "Pod"}
    shown = {*direct, *pods.values(), *(key for key, owner in made_by.items() if owner in there)}
    return tuple(
        _named(manifest, pods[id(manifest)]) if id(manifest) in pods else manifest
        for manifest in found
        if manifest.kind not in TEMPLATES or _key(manifest, namespace) not in shown
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


def _made(manifest: Manifest, namespace: str) -> Iterator[tuple[Key, Key]]:
    if manifest.kind in MADE and (owner := _owner(manifest, namespace)):
        yield _key(manifest, namespace), owner


def _root(pod: Manifest, namespace: str, made_by: Mapping[Key, Key]) -> Key | None:
    """What a pod is named by: the controller of its controller when that is known, or told by its labels."""
    owner = _owner(pod, namespace)
    if owner is None:
        return None
    if owner in made_by:
        return made_by[owner]
    # Only a Deployment's ReplicaSets put a hash at the end of their names, and the same on the pods.
    hashed = root(pod)["metadata"]["labels"][HASH].text()
    space, kind, name = owner
    if kind == "ReplicaSet" and hashed and name.endswith(f"-{hashed}"):
        return space, "Deployment", name.removesuffix(f"-{hashed}")
    return owner


def _named(pod: Manifest, owner: Key) -> Manifest:
    """The pod with one owner, by which it is called."""
    meta: Mapping[str, Any] = pod.body["metadata"]
    references = [{"kind": owner[1], "name": owner[2], "controller": True}]
    return replace(pod, body={**pod.body, "metadata": {**meta, "ownerReferences": references}})
