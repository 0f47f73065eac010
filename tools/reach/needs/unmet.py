"""The needs that policies deny, with the pods and ports in question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tools.manifests.node import Node, root
from tools.manifests.pod_templates import template
from tools.manifests.pods import Pod
from tools.policies.model import Direction
from tools.reach.needs.endpoints import port_number
from tools.reach.needs.gather import Need
from tools.reach.needs.known import Caller, Known
from tools.reach.needs.roles import INGRESS, MONITORING
from tools.reach.peers.services import Service, ServiceTarget

SCRAPE, PORT = "prometheus.io/scrape", "prometheus.io/port"


@dataclass(frozen=True, slots=True)
class Denied:
    """A call to a Service that policies deny, and the ends at which they do."""

    caller: Caller
    need: Need
    target: ServiceTarget
    ends: tuple[Direction, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """A port that should be open to another namespace and is not."""

    node: Node
    pod: Pod
    target: ServiceTarget


@lru_cache(maxsize=4)
def calls(facts: Known) -> tuple[Denied, ...]:
    """The denied calls to Services. For each caller and target, only the first need counts."""
    return tuple(_calls(facts))


def _calls(facts: Known) -> Iterator[Denied]:
    for caller in facts.callers:
        seen: set[ServiceTarget] = set()
        for need in caller.needs:
            meaning = facts.names.meaning(need.call.host, caller.pod.namespace)
            for denied in _denied(facts, caller, need, meaning) if isinstance(meaning, Service) else ():
                if denied.target not in seen:
                    seen.add(denied.target)
                    yield denied


def _denied(facts: Known, caller: Caller, need: Need, service: Service) -> list[Denied]:
    targets = facts.targets(service, need.call.port, need.call.protocol)
    denieds = [Denied(caller, need, target, ends) for target in targets if (ends := _ends(facts, caller, target))]
    # A host without a port may mean any target, so it counts as denied only if all of them are.
    return denieds if not need.alone or len(denieds) == len(targets) else []


def _ends(facts: Known, caller: Caller, target: ServiceTarget) -> tuple[Direction, ...]:
    """The closed ends of a call. A workload's calls to itself are not judged."""
    if target.pod == caller.pod.name:
        return ()
    closed = (facts.closed(caller.place, place, target) for place, _ in facts.classes[target.pod])
    return next((ends for ends in closed if ends), ())


@lru_cache(maxsize=4)
def backends(facts: Known) -> tuple[Closed, ...]:
    """The backends of Ingresses that are closed to every other namespace, monitoring aside; each target once."""
    return tuple(_closed_backends(facts))


def _closed_backends(facts: Known) -> Iterator[Closed]:
    seen: set[ServiceTarget] = set()
    without = _others(facts, INGRESS, MONITORING)
    for manifest in facts.world.manifests:
        space = manifest.namespace or facts.namespace
        for node in _backends(root(manifest)["spec"]) if manifest.kind == "Ingress" else ():
            service = facts.names.services.get((space, node["name"].text()))
            port = node["port"]["number"].number() or node["port"]["name"].text()
            targets = facts.targets(service, port, "TCP") if service and port else ()
            yield from _closed(facts, node, targets, seen, without)


def _others(facts: Known, role: str, other: str) -> frozenset[str]:
    """The namespaces of the role `other` that are not also those of `role`."""
    known = facts.cluster.roles
    return known.get(other, frozenset()) - known.get(role, frozenset())


def _backends(spec: Node) -> Iterator[Node]:
    yield spec["defaultBackend"]["service"]
    for rule in spec["rules"].items():
        for path in rule["http"]["paths"].items():
            yield path["backend"]["service"]


@lru_cache(maxsize=4)
def scraped(facts: Known) -> tuple[Closed, ...]:
    """The annotated ports for Prometheus that are closed to every other namespace, the ingress controller's aside.

    Each target is there once; there are none where values say that nobody scrapes.
    """
    return () if facts.cluster.roles.get(MONITORING) == frozenset() else tuple(_closed_scrapes(facts))


def _closed_scrapes(facts: Known) -> Iterator[Closed]:
    seen: set[ServiceTarget] = set()
    without = _others(facts, MONITORING, INGRESS)
    for members in facts.classes.values():
        for _, pod in members:
            node, port = _annotated(template(root(pod.manifest))["metadata"])
            yield from _closed(facts, node, (ServiceTarget(pod.name, port),) if port else (), seen, without)
    for service in facts.names.services.values():
        node, port = _annotated(root(service.manifest)["metadata"])
        behind = facts.targets(service, None, "TCP") if port else ()
        yield from _closed(
            facts, node, tuple(dict.fromkeys(ServiceTarget(target.pod, port) for target in behind)), seen, without
        )


def _annotated(metadata: Node) -> tuple[Node, int]:
    """The annotation that names the port to scrape, and its number; 0 where nothing is to be scraped."""
    annotations = metadata["annotations"]
    node = annotations[PORT]
    return node, (port_number(node.text()) or 0) if annotations[SCRAPE].text().lower() == "true" else 0


def _closed(
    facts: Known, node: Node, targets: tuple[ServiceTarget, ...], seen: set[ServiceTarget], without: frozenset[str]
) -> Iterator[Closed]:
    for target in targets:
        for place, pod in facts.classes[target.pod]:
            if target not in seen and not pod.host and not facts.entered(place, pod, target, without | {pod.namespace}):
                seen.add(target)
                yield Closed(node, pod, target)
