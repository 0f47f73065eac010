"""Resolves Ingresses and OpenShift's Routes to the Services that they lead to, and to the pods behind those.

Source: k8s.io/api networking/v1 Ingress; openshift/api route/v1 Route.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tools.findings.model import Manifest
from tools.manifests.node import Node, group, root
from tools.manifests.pods import Pod
from tools.reach.peers.services import Note, Resolved, Service, Services, ServiceTarget, behind, unique

# The groups of the kinds: others have kinds of these names too, such as OpenShift's configuration and Knative.
_GROUPS = {"Ingress": ("networking.k8s.io", "extensions", ""), "Route": ("route.openshift.io", "")}


def is_ingress(manifest: Manifest) -> bool:
    """Whether an object is an Ingress, or a Route of OpenShift."""
    return group(manifest) in _GROUPS.get(manifest.kind, ())


@dataclass(frozen=True, slots=True)
class Backend:
    """Where an Ingress leads: a Service in its namespace, and the Service's port by number or name; None for any.

    `target`: of a Route, the name of the Service's port or the port of the pods to which it leads.
    """

    service: str
    port: int | str | None
    target: int | str | None = None


def backends(manifest: Manifest) -> Iterator[Backend]:
    """Every backend of an Ingress or Route, each once."""
    spec = root(manifest)["spec"]
    if manifest.kind == "Route":
        nodes = (spec["to"], *spec["alternateBackends"].items())
        target = spec["port"]["targetPort"].number() or spec["port"]["targetPort"].text() or None
        yield from unique(Backend(node["name"].text(), None, target) for node in nodes if node["name"].text())
        return
    paths = (path["backend"] for rule in spec["rules"].items() for path in rule["http"]["paths"].items())
    yield from unique(backend for node in (spec["defaultBackend"], *paths) for backend in _backend(node["service"]))


def _backend(node: Node) -> Iterator[Backend]:
    port = node["port"]["number"].number() or node["port"]["name"].text()
    if node["name"].text() and port:
        yield Backend(node["name"].text(), port)


def behind_ingress(manifest: Manifest, namespace: str, known: Services, pods: Sequence[Pod]) -> Resolved:
    """The pods and ports that the controller calls for an Ingress or Route."""
    space, targets, notes = manifest.namespace or namespace, list[ServiceTarget](), list[Note]()
    title = f"{manifest.kind} {space}/{manifest.name}"
    for backend in backends(manifest):
        service = known.get((space, backend.service))
        if service is None:
            notes.append(Note(f"{title} leads to Service {space}/{backend.service}, which does not exist"))
            continue
        for resolved in _all(service, backend, pods):
            targets.extend(resolved.targets)
            notes.extend(replace(note, text=f"{title} → {note.text}") for note in resolved.notes)
    return Resolved(tuple(unique(targets)), tuple(unique(notes)) or (Note(f"{title} leads to no Service"),))


def _all(service: Service, backend: Backend, pods: Sequence[Pod]) -> Iterator[Resolved]:
    if backend.port is not None:
        yield behind(service, backend.port, "TCP", pods)
    else:
        meant = (port for port in service.ports if backend.target in (None, port.name, port.target))
        yield from (behind(service, port.number, port.protocol, pods) for port in meant)
