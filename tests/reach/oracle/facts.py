"""What a cluster is to the oracle: pods with their addresses and labels, network sets, Services, and packets.

Written from libcalico-go's conversion (conversion.go, workload_endpoint_default.go), its updateprocessors
(workloadendpointprocessor.go, networksetprocessor.go), and felix/serviceindex, not from `tools.reach`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

Body = Mapping[str, Any]
Labels = Mapping[str, str]
Address = IPv4Address | IPv6Address

PROTOCOLS = {"ICMP": 1, "TCP": 6, "UDP": 17, "ICMPV6": 58, "SCTP": 132, "UDPLITE": 136}
FINISHED = ("Succeeded", "Failed", "Completed")


def protocol_number(value: object) -> int:
    """An IP protocol by its name, in any case, or by its number."""
    return PROTOCOLS[value.upper()] if isinstance(value, str) and not value.isdigit() else int(str(value))


def family(address: Address) -> int:
    """4 or 6."""
    return address.version


def within(address: Address, cidr: str) -> bool:
    """Whether an address is in a network; one of the other family is not."""
    return address in ip_network(cidr, strict=False)


def dig(body: Body, *path: str) -> Any:
    """What is at a path of keys, or None."""
    value: Any = body
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A running pod with addresses of its own. `ports`: name, protocol and number of each named container port.

    `labels` are the pod's; `calico` are those that Calico's selectors see, inherited ones among them.
    """

    namespace: str
    name: str
    addresses: tuple[Address, ...]
    labels: Labels
    namespace_labels: Labels
    calico: Labels
    ports: tuple[tuple[str, int, int], ...]

    def has_port(self, name: str, protocol: int, number: int) -> bool:
        """Whether one of its named ports is just that."""
        return (name, protocol, number) in self.ports


@dataclass(frozen=True, eq=False)
class NetSet:
    """A NetworkSet or a GlobalNetworkSet: labels, and the networks that carry them."""

    calico: Labels
    nets: tuple[str, ...]


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection. `port` is the destination's, or `type << 8 | code` of ICMP.

    `source` and `destination` are the pods there, None outside the cluster. `http`: what a match on HTTP says of it.
    """

    source_address: Address
    destination_address: Address
    source: Endpoint | None
    destination: Endpoint | None
    protocol: int
    port: int
    source_port: int = 40000
    http: bool = True


@dataclass(frozen=True)
class Cluster:
    """The objects, as facts."""

    objects: Sequence[Body]
    namespace: str = "default"

    def of_kind(self, kind: str, group: str = "") -> Iterator[Body]:
        """The objects of a kind, in one API group when it is said."""
        for body in self.objects:
            if body.get("kind") == kind and group in str(body.get("apiVersion", "")):
                yield body

    def space(self, body: Body) -> str:
        """The namespace that an object is in."""
        return dig(body, "metadata", "namespace") or self.namespace

    def namespace_labels(self, name: str) -> Labels:
        """A namespace's labels: its object's, and the one that the API server sets on every namespace."""
        own: Labels = {}
        for body in self.of_kind("Namespace"):
            if dig(body, "metadata", "name") == name:
                own = dig(body, "metadata", "labels") or {}
        return {**own, "kubernetes.io/metadata.name": name}

    def account_labels(self, namespace: str, name: str) -> Labels:
        """A service account's own labels."""
        for body in self.of_kind("ServiceAccount"):
            if (self.space(body), dig(body, "metadata", "name")) == (namespace, name):
                return dig(body, "metadata", "labels") or {}
        return {}

    def running(self) -> Iterator[Body]:
        """The pods that Calico makes endpoints of: not on the host's network, not finished, with an address."""
        for body in self.of_kind("Pod"):
            done = dig(body, "status", "phase") in FINISHED
            if not done and not dig(body, "spec", "hostNetwork") and pod_addresses(body):
                yield body

    @cached_property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every pod that policies apply to."""
        return tuple(self._endpoint(body) for body in self.running())

    def _endpoint(self, body: Body) -> Endpoint:
        namespace, own = self.space(body), dig(body, "metadata", "labels") or {}
        # The ServiceAccount admission controller names this one when the pod names none.
        account = dig(body, "spec", "serviceAccountName") or "default"
        spaces = self.namespace_labels(namespace)
        # Own labels win over inherited ones, and none of those may look like an inherited one.
        calico = {f"pcns.{key}": value for key, value in spaces.items()}
        calico["pcns.projectcalico.org/name"] = namespace
        calico |= {f"pcsa.{key}": value for key, value in self.account_labels(namespace, account).items()}
        calico["pcsa.projectcalico.org/name"] = account
        calico |= {key: value for key, value in own.items() if not key.startswith(("pcns.", "pcsa."))}
        calico["projectcalico.org/namespace"] = namespace
        calico["projectcalico.org/orchestrator"] = "k8s"
        calico["projectcalico.org/serviceaccount"] = account
        return Endpoint(
            namespace,
            dig(body, "metadata", "name"),
            pod_addresses(body),
            own,
            spaces,
            calico,
            tuple(named_ports(body)),
        )

    @cached_property
    def netsets(self) -> tuple[NetSet, ...]:
        """Every NetworkSet, which inherits its namespace's labels, and every GlobalNetworkSet, which has none."""
        net_sets = []
        # What felix takes of a host endpoint where it is the peer of a rule (labelindex).
        for body in self.of_kind("HostEndpoint"):
            addresses = tuple(f"{ip_network(text)}" for text in dig(body, "spec", "expectedIPs") or ())
            net_sets.append(NetSet(dig(body, "metadata", "labels") or {}, addresses))
        for body in self.of_kind("GlobalNetworkSet"):
            net_sets.append(NetSet(dig(body, "metadata", "labels") or {}, tuple(dig(body, "spec", "nets") or ())))
        for body in self.of_kind("NetworkSet"):
            namespace = self.space(body)
            labels = {f"pcns.{key}": value for key, value in self.namespace_labels(namespace).items()}
            labels["pcns.projectcalico.org/name"] = namespace
            labels |= dig(body, "metadata", "labels") or {}
            labels["projectcalico.org/namespace"] = namespace
            net_sets.append(NetSet(labels, tuple(dig(body, "spec", "nets") or ())))
        return tuple(net_sets)

    def at(self, address: Address) -> Endpoint | None:
        """The pod that has an address."""
        return next((endpoint for endpoint in self.endpoints if address in endpoint.addresses), None)

    def behind(self, namespace: str, name: str) -> Iterator[tuple[Body, Body]]:
        """A Service with each pod that its selector finds; one without a selector has none that we know of."""
        for service in self.of_kind("Service"):
            if (self.space(service), dig(service, "metadata", "name")) == (namespace, name):
                selector = dig(service, "spec", "selector")
                for body in self.running() if selector else ():
                    labels = dig(body, "metadata", "labels") or {}
                    if self.space(body) == namespace and selector.items() <= labels.items():
                        yield service, body

    def members(self, namespace: str, name: str) -> set[Address]:
        """The addresses of a Service's endpoints. A pod without any of the ports is one, with a list of no ports
        (k8s.io/endpointslice reconciler.go, getEndpointPorts).
        """
        return {address for _, body in self.behind(namespace, name) for address in pod_addresses(body)}

    def targets(self, namespace: str, name: str) -> set[tuple[Address, int, int]]:
        """Address, protocol and port of every endpoint of a Service, as the EndpointSlice controller lists them."""
        return {target for service, body in self.behind(namespace, name) for target in _targets(service, body)}


