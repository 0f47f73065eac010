"""Resolves a host's name as a cluster does: to a Service, to a host outside, or to nothing that is known here.

Source: the cluster's DNS (kubernetes/dns, docs/specification.md) and a pod's search list: its own namespace, `svc`,
the cluster's domain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from tools.findings.model import Manifest
from tools.manifests.node import root
from tools.reach.needs.endpoints import is_address
from tools.reach.peers.services import Service, Services

# Names that end in these lead to the machine itself, or to nothing that policies are about.
LOCAL = ("localhost", "local", "localdomain", "invalid", "test", "arpa")
# A name of two labels means a Service and its namespace, unless it ends in one of these.
PUBLIC = frozenset(
    (
        *("com", "org", "net", "edu", "gov", "int", "io", "ai", "dev", "app", "cloud", "co", "eu", "us", "uk", "de"),
        *("fr", "nl", "ch", "at", "se", "no", "fi", "dk", "it", "es", "pl", "jp", "cn", "in", "au", "ca", "br", "info"),
        *("example", "tech", "xyz", "me", "biz", "online", "services", "software", "systems", "network", "digital"),
    )
)


@dataclass(frozen=True, slots=True)
class OutsideHost:
    """A host outside the cluster, by name or address."""

    host: str


@dataclass(frozen=True, slots=True)
class ClusterNames:
    """The names in a cluster. `namespaces`: those that are mentioned anywhere; `served`: the hosts of Ingresses."""

    services: Services
    namespaces: frozenset[str]
    served: frozenset[str]

    def meaning(self, host: str, namespace: str) -> Service | OutsideHost | None:
        """What a pod in a namespace calls by a name. None: itself, or nothing that is known."""
        name = host.lower().removesuffix(".")
        if is_address(name):
            return self._at(name)
        service = self.services.get(self._parts(name, namespace) or ("", ""))
        if service is not None and service.external:
            name = service.external.lower().removesuffix(".")
            service = self.services.get(self._parts(name, namespace) or ("", ""))
        if service is not None:
            return service if not service.external else None
        return OutsideHost(name) if self.outside(name) and not self.own(name) else None

    def outside(self, name: str) -> bool:
        """Whether a name must be outside the cluster."""
        labels = name.split(".")
        if len(labels) < 2 or "svc" in labels[1:] or labels[-1] in (*LOCAL, *self.namespaces):
            return False
        return len(labels) > 2 or labels[-1] in PUBLIC

    def of_cluster(self, name: str) -> bool:
        """Whether a name must be inside the cluster."""
        labels = name.lower().removesuffix(".").split(".")
        if is_address(name) or labels[-1] in LOCAL:
            return "svc" in labels[1:]
        return len(labels) == 1 or "svc" in labels[2:3] or (len(labels) == 2 and labels[1] in self.namespaces)

    def own(self, name: str) -> bool:
        """Whether an Ingress serves that name."""
        return name in self.served or f"*.{name.partition('.')[2]}" in self.served

    def _parts(self, name: str, namespace: str) -> tuple[str, str] | None:
        """The namespace and name of the Service that a name may mean; a pod's own label in front of it is ignored."""
        labels = name.split(".")
        if "svc" in labels[2:]:
            at = labels.index("svc", 2)
            return labels[at - 1], labels[at - 2]
        if len(labels) == 1:
            return namespace, name
        if (labels[-1], labels[-2]) in self.services:
            return labels[-1], labels[-2]
        headless = self.services.get((namespace, labels[1])) if len(labels) == 2 else None
        return (namespace, labels[1]) if headless is not None and headless.headless else None

    def _at(self, text: str) -> Service | OutsideHost | None:
        address = ip_address(text)
        if address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast:
            return None
        fits = (
            service for service in self.services.values() if text == root(service.manifest)["spec"]["clusterIP"].text()
        )
        return next(fits, OutsideHost(text))


def served(manifests: Iterable[Manifest]) -> frozenset[str]:
    """The hosts that Ingresses, Routes and HTTPRoutes serve."""
    hosts: set[str] = set()
    for manifest in manifests:
        spec = root(manifest)["spec"]
        if manifest.kind == "Ingress":
            hosts.update(rule["host"].text().lower() for rule in spec["rules"].items())
            hosts.update(host.lower() for item in spec["tls"].items() for host in item["hosts"].texts())
        elif manifest.kind == "Route":
            hosts.add(spec["host"].text().lower())
        elif manifest.kind == "HTTPRoute":
            hosts.update(host.lower() for host in spec["hostnames"].texts())
    return frozenset(hosts - {""})
