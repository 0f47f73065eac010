"""What a host's name means in a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from tools.findings.model import Manifest
from tools.reach.needs.names import ClusterNames, OutsideHost, served
from tools.reach.peers.services import services


def service(name: str, namespace: str, **spec: Any) -> Manifest:
    """A Service."""
    return Manifest("file", "Service", name, namespace, {"metadata": {"name": name}, "spec": spec})


MANIFESTS = (
    service("db", "stores", selector={"app": "db"}, clusterIP="10.96.0.9"),
    service("api", "sark", selector={"app": "api"}),
    service("queue", "sark", selector={"app": "queue"}, clusterIP="None"),
    service("vault", "sark", type="ExternalName", externalName="vault.corp.example."),
    service("alias", "sark", type="ExternalName", externalName="db.stores.svc.cluster.local"),
    service("lost", "sark", type="ExternalName", externalName="gone.stores.svc.cluster.local"),
    service("loop", "sark", type="ExternalName", externalName="loop.sark.svc"),
)
NAMES = ClusterNames(
    services(MANIFESTS, "sark"), frozenset(("sark", "stores", "monitoring")), frozenset(("sark.io", "*.w.io"))
)
MEANT: dict[str, tuple[str, str] | OutsideHost | None] = {
    "api": ("sark", "api"),
    "API.": ("sark", "api"),
    "db": None,
    "db.stores": ("stores", "db"),
    "db.stores.svc": ("stores", "db"),
    "db.stores.svc.cluster.local": ("stores", "db"),
    "db.stores.svc.other.domain": ("stores", "db"),
    "queue-0.queue": ("sark", "queue"),
    "queue-0.queue.sark.svc.cluster.local": ("sark", "queue"),
    "api-0.api": None,
    "10.96.0.9": ("stores", "db"),
    "alias": ("stores", "db"),
    "vault": OutsideHost("vault.corp.example"),
    "api.openai.com": OutsideHost("api.openai.com"),
    "openai.com": OutsideHost("openai.com"),
    "10.9.0.5": OutsideHost("10.9.0.5"),
    "2001:db8::5": OutsideHost("2001:db8::5"),
    # Nobody can tell, or nobody else is meant.
    "lost": None,
    "loop": None,
    "jaeger.monitoring": None,
    "jaeger.tracing": None,
    "kubernetes.default.svc": None,
    "svc": None,
    "a.svc": None,
    "localhost": None,
    "db.localhost": None,
    "foo.cluster.local": None,
    "127.0.0.1": None,
    "0.0.0.0": None,
    "::": None,
    "::1": None,
    "169.254.169.254": None,
    "sark.io": None,
    "any.w.io": None,
}


@pytest.mark.parametrize("host", MEANT)
def test_meanings(host: str) -> None:
    meaning = NAMES.meaning(host, "sark")
    meanings = meaning if meaning is None or isinstance(meaning, OutsideHost) else (meaning.namespace, meaning.name)
    assert meanings == MEANT[host]


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        *(("kong-admin", True), ("vault.monitoring", True), ("vault.vault.svc", True), ("a.b.svc.cluster.local", True)),
        *(("vault.vault", False), ("api.openai.com", False), ("localhost", False), ("10.0.0.1", False)),
    ],
)
def test_names_that_can_be_nothing_but_the_clusters(host: str, inside: bool) -> None:
    assert NAMES.of_cluster(host) is inside


def test_hosts_are_served_by_ingresses_routes_and_gateways() -> None:
    bodies: dict[str, Any] = {
        "Ingress": {"rules": [{"host": "A.example"}, 7], "tls": [{"hosts": ["b.example", 7]}]},
        "Route": {"host": "c.example"},
        "HTTPRoute": {"hostnames": ["d.example"]},
        "Service": {"host": "e.example"},
    }
    objects = [Manifest("file", kind, "x", "sark", {"spec": spec}) for kind, spec in bodies.items()]
    assert served(objects) == {"a.example", "b.example", "c.example", "d.example"}
