"""Services, resolved to the pods behind them and the ports that those are called on.

Policies never see a Service: its address is translated first, and what is judged is the pod and its target port.
Sources: k8s.io/api core/v1 ServicePort; kubernetes pkg/api/v1/pod FindPort.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tools.findings.model import Manifest
from tools.manifests.label_selector import Requirement, Selector
from tools.manifests.node import Node, root
from tools.manifests.pods import Pod, accepted

Thing = TypeVar("Thing")
NONE = "None"
PROTOCOLS = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True, slots=True)
class Target:
    """A pod, by its workload's name, and the port that it is called on."""

    pod: str
    port: int
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Note:
    """How pods were found behind a Service, or why not. `pod`: the pod that it is about, by its workload's name."""

    text: str
    pod: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What is behind a port of a Service, or behind an Ingress. `notes`: how it was found, and what could not be."""

    targets: tuple[Target, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service. `target`: the number or the name of the pods' port."""

    name: str
    number: int
    protocol: str
    target: int | str

    def __str__(self) -> str:
        named = f" ({self.name})" if self.name else ""
        return f"{self.number}/{self.protocol}{named}"


@dataclass(frozen=True, slots=True)
class Service:
    """A Service, `selector` None when it selects no pods by itself. `headless`: it has no address of its own."""

    manifest: Manifest
    namespace: str
    name: str
    selector: Selector | None
    ports: tuple[ServicePort, ...]
    headless: bool = False
    external: str = ""

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"Service {self.namespace}/{self.name}"

    def port(self, expected: int | str, protocol: str) -> ServicePort | None:
        """The port of that number or that name."""
        fits = (port for port in self.ports if port.protocol == protocol and expected in (port.number, port.name))
        return next(fits, None)


Services = Mapping[tuple[str, str], Service]


def services(manifests: Iterable[Manifest], namespace: str) -> dict[tuple[str, str], Service]:
    """Every Service by its namespace and name; one without a namespace is in `namespace`."""
    found = (_service(manifest, namespace) for manifest in manifests if manifest.kind == "Service")
    return {(service.namespace, service.name): service for service in found}


def running(manifests: Iterable[Manifest], namespace: str) -> tuple[Pod, ...]:
    """The pods that a Service may have behind it: those that are not done."""
    return tuple(pod for pod in accepted(manifests, namespace) if not pod.done)


def _service(manifest: Manifest, namespace: str) -> Service:
    spec = root(manifest)["spec"]
    external = spec["externalName"].text() if spec["type"].text() == "ExternalName" else ""
    labels = {key: value.text() for key, value in spec["selector"].fields()}
    chosen = Selector(tuple(Requirement(key, "In", (value,)) for key, value in labels.items()))
    return Service(
        manifest=manifest,
        namespace=manifest.namespace or namespace,
        name=manifest.name,
        selector=chosen if labels and not external else None,
        ports=tuple(_ports(spec["ports"])),
        headless=spec["clusterIP"].text() == NONE,
        external=external,
    )


def _ports(node: Node) -> Iterator[ServicePort]:
    for item in node.items():
        number = item["port"].number()
        if number is not None:
            protocol = item["protocol"].text() or "TCP"
            target = item["targetPort"].number() or item["targetPort"].text() or number
            yield ServicePort(item["name"].text(), number, protocol, target)


def behind(service: Service, expected: int | str, protocol: str, pods: Sequence[Pod]) -> Resolved:
    """The pods and ports that a connection to a port of a Service, by number or name, arrives at."""
    if service.external:
        return Resolved(notes=(Note(f"{service.title} is but a name for {service.external}: ask for its addresses"),))
    if service.selector is None:
        message = f"{service.title} has no selector: whoever writes its endpoints says where it leads"
        return Resolved(notes=(Note(message),))
    port = service.port(expected, protocol)
    if service.headless and isinstance(expected, int):
        return _headless(service, expected, protocol, _chosen(service, pods))
    if port is None:
        there = ", ".join(map(str, service.ports)) or "none"
        return Resolved(notes=(Note(f"{service.title} has no port {expected}/{protocol}; it has {there}"),))
    return _on_target(service, port, _chosen(service, pods))


def _chosen(service: Service, pods: Sequence[Pod]) -> tuple[Pod, ...]:
    selector = service.selector or Selector()
    return tuple(pod for pod in pods if pod.namespace == service.namespace and selector.matches(pod.labels))


def _headless(service: Service, number: int, protocol: str, chosen: Sequence[Pod]) -> Resolved:
    targets = unique(Target(pod.name, number, protocol) for pod in chosen)
    how = f"{service.title} is headless: callers get the pods' own addresses, and port {number} is called as it is"
    return Resolved(targets, (Note(how),) if targets else (_nobody(service),))


def _on_target(service: Service, port: ServicePort, chosen: Sequence[Pod]) -> Resolved:
    numbers = [(pod, number) for pod in chosen for number in [_number(pod, port)]]
    targets = unique(Target(pod.name, number, port.protocol) for pod, number in numbers if number)
    without = unique(pod.name for pod, number in numbers if not number)
    notes = [
        Note(f"{service.title}: port {port} → {target.pod} port {target.port}/{target.protocol}", target.pod)
        for target in targets
    ]
    notes += [
        Note(f"{service.title} leaves out {name}: it has no {port.protocol} port named {port.target}", name)
        for name in without
    ]
    return Resolved(targets, tuple(notes) or (_nobody(service),))


def _number(pod: Pod, port: ServicePort) -> int:
    """The pod's number of the port, 0 when the pod has none of that name: it is no endpoint then."""
    if isinstance(port.target, int):
        return port.target
    fits = (number for name, protocol, number in pod.ports if (name, protocol) == (port.target, port.protocol))
    return next(fits, 0)


def _nobody(service: Service) -> Note:
    return Note(f"{service.title} selects {service.selector}, and no workload is that")


def unique(things: Iterable[Thing]) -> tuple[Thing, ...]:
    """Each once, in order."""
    return tuple(dict.fromkeys(things))
