"""Policies and the workloads they are for: the pods that manifests make, and the namespaces that those live in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.findings.model import Manifest
from tools.manifests.node import Node, root
from tools.manifests.schemas import KUBE_VERSION
from tools.policies.kinds import policies
from tools.policies.model import Policy

NAME_LABEL = "kubernetes.io/metadata.name"
CALICO_NAME_LABEL = "projectcalico.org/name"
TEMPLATES = {
    "Deployment": ("template",),
    "StatefulSet": ("template",),
    "DaemonSet": ("template",),
    "ReplicaSet": ("template",),
    "ReplicationController": ("template",),
    "Job": ("template",),
    "CronJob": ("jobTemplate", "spec", "template"),
}


@dataclass(frozen=True, slots=True)
class Pod:
    """What a workload's pods are to a policy. An empty namespace is one that the file does not say.

    `named_ports`: the names of its containers' ports, each with its protocol. `ports`: the name, the protocol and the
    number of all of them, named or not.
    """

    manifest: Manifest
    namespace: str
    labels: Mapping[str, str]
    service_account: str = "default"
    host_network: bool = False
    named_ports: frozenset[tuple[str, str]] = frozenset()
    ports: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """The objects to judge, and workloads beside them. `given`: somebody named those; else what is at hand is all.

    `texts` are the files that the objects were read from, as name and text, for what YAML does not keep. `roles`: the
    namespaces of those who call from elsewhere, by what they are, where values say it. `definitions` are schemas that
    somebody gave, by `group/version/Kind`. `objects` are all of both, each once; `by_label` has the pods by each label.
    """

    manifests: tuple[Manifest, ...]
    workloads: tuple[Manifest, ...] = ()
    given: bool = False
    kube_version: str = KUBE_VERSION
    texts: tuple[tuple[str, str], ...] = ()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    definitions: Mapping[str, Any] = field(default_factory=dict)
    objects: tuple[Manifest, ...] = field(init=False)
    policies: tuple[Policy, ...] = field(init=False)
    pods: tuple[Pod, ...] = field(init=False)
    namespaces: Mapping[str, Mapping[str, str]] = field(init=False)
    by_label: Mapping[tuple[str, str], Sequence[Pod]] = field(init=False)

    def __post_init__(self) -> None:
        objects = once((*self.manifests, *self.workloads))
        object.__setattr__(self, "objects", objects)
        object.__setattr__(self, "policies", policies(self.manifests))
        object.__setattr__(self, "pods", tuple(pods(objects)))
        object.__setattr__(self, "namespaces", dict(_namespaces(objects)))
        by_label: dict[tuple[str, str], list[Pod]] = {}
        for pod in self.pods:
            for label in pod.labels.items():
                by_label.setdefault(label, []).append(pod)
        object.__setattr__(self, "by_label", by_label)

    def namespace_labels(self, name: str) -> Mapping[str, str]:
        """The labels of a namespace: those that every cluster sets, and those of its manifest when there is one."""
        return {**self.namespaces.get(name, {}), NAME_LABEL: name, CALICO_NAME_LABEL: name}


def once(manifests: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """The objects, of those with one identity the first alone: what is given twice is one object of the cluster."""
    kept: dict[tuple[str, str, str, str] | int, Manifest] = {}
    for number, manifest in enumerate(manifests):
        group = root(manifest)["apiVersion"].text().rpartition("/")[0]
        identity = (group, manifest.kind, manifest.namespace, manifest.name)
        kept.setdefault(identity if manifest.kind and manifest.name else number, manifest)
    return tuple(kept.values())


def pods(manifests: Iterable[Manifest]) -> Iterator[Pod]:
    """One pod for each workload object."""
    for manifest in manifests:
        template = root(manifest)
        if manifest.kind in TEMPLATES:
            template = template["spec"]
            for key in TEMPLATES[manifest.kind]:
                template = template[key]
        elif manifest.kind != "Pod":
            continue
        spec = template["spec"]
        account = spec["serviceAccountName"].text() or "default"
        host_network = spec["hostNetwork"].value is True
        labels = labels_of(template["metadata"])
        ports = tuple(_ports(spec))
        named = frozenset((name, protocol) for name, protocol, _ in ports if name)
        yield Pod(manifest, manifest.namespace, labels, account, host_network, named, ports)


def _ports(spec: Node) -> Iterator[tuple[str, str, int]]:
    for container in (*spec["containers"].items(), *spec["initContainers"].items()):
        for port in container["ports"].items():
            yield port["name"].text(), port["protocol"].text() or "TCP", port["containerPort"].number() or 0


def _namespaces(manifests: Iterable[Manifest]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for manifest in manifests:
        if manifest.kind == "Namespace":
            yield manifest.name, labels_of(root(manifest)["metadata"])


def labels_of(metadata: Node) -> dict[str, str]:
    """The labels of an object's metadata; null is the empty text, as the API server reads it, and what else is no text
    is left out.
    """
    return {
        key: value.text()
        for key, value in metadata["labels"].fields()
        if value.value is None or isinstance(value.value, str)
    }
