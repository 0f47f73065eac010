"""The pods that workloads make, as policies see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from tools.findings.model import Manifest
from tools.manifests.addresses import Address
from tools.manifests.fields import BrokenError, Dropped, mapping
from tools.manifests.labels import labels_of
from tools.manifests.metadata import check_labels
from tools.manifests.node import Node, group, root
from tools.manifests.pod_templates import KUBERNETES, makes_pods, steps, template

_DONE = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Pod:
    """The pods of one workload. `name` is `namespace/name[Kind]`, by the owner when a pod has one.

    An empty namespace is one that nobody named. `listening`: name, protocol and number of each port of its containers;
    `ports`: of those that have a name; `serving`: of those, the ones whose container does not end before the pod is
    ready. `host`: on the node's network. `addresses`: none when they are not known. `single`: one pod alone, so that
    nothing else is reached under its name. `done`: it has finished.
    """

    manifest: Manifest
    name: str
    namespace: str
    labels: Mapping[str, str]
    account: str = "default"
    listening: tuple[tuple[str, str, int], ...] = ()
    serving: tuple[tuple[str, str, int], ...] = ()
    host: bool = False
    addresses: tuple[Address, ...] = ()
    single: bool = False
    done: bool = False

    @property
    def ports(self) -> tuple[tuple[str, str, int], ...]:
        return _named(self.listening)

    @property
    def own_name(self) -> str:
        """The name by the object itself, whoever owns it."""
        return f"{self.namespace}/{self.manifest.name}[{self.manifest.kind}]"


def pods(manifests: Iterable[Manifest], namespace: str = "") -> Iterator[Pod]:
    """The pods of each workload, as far as they can be read. `namespace`: of objects that name none."""
    for manifest in manifests:
        if makes_pods(manifest) or (manifest.kind == "Pod" and group(manifest) in KUBERNETES):
            yield _pod(manifest, manifest.namespace or namespace)


def accepted(manifests: Iterable[Manifest], namespace: str, dropped: Dropped | None = None) -> Iterator[Pod]:
    """Those of the pods that the API server takes; the others are problems of `dropped`."""
    for pod in pods(manifests, namespace):
        try:
            _check(root(pod.manifest))
        except BrokenError as broken:
            if dropped is not None:
                dropped.problems.append(broken.problem)
        else:
            yield pod


def _check(top: Node) -> None:
    for node in steps(top):
        mapping(node)
    mapping(template(top)["spec"])
    check_labels(template(top)["metadata"])


def _pod(manifest: Manifest, namespace: str) -> Pod:
    top, single = root(manifest), manifest.kind == "Pod"
    made = template(top)
    spec = made["spec"]
    return Pod(
        manifest=manifest,
        name=_name(manifest, top, namespace),
        namespace=namespace,
        labels=labels_of(made["metadata"]),
        account=spec["serviceAccountName"].text() or spec["serviceAccount"].text() or "default",
        listening=tuple(_listening((*spec["containers"].items(), *spec["initContainers"].items()))),
        serving=_named(_listening((*spec["containers"].items(), *_sidecars(spec)))),
        host=spec["hostNetwork"].value is True,
        addresses=tuple(dict.fromkeys(_addresses(made["status"]))),
        single=single,
        done=single and top["status"]["phase"].text() in _DONE,
    )


def _name(manifest: Manifest, top: Node, namespace: str) -> str:
    if manifest.kind == "Pod":
        for owner in top["metadata"]["ownerReferences"].items():
            # A static pod is its node's, and no replica of anything.
            if owner["kind"].text() not in ("", "Node") and owner["name"].text():
                return f"{namespace}/{owner['name'].text()}[{owner['kind'].text()}]"
    return f"{namespace}/{manifest.name}[{manifest.kind}]"


def _sidecars(spec: Node) -> Iterator[Node]:
    """The init containers that go on running beside the others."""
    return (item for item in spec["initContainers"].items() if item["restartPolicy"].text() == "Always")


def _named(ports: Iterable[tuple[str, str, int]]) -> tuple[tuple[str, str, int], ...]:
    return tuple(port for port in ports if port[0] and port[2])


def _listening(containers: Iterable[Node]) -> Iterator[tuple[str, str, int]]:
    for container in containers:
        for port in container["ports"].items():
            yield port["name"].text(), port["protocol"].text() or "TCP", port["containerPort"].number() or 0


def _addresses(status: Node) -> Iterator[Address]:
    written = (status["podIP"], *(item["ip"] for item in status["podIPs"].items()))
    for node in written:
        try:
            yield ip_address(node.text())
        except ValueError:
            continue
