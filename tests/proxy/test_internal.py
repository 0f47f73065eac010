"""egress.internal: a name may lead to its own CIDRs and nowhere else, by TLS, HTTP or TCP."""

from __future__ import annotations

import pytest

from tests.proxy.attempts import REFUSED, Outcome, Row, make, raw, send_bytes, tls
from tests.proxy.client import Client
from tests.proxy.proxy import Proxy
from tests.proxy.world import World

ALLOWED, ASTRAY = ("allowed", "listed"), ("failed", "no-address")
OTHER_HOST = ("denied", "host-not-in-egress.internal")
UNLISTED = ("denied", "not-in-egress.domains")


def get(host: str, target: str = "/") -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n".encode()


ROWS = (
    Row("tls", tls("tls.corp.example:443"), 200, "10.20.0.1 tls.corp.example ping", ALLOWED),
    Row("tls wildcard", tls("a.wild.corp.example:443"), 200, "10.20.0.4 a.wild.corp.example ping", ALLOWED),
    Row("tls, outside its CIDRs", tls("stray.wild.corp.example:443"), 200, "", ASTRAY),
    Row("tls, a public address", tls("public.wild.corp.example:443"), 200, "", ASTRAY),
    Row("tls, apex of the wildcard", tls("wild.corp.example:443"), 403, "wild.corp.example:443 is not", UNLISTED),
    Row("public name at an internal address", tls("lured.openai.com:443"), 200, "", ASTRAY),
    Row("public SNI in an internal tunnel", tls("tls.corp.example:443", "lured.openai.com"), 200, "", ASTRAY),
    Row("tcp", send_bytes("tcp.corp.example:5432", b"hello"), 200, "10.20.0.3 None hello", ALLOWED),
    Row("tcp with TLS in it", tls("tcp.corp.example:5432", "evil.test"), 200, "10.20.0.3 evil.test ping", ALLOWED),
    Row("tcp, outside its CIDRs", send_bytes("strayed-tcp.corp.example:5432", b"hello"), REFUSED, "", ASTRAY),
    Row("tcp, another port", send_bytes("tcp.corp.example:443", b"x"), 403, "tcp.corp.example:443 is not", UNLISTED),
    Row("tcp by HTTP", raw(get("tcp.corp.example:5432")), 403, "tcp.corp.example:5432 was", ("denied", "plain-http")),
    Row("http", raw(get("ignored", "http://http.corp.example/a")), 200, "10.20.0.2 None GET /a ", ALLOWED),
    Row("http, its other port", raw(get("x", "http://http.corp.example:8080/")), 200, "10.20.0.2 None GET / ", ALLOWED),
    Row(
        "http, a port that is not listed",
        raw(get("x", "http://http.corp.example:5432/")),
        403,
        "http.corp.example:5432 was",
        ("denied", "plain-http"),
    ),
    Row("http, outside its CIDRs", raw(get("x", "http://public-http.corp.example/")), 503, "", ASTRAY),
    Row("http tunnel", send_bytes("http.corp.example:80", get("http.corp.example")), 200, "HTTP/1.1 200 OK", ALLOWED),
    Row(
        "http tunnel, other host",
        send_bytes("http.corp.example:80", get("b.example")),
        200,
        "HTTP/1.1 403 ",
        OTHER_HOST,
    ),
    Row(
        "http tunnel, absolute other host",
        send_bytes("http.corp.example:80", get("http.corp.example", "http://b.example/")),
        200,
        "HTTP/1.1 403 ",
        OTHER_HOST,
    ),
    Row(
        "http tunnel in a tunnel",
        send_bytes("http.corp.example:80", b"CONNECT b.example:443 HTTP/1.1\r\n\r\n"),
        200,
        "HTTP/1.1 404 ",
        ("denied", "bad-request"),
    ),
    Row(
        "http tunnel, not HTTP",
        send_bytes("http.corp.example:80", b"\x16\x03\x01\r\n\r\n"),
        200,
        "HTTP/1.1 400 ",
        ("denied", "bad-request"),
    ),
)


@pytest.fixture(scope="module")
def outcomes(enforcing: Proxy, world: World) -> dict[str, Outcome]:
    world.zone["lured.openai.com"] = ["10.20.0.1"]
    world.arrivals.clear()
    return make(enforcing, ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_answer(outcomes: dict[str, Outcome], row: Row) -> None:
    attempt = outcomes[row.name].attempt
    assert row.holds(attempt), attempt


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_one_line_with_the_reason(outcomes: dict[str, Outcome], row: Row) -> None:
    assert outcomes[row.name].lines == (row.log,)


def test_nobody_arrives_outside_the_cidrs(outcomes: dict[str, Outcome], world: World) -> None:
    assert {it.address for it in world.arrivals} == {"10.20.0.1", "10.20.0.2", "10.20.0.3", "10.20.0.4"}


def test_what_was_meant_for_the_proxy_stays_there(outcomes: dict[str, Outcome]) -> None:
    assert "c2VjcmV0" not in outcomes["http"].attempt.text
    assert "c2VjcmV0" not in outcomes["http tunnel"].attempt.text


def test_one_connection_reaches_one_host(enforcing: Proxy, world: World) -> None:
    """Requests of one client share a connection; each must still go where it says."""
    client = Client(world.namespace, enforcing.ports["gateway"])
    answers = [
        client.ask(get("x", f"http://{host}/"))[1].split(" ")[0]
        for host in ("http.corp.example", "http.corp.example:8080", "public-http.corp.example", "http.corp.example")
    ]
    ports = [it.port for it in world.arrivals[-3:]]
    client.close()
    assert [answers[0], answers[1], answers[3]] == ["10.20.0.2"] * 3
    assert not answers[2].startswith("203.")
    assert {80, 8080} <= set(ports)
