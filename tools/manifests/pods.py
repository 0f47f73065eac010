"""The pods that workloads make, as policies see them; what a file does not say is left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.findings.model import Manifest
from tools.manifests.node import Node, root

NAME_LABEL = "kubernetes.io/metadata.name"
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


def labels_of(metadata: Node) -> dict[str, str]:
    """The labels of an object's metadata; null is the empty text, as the API server reads it, and what else is no text
    is left out.
    """
    return {
        key: value.text()
        for key, value in metadata["labels"].fields()
        if value.value is None or isinstance(value.value, str)
    }