def pod_addresses(body: Body) -> tuple[Address, ...]:
    """The addresses in a pod's status: `podIPs`, else `podIP`."""
    several = [item["ip"] for item in dig(body, "status", "podIPs") or ()]
    single = dig(body, "status", "podIP")
    return tuple(ip_address(text) for text in several or ([single] if single else []))


def container_ports(body: Body) -> Iterator[Body]:
    """Every port of every container, of those that run first too."""
    for containers in ("containers", "initContainers"):
        for container in dig(body, "spec", containers) or ():
            yield from container.get("ports") or ()


def named_ports(body: Body) -> Iterator[tuple[str, int, int]]:
    """Name, protocol and number of each container port with a name."""
    for port in container_ports(body):
        if port.get("name"):
            yield port["name"], protocol_number(port.get("protocol") or "TCP"), port["containerPort"]


def lasting_ports(body: Body) -> Iterator[tuple[str, int, int]]:
    """The named ports that a Service may lead to: not those of containers that end before the others start.

    Source: k8s.io/kubernetes pkg/api/v1/pod FindPort.
    """
    beside = [item for item in dig(body, "spec", "initContainers") or () if item.get("restartPolicy") == "Always"]
    return named_ports({**body, "spec": {**body["spec"], "initContainers": beside}})


def _targets(service: Body, body: Body) -> Iterator[tuple[Address, int, int]]:
    for port in dig(service, "spec", "ports") or ():
        protocol, target = protocol_number(port.get("protocol") or "TCP"), port.get("targetPort", port["port"])
        if isinstance(target, str):
            fitting = [number for name, own, number in lasting_ports(body) if (name, own) == (target, protocol)]
            target = fitting[0] if fitting else None
        if target is not None:
            for address in pod_addresses(body):
                yield address, protocol, target
