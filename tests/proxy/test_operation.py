"""What an operator sees and relies on: metrics, probes, limits, and an end that leaves nothing open."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections import Counter

import pytest

from tests.proxy.client import Client, hello, tls
from tests.proxy.conftest import EGRESS, Start
from tests.proxy.proxy import Proxy
from tests.proxy.world import World

WHO = {"schema", "time", "pod", "workload", "client", "host", "sni", "upstream"}
WHAT = {"verdict", "reason", "list", "entry", "grant", "detail", "bytes_in", "bytes_out", "duration_ms"}
ATTEMPTS = re.compile(r'^envoy_sark_network_attempts\{workload="(.*?)",verdict="(.*?)",reason="(.*?)"\} (\d+)$', re.M)


def attempt(proxy: Proxy, host: str, sni: str) -> str:
    return tls(proxy.namespace, proxy.ports["gateway"], host, sni).client


def test_each_line_of_the_log_is_counted(start: Start) -> None:
    proxy = start({"egress": EGRESS})
    for host, sni in (
        ("api.openai.com:443", "api.openai.com"),
        ("api.openai.com:443", "evil.test"),
        ("evil.test:443", "evil.test"),
        ("evil.test:443", "evil.test"),
    ):
        assert len(proxy.lines(attempt(proxy, host, sni))) == 1
    status, page = proxy.get("/stats/prometheus")
    counted = {(workload, verdict, reason): int(count) for workload, verdict, reason, count in ATTEMPTS.findall(page)}
    logged = Counter((line["workload"], line["verdict"], line["reason"]) for line in proxy.log())
    assert status == 200
    assert counted == dict(logged)
    assert counted[("gateway", "denied", "not-in-egress.domains")] == 2


def test_a_line_has_these_fields(enforcing: Proxy) -> None:
    (line,) = enforcing.lines(attempt(enforcing, "api.openai.com:443", "api.openai.com"))
    assert set(line) == WHO | WHAT
    assert line["upstream"] == "203.0.113.10:443"
    assert line["host"] == "api.openai.com:443"
    assert line["bytes_in"] > 200
    assert line["bytes_out"] > 200


def test_what_a_client_says_cannot_forge_a_line(enforcing: Proxy, world: World) -> None:
    client = Client(world.namespace, enforcing.ports["gateway"])
    client.ask(b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n")
    client.close()
    client = Client(world.namespace, enforcing.ports["gateway"])
    client.ask(b'CONNECT evil.test%22,%22verdict%22:%22allowed":443 HTTP/1.1\r\n\r\n')
    client.close()
    assert {line["verdict"] for line in enforcing.lines(client.name)} == {"denied"}


def test_the_metrics_port_serves_two_pages_and_a_wait(enforcing: Proxy) -> None:
    status, page = enforcing.get("/ready")
    assert status == 200
    assert "LIVE" in page
    for path in ("/", "/quitquitquit", "/config_dump", "/stats", "/ready/../quitquitquit", "//stats/prometheus"):
        assert enforcing.get(path)[0] == 404, path
    started = time.monotonic()
    assert enforcing.get("/wait")[0] == 200
    assert 4.5 < time.monotonic() - started < 15


def test_the_admin_port_is_on_loopback_alone(enforcing: Proxy, world: World) -> None:
    admin = enforcing.admin
    assert enforcing.get("/ready", admin)[0] == 200
    with world.namespace.socket() as sock:
        assert sock.connect_ex(("203.0.113.1", admin)) != 0
    with world.namespace.socket() as sock:
        assert sock.connect_ex(("203.0.113.1", enforcing.ports["gateway"])) == 0


def test_ipv6_clients_are_served(enforcing: Proxy, world: World) -> None:
    client = Client(world.namespace, enforcing.ports["gateway"], socket.AF_INET6)
    assert client.connect("api.openai.com:443")[0] == 200
    client.encrypt("api.openai.com")
    assert client.alive()
    client.close()
    assert [line["verdict"] for line in enforcing.lines(client.name)] == ["allowed"]


def test_a_hello_in_many_pieces(enforcing: Proxy, world: World) -> None:
    for sni, expected in (("api.openai.com", ["allowed"]), ("evil.test", ["denied"])):
        client = Client(world.namespace, enforcing.ports["gateway"])
        assert client.connect("api.openai.com:443")[0] == 200
        for byte in hello(sni):
            client.sock.send(bytes([byte]))
        time.sleep(0.2)
        client.close()
        assert [line["verdict"] for line in enforcing.lines(client.name)] == expected


@pytest.mark.parametrize("size", [0, 1, 20])
def test_a_client_that_leaves_is_logged(enforcing: Proxy, world: World, size: int) -> None:
    client = Client(world.namespace, enforcing.ports["gateway"])
    assert client.connect("api.openai.com:443")[0] == 200
    client.sock.sendall(hello("api.openai.com")[:size])
    time.sleep(0.2)
    client.close()
    assert [(it["verdict"], it["reason"]) for it in enforcing.lines(client.name)] == [("failed", "client-left")]


def test_the_limit_counts_clients_and_nothing_else(start: Start, world: World) -> None:
    proxy = start({"egress": {"domains": ["api.openai.com"]}, "proxy": {"maxConnections": 6}})
    clients = []
    for number in range(8):
        client = Client(world.namespace, proxy.ports["gateway"], address=f"10.0.1.{number + 1}")
        clients.append(client)
        with contextlib.suppress(OSError):
            client.connect("api.openai.com:443")
            client.encrypt("api.openai.com")
    served = [client.alive() for client in clients]
    assert served == [True] * 6 + [False] * 2
    assert proxy.get("/ready")[0] == 200
    clients[0].close()
    time.sleep(0.3)
    again = Client(world.namespace, proxy.ports["gateway"], address="10.0.1.1")
    assert again.connect("api.openai.com:443")[0] == 200
    for client in (*clients, again):
        client.close()


def test_an_empty_list_denies_everything_and_says_so(start: Start) -> None:
    proxy = start({"egress": {"domains": []}})
    answer = tls(proxy.namespace, proxy.ports["gateway"], "api.openai.com:443", "api.openai.com")
    assert answer.status == 403
    assert answer.text == (
        "api.openai.com:443 is not in egress.domains for gateway, asked by 127.0.0.1\n"
        "This is policy and no fault: do not retry, and do not try without the proxy, for no other way leads out. "
        "To have it allowed, ask whoever runs release sark in namespace sark.\n"
    )
    assert not proxy.complaints()


def test_its_end_closes_what_is_open(start: Start, world: World) -> None:
    proxy = start({"egress": EGRESS})
    client = Client(world.namespace, proxy.ports["gateway"])
    client.connect("api.openai.com:443")
    client.encrypt("api.openai.com")
    assert client.alive()
    proxy.stop()
    assert not client.alive()
    client.close()
