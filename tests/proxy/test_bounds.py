"""What a hostile or a slow client can take from others: bounded memory, and no more than its workload's connections."""

from __future__ import annotations

import fcntl
import itertools
import os
import resource
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.proxy.cgroup import Cgroup, limited
from tests.proxy.client import Client, hello
from tests.proxy.conftest import EGRESS, Start
from tests.proxy.flood import flooding
from tests.proxy.proxy import Proxy, files, objects
from tests.proxy.test_steering import Steered
from tests.proxy.world import World
from tools.render.own import CHART

PROXY = yaml.safe_load((CHART / "values.yaml").read_text())["proxy"]
MOST = int(PROXY["maxConnections"])
LIMIT = int(PROXY["resources"]["limits"]["memory"].removesuffix("Gi")) << 30
NAME, ADDRESS, PORT = "flood.test", "203.0.113.90", 8444
HELLO = hello(NAME)


@dataclass(frozen=True)
class Stalled:
    """What became of as many tunnels as the chart allows, one of them a good one and the others without a reader."""

    opened: int
    alive: bool
    fresh: bool
    ready: int
    resident: int
    cgroup: Cgroup | str


@pytest.fixture(scope="module")
def stalled(start: Start, world: World) -> Iterator[Stalled]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < 3 * MOST:
        pytest.skip(f"a process may open {most} files here, and {3 * MOST} are needed: the bound was not tested")
    world.zone[NAME] = [ADDRESS]
    listed = {"domains": ["api.openai.com", {"name": NAME, "ports": [PORT]}]}
    listener = world.namespace.socket(bind=(ADDRESS, PORT))
    narrow(listener)
    # Two processes of one run would fill the kernel's memory for TCP together, and both wait for it.
    with alone(), limited(LIMIT) as group, flooding(listener):
        proxy = start({"egress": listed}, None, group if isinstance(group, Cgroup) else None)
        good = opened(proxy, "api.openai.com:443")
        good.encrypt("api.openai.com")
        tried = (stalling(proxy, f"10.0.{each % 200}.2") for each in range(MOST - 1))
        held = [sock for sock in itertools.takewhile(bool, tried) if sock]
        time.sleep(2)
        alive, (ready, _) = good.alive(), proxy.get("/ready")
        held.pop().close()
        time.sleep(0.5)
        fresh = opened(proxy, "api.openai.com:443")
        fresh.encrypt("api.openai.com")
        yield Stalled(len(held) + 1, alive, fresh.alive(), ready, proxy.memory("VmHWM"), group)
        for sock in held:
            sock.close()
        good.close()
        fresh.close()
        proxy.stop()
        listener.close()


