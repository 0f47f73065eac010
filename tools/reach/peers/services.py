"""Resolves Services to the pods behind them and the ports on which those are called.

Policies never see a Service: its address is translated first, and policies judge the pod and its target port.
Sources: k8s.io/api core/v1 ServicePort; kubernetes pkg/api/v1/pod FindPort.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tools.findings.model import Manifest
from tools.manifests.addresses import Address, network
from tools.manifests.label_selector import Requirement, Selector
from tools.manifests.node import Node, group, root
from tools.manifests.pods import Pod, accepted

Thing = TypeVar("Thing")
NONE = "None"
PROTOCOLS = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True, slots=True)
class ServiceTarget:
    """A pod, by its workload's name, and the port on which it is called."""

    pod: str
    port: int
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Note:
    """How a Service resolved to pods, or why it did not. `pod`: the pod that this is about, by its workload's name."""

    text: str
    pod: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The targets behind a Service's port or behind an Ingress. `notes`: how they were resolved, and what was not."""

    targets: tuple[ServiceTarget, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service. `target`: the pods' port, by number or name."""

    name: str
    number: int
    protocol: str
    target: int | str

    def __str__(self) -> str:
        named = f" ({self.name})" if self.name else ""
        return f"{self.number}/{self.protocol}{named}"


@dataclass(frozen=True, slots=True)
class Service:
    """A Service. `selector`: None where it does not select pods. `headless`: it has no address of its own.

    `external`: the name that it is an alias for, or "".
    """

    manifest: Manifest
    namespace: str
    name: str
    selector: Selector | None
    ports: tuple[ServicePort, ...]
    headless: bool = False
    external: str = ""

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"Service {self.namespace}/{self.name}"

    @property
    def addresses(self) -> frozenset[Address]:
        """Its own addresses, as far as they are written: each is translated to one of its pods before policies look."""
        top = root(self.manifest)
        spec, balanced = top["spec"], top["status"]["loadBalancer"]["ingress"].items()
        texts = [spec["clusterIP"].text(), *spec["clusterIPs"].texts(), *spec["externalIPs"].texts()]
        # With ipMode Proxy the load balancer is asked, even from inside the cluster.
        texts += [item["ip"].text() for item in balanced if item["ipMode"].text() != "Proxy"]
        nets = (network(text) for text in texts if text and text != NONE)
        return frozenset(net.network_address for net in nets if net and net.num_addresses == 1)

    def translates(self, address: object) -> str:
        """What becomes of a packet to one of its addresses, as messages say it."""
        return f"{address} is an address of {self.title}, which is translated to one of its pods before policies look"

    def port(self, expected: int | str, protocol: str) -> ServicePort | None:
        """The port with a number or name."""
        fits = (port for port in self.ports if port.protocol == protocol and expected in (port.number, port.name))
        return next(fits, None)


Services = Mapping[tuple[str, str], Service]


def services(manifests: Iterable[Manifest], namespace: str) -> dict[tuple[str, str], Service]:
    """Every Service by its namespace and name. Those that name no namespace are in `namespace`."""
    listed = (_service(manifest, namespace) for manifest in manifests if is_service(manifest))
    return {(service.namespace, service.name): service for service in listed}


def is_service(manifest: Manifest) -> bool:
    """Whether an object is a Service of Kubernetes' own, not Knative's for example."""
    return manifest.kind == "Service" and not group(manifest)


def running(manifests: Iterable[Manifest], namespace: str) -> tuple[Pod, ...]:
    """The pods that a Service may lead to: those that have not finished."""
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
    """The pods and ports at which connections to a Service's port, by number or name, arrive."""
    if service.external:
        message = f"{service.title} is only an alias for {service.external}; ask for the addresses of that name"
        return Resolved(notes=(Note(message),))
    if service.selector is None:
        message = f"{service.title} has no selector, so whoever writes its endpoints decides where it leads"
        return Resolved(notes=(Note(message),))
    port = service.port(expected, protocol)
    if service.headless and isinstance(expected, int):
        return _headless(service, expected, protocol, _chosen(service, pods))
    if port is None:
        existing = ", ".join(map(str, service.ports)) or "none"
        return Resolved(notes=(Note(f"{service.title} has no port {expected}/{protocol}; it has {existing}"),))
    return _on_target(service, port, _chosen(service, pods))


def _chosen(service: Service, pods: Sequence[Pod]) -> tuple[Pod, ...]:
    selector = service.selector or Selector()
    return tuple(pod for pod in pods if pod.namespace == service.namespace and selector.matches(pod.labels))


def _headless(service: Service, number: int, protocol: str, chosen: Sequence[Pod]) -> Resolved:
    targets = unique(ServiceTarget(pod.name, number, protocol) for pod in chosen)
    how = f"{service.title} is headless: callers get the pods' own addresses and call port {number} there"
    return Resolved(targets, (Note(how),) if targets else (_no_workload(service),))


def _on_target(service: Service, port: ServicePort, chosen: Sequence[Pod]) -> Resolved:
    numbers = [(pod, number) for pod in chosen for number in [_number(pod, port)]]
    targets = unique(ServiceTarget(pod.name, number, port.protocol) for pod, number in numbers if number)
    left_out = unique(pod.name for pod, number in numbers if not number)
    notes = [
        Note(f"{service.title}: port {port} → {target.pod} port {target.port}/{target.protocol}", target.pod)
        for target in targets
    ]
    notes += [
        Note(f"{service.title} leaves out {name}: it has no {port.protocol} port named {port.target}", name)
        for name in left_out
    ]
    return Resolved(targets, tuple(notes) or (_no_workload(service),))


def _number(pod: Pod, port: ServicePort) -> int:
    """The number of the target port in a pod; 0 where the pod has no port of that name and so is no endpoint.

    A port of an init container that ends does not count, though policies look its name up too.
    """
    if isinstance(port.target, int):
        return port.target
    fits = (number for name, protocol, number in pod.serving if (name, protocol) == (port.target, port.protocol))
    return next(fits, 0)


def _no_workload(service: Service) -> Note:
    return Note(f"{service.title} selects {service.selector}, which matches no workload")


def unique(things: Iterable[Thing]) -> tuple[Thing, ...]:
    """The distinct items, in order."""
    return tuple(dict.fromkeys(things))
