"""Where the objects that make pods say what those pods are."""

from __future__ import annotations

from collections.abc import Iterator

from tools.manifests.node import Node

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


def template(top: Node) -> Node:
    """The template of an object's pods: the object itself where it makes none, as a Pod does."""
    *_, last = steps(top)
    return last


def steps(top: Node) -> Iterator[Node]:
    """The object, and each field on the way to the template of its pods."""
    yield top
    for key in TEMPLATES.get(top.manifest.kind, ()):
        top = top[key]
        yield top