@contextmanager
def alone() -> Iterator[None]:
    """Waits until no other process of this user is within."""
    with (Path(tempfile.gettempdir()) / f"sark-network-stalled-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def opened(proxy: Proxy, host: str) -> Client:
    client = Client(proxy.namespace, proxy.ports["gateway"])
    assert client.connect(host)[0] == 200
    return client


def stalling(proxy: Proxy, address: str) -> socket.socket | None:
    """A tunnel whose client asks, and reads nothing; None where it was refused. `address`: one client may not hold all.

    The kernel is let hold little at either end, or the test would spend its time on filling that.
    """
    sock = proxy.namespace.socket()
    narrow(sock)
    sock.settimeout(8)
    try:
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", proxy.ports["gateway"]))
        sock.sendall(f"CONNECT {NAME}:{PORT} HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        if sock.recv(12).endswith(b" 200"):
            sock.sendall(HELLO)
            return sock
    except OSError:
        pass
    sock.close()
    return None


def narrow(sock: socket.socket) -> None:
    """Small segments and small buffers."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)


def test_every_connection_that_the_chart_allows_is_served(stalled: Stalled) -> None:
    assert stalled.opened == MOST - 1


def test_tunnels_without_a_reader_stay_within_the_limit(stalled: Stalled) -> None:
    assert stalled.resident < LIMIT


def test_nothing_is_killed_in_the_chart_s_own_limit(stalled: Stalled) -> None:
    if isinstance(stalled.cgroup, str):
        pytest.skip(f"{stalled.cgroup}: only what is resident was measured")
    assert stalled.cgroup.kills == 0
    assert LIMIT / 4 < stalled.cgroup.peak <= LIMIT


def test_the_others_go_on(stalled: Stalled) -> None:
    assert (stalled.alive, stalled.fresh, stalled.ready) == (True, True, 200)


class Served:
    """Connections one after the other, each with its answer: two threads of Envoy accept in no order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._clients: list[Client] = []

    def tunnels(self, port: int, count: int, address: str, name: str = "api.openai.com") -> list[bool]:
        """Whether each of so many tunnels of one client is opened."""
        return [answers(self._new(port, address), f"{name}:443") for _ in range(count)]

    def steered(self, port: int, count: int, address: str, name: str = "api.openai.com") -> list[bool]:
        """The same with TLS at once."""
        return [encrypted(self._new(port, address), name) for _ in range(count)]

    def unencrypted(self, port: int, count: int, address: str) -> list[bool]:
        """The same with plain bytes, to a server that says no name."""
        return [self._new(port, address).alive() for _ in range(count)]

    def silent(self, port: int, count: int, address: str) -> None:
        """Connections that ask for nothing."""
        for _ in range(count):
            self._new(port, address)
        time.sleep(0.3)

    def close(self, count: int | None = None) -> None:
        """All of them, or the first."""
        for client in self._clients[:count]:
            client.close()
        time.sleep(0.3)

    def _new(self, port: int, address: str) -> Client:
        self._clients.append(Client(self._world.namespace, port, address=address))
        return self._clients[-1]


@pytest.fixture
def served(world: World) -> Iterator[Served]:
    made = Served(world)
    yield made
    made.close()


# Clients that come to different chains; the hash of an address is Envoy's own, and the same in every run.
APART = ("10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4", "10.0.1.5", "10.0.1.6")


def test_one_workload_cannot_take_another_s_connections(start: Start, served: Served) -> None:
    """Of twenty the gateway has sixteen, and the database, which has a list too, four."""
    proxy = start({"egress": EGRESS, "proxy": {"maxConnections": 20}})
    gateway = [answer for address in APART[:5] for answer in served.tunnels(proxy.ports["gateway"], 4, address)]
    assert gateway == [True] * 16 + [False] * 4
    assert served.tunnels(proxy.ports["database"], 1, APART[0], "store.example") == [True]
    proxy.stop()


def test_one_client_cannot_take_its_workload_s_connections(start: Start, served: Served) -> None:
    """One of the gateway's has a quarter of all, one of another workload's a sixteenth; what it closed it has again."""
    proxy = start({"egress": EGRESS, "proxy": {"maxConnections": 32}})
    gateway, database = proxy.ports["gateway"], proxy.ports["database"]
    assert served.tunnels(gateway, 12, APART[0]) == [True] * 8 + [False] * 4
    assert served.tunnels(gateway, 1, APART[1]) == [True]
    served.close(1)
    assert served.tunnels(gateway, 2, APART[0]) == [True, False]
    assert served.tunnels(database, 3, APART[0], "store.example") == [True, True, False]
    proxy.stop()


def test_an_idle_connection_counts(start: Start, served: Served) -> None:
    """Also one that has asked for nothing yet."""
    proxy = start({"egress": EGRESS, "proxy": {"maxConnections": 16}})
    served.silent(proxy.ports["gateway"], 4, APART[0])
    assert served.tunnels(proxy.ports["gateway"], 1, APART[0]) == [False]
    assert served.tunnels(proxy.ports["gateway"], 1, APART[1]) == [True]
    proxy.stop()


def test_clients_are_spread_over_every_chain() -> None:
    listeners = yaml.load(files(objects({}))["listeners.yaml"], yaml.CSafeLoader)["resources"]
    (gateway,) = [listener for listener in listeners if listener["name"] == "gateway"]
    matchers = gateway["filter_chain_matcher"]["matcher_list"]["matchers"]
    actions = [matcher["on_match"]["action"]["typed_config"]["value"] for matcher in matchers]
    actions.append(gateway["filter_chain_matcher"]["on_no_match"]["action"]["typed_config"]["value"])
    assert sorted(actions) == sorted(chain["name"] for chain in gateway["filter_chains"])
    assert len(actions) == 16


STEERING = {"dnsGuard": {"enabled": True, "steering": {"enabled": True}}}


def steering(start: Start, most: int, listed: dict[str, Any]) -> Steered:
    return Steered(start, {**STEERING, "egress": listed, "proxy": {"maxConnections": most}})


def test_steered_connections_have_a_part_of_the_share(start: Start, served: Served) -> None:
    """Of the gateway's sixteen CONNECT's port and port 443 have six each, every other port one."""
    own = steering(start, 20, {"domains": EGRESS["domains"]})
    shares = yaml.safe_load((own.proxy.folder / "list" / "shares.yaml").read_text())["resources"][0]["layer"]
    limits = {key.removeprefix("envoy.resource_limits.listener."): value for key, value in shares.items()}
    assert limits == {
        "gateway.connection_limit": 6, "gateway/443.connection_limit": 6, "gateway/8443.connection_limit": 1,
        "gateway/9443.connection_limit": 1, "database.connection_limit": 2, "database/443.connection_limit": 2,
    }  # fmt: skip
    steered = [answer for client in APART[:4] for answer in served.steered(own.ports["gateway", 443], 2, client)]
    assert steered == [True] * 6 + [False] * 2
    assert served.tunnels(own.proxy.ports["gateway"], 1, APART[1]) == [True]
    assert served.steered(own.ports["database", 443], 1, APART[0], "store.example") == [True]
    own.proxy.stop()


def test_one_client_cannot_take_its_workload_s_steered_connections(start: Start, served: Served) -> None:
    """On port 443 one of the gateway's has an eighth of all, on another port a 32nd; what it closed it has again."""
    own = steering(start, 64, {"domains": ["api.openai.com", {"name": "mcp.partner.example", "ports": [8443]}]})
    port, other = own.ports["gateway", 443], own.ports["gateway", 8443]
    assert served.steered(port, 10, APART[0]) == [True] * 8 + [False] * 2
    assert served.steered(port, 1, APART[1]) == [True]
    served.close(1)
    assert served.steered(port, 2, APART[0]) == [True, False]
    assert served.steered(other, 3, APART[0], "mcp.partner.example") == [True, True, False]
    assert served.steered(other, 1, APART[1], "mcp.partner.example") == [True]
    counted = own.proxy.get("/stats/prometheus")[1]
    lines = [line for line in counted.splitlines() if line.startswith("envoy_connection_limit_limited_connections")]
    assert [line for line in lines if '"gateway/443"' in line and line.endswith(" 3")], lines
    own.proxy.stop()


def test_a_steered_connection_that_says_nothing_counts(start: Start, served: Served) -> None:
    """So a client cannot keep others out with connections of which nothing but TLS's first words is waited for."""
    own = steering(start, 64, {"domains": ["api.openai.com"]})
    served.silent(own.ports["gateway", 443], 8, APART[0])
    assert served.steered(own.ports["gateway", 443], 1, APART[0]) == [False]
    assert served.steered(own.ports["gateway", 443], 1, APART[1]) == [True]
    own.proxy.stop()


def test_a_steered_server_without_a_name_is_shared_out_among_clients_too(start: Start, served: Served) -> None:
    internal = [{"name": "tcp.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [5432], "protocol": "tcp"}]
    own = steering(start, 64, {"domains": [], "internal": internal})
    port = own.ports["gateway", 5432]
    assert served.unencrypted(port, 4, APART[0]) == [True] * 2 + [False] * 2
    assert served.unencrypted(port, 1, APART[1]) == [True]
    own.proxy.stop()


def encrypted(client: Client, name: str) -> bool:
    try:
        client.encrypt(name)
    except OSError:
        return False
    return client.alive()


def answers(client: Client, host: str) -> bool:
    try:
        return client.connect(host)[0] == 200
    except OSError:
        return False
