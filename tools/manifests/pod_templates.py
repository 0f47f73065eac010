"""The pods that manifests make, as policies see them, and the namespaces and accounts that they have labels from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from tools.findings.model import Manifest
from tools.manifests.addresses import Address
from tools.manifests.fields import BrokenError, Dropped, mapping
from tools.manifests.metadata import check_labels
from tools.manifests.node import Node, root
from tools.manifests.pods import NAME_LABEL, TEMPLATES, labels_of

DONE = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class TemplatePod:
    """One workload's pods. `name` is `namespace/name[Kind]`, by the owner when a pod has one.

    `ports`: name, protocol and number of each named port. `host`: on the node's network. `addresses`: none when they
    are not known. `single`: one pod alone, so that nothing else is reached under its name.
    """

    manifest: Manifest
    name: str
    namespace: str
    labels: Mapping[str, str]
    account: str
    ports: tuple[tuple[str, str, int], ...]
    host: bool = False
    addresses: tuple[Address, ...] = ()
    single: bool = False

    @property
    def own_name(self) -> str:
        """The name by the object itself, whoever owns it."""
        return f"{self.namespace}/{self.manifest.name}[{self.manifest.kind}]"


def pods(
    manifests: Iterable[Manifest], namespace: str, dropped: Dropped | None = None
) -> Iterator[tuple[TemplatePod, bool]]:
    """Each workload's pods, and whether they are done: a finished pod keeps its address and takes no part.

    A broken one is left out, and is a problem of `dropped`.
    """
    for manifest in manifests:
        if manifest.kind in TEMPLATES or manifest.kind == "Pod":
            try:
                yield _pod(manifest, manifest.namespace or namespace)
            except BrokenError as broken:
                if dropped is not None:
                    dropped.problems.append(broken.problem)


def _pod(manifest: Manifest, namespace: str) -> tuple[TemplatePod, bool]:
    body = template = root(manifest)
    for key in ("spec", *TEMPLATES[manifest.kind]) if manifest.kind in TEMPLATES else ():
        template = mapping(template[key])
    spec, status = mapping(template["spec"]), body["status"] if manifest.kind == "Pod" else template["status"]
    pod = TemplatePod(
        manifest=manifest,
        name=_name(manifest, body, namespace),
        namespace=namespace,
        labels=_labels(template["metadata"]),
        account=spec["serviceAccountName"].text() or spec["serviceAccount"].text() or "default",
        ports=tuple(_ports(spec)),
        host=spec["hostNetwork"].value is True,
        addresses=tuple(dict.fromkeys(_addresses(status))),
        single=manifest.kind == "Pod",
    )
    return pod, manifest.kind == "Pod" and status["phase"].text() in DONE


def _labels(metadata: Node) -> dict[str, str]:
    check_labels(metadata)
    labels = metadata["labels"].value
    return {key: value or "" for key, value in labels.items()} if isinstance(labels, dict) else {}


def _name(manifest: Manifest, body: Node, namespace: str) -> str:
    if manifest.kind == "Pod":
        for owner in body["metadata"]["ownerReferences"].items():
            # A static pod is its node's, and no replica of anything.
            if owner["kind"].text() not in ("", "Node") and owner["name"].text():
                return f"{namespace}/{owner['name'].text()}[{owner['kind'].text()}]"
    return f"{namespace}/{manifest.name}[{manifest.kind}]"


def _ports(spec: Node) -> Iterator[tuple[str, str, int]]:
    for container in (*spec["containers"].items(), *spec["initContainers"].items()):
        for port in container["ports"].items():
            number = port["containerPort"].number()
            if port["name"].text() and number:
                yield port["name"].text(), port["protocol"].text() or "TCP", number


def _addresses(status: Node) -> Iterator[Address]:
    written = (status["podIP"], *(item["ip"] for item in status["podIPs"].items()))
    for node in written:
        try:
            yield ip_address(node.text())
        except ValueError:
            continue


def namespaces(manifests: Iterable[Manifest]) -> dict[str, dict[str, str]]:
    """The labels of each namespace that has an object, its name's among them."""
    return {
        manifest.name: {**labels_of(root(manifest)["metadata"]), NAME_LABEL: manifest.name}
        for manifest in manifests
        if manifest.kind == "Namespace"
    }


def accounts(manifests: Iterable[Manifest], namespace: str) -> dict[tuple[str, str], dict[str, str]]:
    """The labels of each service account that has an object, by namespace and name."""
    return {
        (manifest.namespace or namespace, manifest.name): labels_of(root(manifest)["metadata"])
        for manifest in manifests
        if manifest.kind == "ServiceAccount"
    }
