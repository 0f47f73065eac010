"""CoreDNS in a namespace of its own, before a stand-in for cluster DNS."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.gobuild import build
from tests.guard.cluster_dns import ADDRESS, ClusterDns
from tests.guard.program import SOURCE, Guard
from tests.proxy.namespace import Namespace, NoNamespaceError

Start = Callable[..., Guard]
PROXY, DATABASE_PROXY = "10.96.0.77", "10.96.0.78"
SERVICES = {
    "sark-sark-network-out-gateway.sark.svc.cluster.local": PROXY,
    "sark-sark-network-out-database.sark.svc.cluster.local": DATABASE_PROXY,
    "kubernetes.default.svc.cluster.local": "10.96.0.1",
    "sark-postgres.sark.svc.cluster.local": "10.96.0.20",
    "six.sark.svc.cluster.local": "fd00::20",
}
OUTSIDE = {"ldap.corp.example": "10.20.0.20", "dc1.ldap.corp.example": "10.20.0.21", "evil.test": "203.0.113.66"}


@pytest.fixture(scope="session")
def coredns() -> Path:
    """The program, from its Go module."""
    if not sys.platform.startswith("linux"):
        pytest.skip("network namespaces are Linux's: the DNS guard was not tested")
    program, why = build(SOURCE)
    if program is None:
        pytest.skip(f"no CoreDNS, {why}: the DNS guard was not tested")
    return program


@pytest.fixture(scope="session")
def dns_namespace(coredns: Path) -> Iterator[Namespace]:
    try:
        made = Namespace()
    except NoNamespaceError as error:
        pytest.skip(f"{error}: the DNS guard was not tested")
    yield made
    made.close()


@pytest.fixture(scope="session")
def cluster_dns(dns_namespace: Namespace) -> ClusterDns:
    made = ClusterDns(dns_namespace, SERVICES, OUTSIDE)
    made.start()
    return made


@pytest.fixture
def start(cluster_dns: ClusterDns, coredns: Path) -> Iterator[Start]:
    """Start a guard with the chart's Corefile for some values. One at a time: its ports follow from parts' names."""
    with ExitStack() as stack:

        def made(values: dict[str, Any], upstream: str = ADDRESS) -> Guard:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            folder.chmod(0o755)
            guard = Guard(cluster_dns.namespace, folder, coredns, values, upstream)
            stack.callback(guard.stop)
            return guard

        yield made
