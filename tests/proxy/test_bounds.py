"""What a hostile or a slow client can take from others: bounded memory, and no more than its workload's connections."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml

from tests.proxy.cgroup import Cgroup, limited
from tests.proxy.client import Client, hello
from tests.proxy.conftest import EGRESS, Start
from tests.proxy.flood import flooding
from tests.proxy.proxy import Proxy
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
    with limited(LIMIT) as group, flooding(listener):
        proxy = start({"egress": listed}, None, group if isinstance(group, Cgroup) else None)
        good = opened(proxy, "api.openai.com:443")
        good.encrypt("api.openai.com")
        clients = [held for _ in range(MOST - 1) if (held := stalling(proxy))]
        time.sleep(2)
        alive, (ready, _) = good.alive(), proxy.get("/ready")
        clients.pop().close()
        time.sleep(0.5)
        fresh = opened(proxy, "api.openai.com:443")
        fresh.encrypt("api.openai.com")
        yield Stalled(len(clients) + 1, alive, fresh.alive(), ready, proxy.memory("VmHWM"), group)
        for sock in clients:
            sock.close()
        good.close()
        fresh.close()
        proxy.stop()
        listener.close()


def opened(proxy: Proxy, host: str) -> Client:
    client = Client(proxy.namespace, proxy.ports["gateway"])
    assert client.connect(host)[0] == 200
    return client


def stalling(proxy: Proxy) -> socket.socket | None:
    """A tunnel whose client asks, and reads nothing; None where it was refused.

    The kernel is let hold little at either end, or the test would spend its time on filling that.
    """
    sock = proxy.namespace.socket()
    narrow(sock)
    sock.settimeout(8)
    try:
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


def test_one_workload_cannot_take_another_s_connections(start: Start, world: World) -> None:
    """Of ten the gateway has eight, and the database, which has a list too, two."""
    proxy = start({"egress": EGRESS, "proxy": {"maxConnections": 10}})
    clients = [Client(world.namespace, proxy.ports["gateway"]) for _ in range(14)]
    served = [answers(client, "api.openai.com:443") for client in clients]
    other = Client(world.namespace, proxy.ports["database"])
    assert served == [True] * 8 + [False] * 6
    assert answers(other, "store.example:443")
    for client in (*clients, other):
        client.close()
    proxy.stop()


def answers(client: Client, host: str) -> bool:
    try:
        return client.connect(host)[0] == 200
    except OSError:
        return False
