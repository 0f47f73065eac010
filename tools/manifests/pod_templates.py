"""Where the objects that make pods say what those pods are."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Manifest
from tools.manifests.node import Node, group

# The kinds of Kubernetes that make pods, and the path to their template.
TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


# The groups of Kubernetes' own kinds: other APIs have kinds of the same names, such as Volcano's Job.
KUBERNETES = ("", "apps", "batch", "extensions")
# How far another kind's template of pods is looked for: Volcano's are in spec.tasks[].template.spec.
DEEPEST, WIDEST = 6, 1000


def makes_pods(manifest: Manifest) -> bool:
    """Whether an object is of one of those kinds."""
    return manifest.kind in TEMPLATES and group(manifest) in KUBERNETES


def template(top: Node) -> Node:
    """The template of an object's pods: the object itself where it makes none, as a Pod does."""
    *_, last = steps(top)
    return last


def steps(top: Node) -> Iterator[Node]:
    """The object, and each field on the way to the template of its pods."""
    yield top
    for key in TEMPLATES[top.manifest.kind] if makes_pods(top.manifest) else ():
        top = top[key]
        yield top


def makes_unknown_pods(manifest: Manifest) -> bool:
    """Whether an object of another kind shows a template of pods: a list of containers with images, in its spec."""
    if manifest.kind == "Pod" or makes_pods(manifest):
        return False
    level = [manifest.body.get("spec")]
    for _ in range(DEEPEST):
        level = [value for item in level for value in _inside(item)][:WIDEST]
        if any(_is_pod_spec(value) for value in level):
            return True
    return False


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _is_pod_spec(value: object) -> bool:
    containers = value.get("containers") if isinstance(value, dict) else None
    return isinstance(containers, list) and any(isinstance(item, dict) and "image" in item for item in containers)
