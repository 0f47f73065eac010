"""Mode audit: what enforce would deny passes, and the log says so. Private addresses stay out of reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proxy.attempts import REFUSED, Outcome, Row, make, raw, send_bytes, tls
from tests.proxy.conftest import EGRESS, Start
from tests.proxy.proxy import Proxy
from tests.proxy.world import World

ALLOWED, ASTRAY = ("allowed", "listed"), ("failed", "no-address")
UNLISTED, NOT_THE_SNI = ("audit", "not-in-egress.domains"), ("audit", "sni-not-in-egress.domains")
PLAIN_HTTP = ("audit", "plain-http")

ROWS = (
    Row("listed", tls("api.openai.com:443"), 200, "203.0.113.10 api.openai.com ping", ALLOWED),
    Row("listed, another listed SNI", tls("api.openai.com:443", "a.b.c.openai.com"), 200, "203.0.113.11 ", ALLOWED),
    Row("listed, rebound", tls("rebound-audit.openai.com:443"), 200, "", ASTRAY),
    Row("listed, outside its CIDRs", tls("stray.wild.corp.example:443"), 200, "", ASTRAY),
    Row("internal", tls("tls.corp.example:443"), 200, "10.20.0.1 tls.corp.example ping", ALLOWED),
    Row("internal tcp", send_bytes("tcp.corp.example:5432", b"hello"), 200, "10.20.0.3 None hello", ALLOWED),
    Row("unlisted", tls("evil.test:443"), 200, "203.0.113.66 evil.test ping", UNLISTED),
    Row("unlisted port", tls("evil.test:8443"), 200, "203.0.113.66 evil.test ping", UNLISTED),
    Row("unlisted, not TLS", send_bytes("evil.test:5432", b"hello"), 200, "203.0.113.66 None hello", UNLISTED),
    Row("address", tls("203.0.113.20:443", "x.test"), 200, "203.0.113.20 x.test ping", UNLISTED),
    Row("IPv6 address", tls("[2600:1901::10]:443", "x.test"), 200, "2600:1901::10 x.test ping", UNLISTED),
    # The tunnel leads where it was asked to lead, whatever is said in it: enforce would have closed it.
    Row("unlisted SNI", tls("api.openai.com:443", "evil.test"), 200, "203.0.113.10 evil.test ping", NOT_THE_SNI),
    Row("no SNI", tls("api.openai.com:443", None), 200, "203.0.113.10 None ping", NOT_THE_SNI),
    Row("not TLS", send_bytes("api.openai.com:443", b"hello"), 200, "203.0.113.10 None hello", NOT_THE_SNI),
    Row(
        "plain HTTP",
        raw(b"GET http://evil.test/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        200,
        "203.0.113.66 None GET / ",
        PLAIN_HTTP,
    ),
    Row(
        "plain HTTP, port",
        raw(b"GET http://evil.test:8080/ HTTP/1.1\r\n\r\n"),
        200,
        "203.0.113.66 None GET / ",
        PLAIN_HTTP,
    ),
    Row("unlisted, private", tls("lured.test:443"), REFUSED, "", ASTRAY),
    Row("unlisted, second address private", tls("lured-second.test:443"), 200, "", ("failed", "connect")),
    Row("private address", send_bytes("10.1.1.1:443", b"hello"), REFUSED, "", ASTRAY),
    Row("metadata address", send_bytes("169.254.169.254:80", b"GET / HTTP/1.1\r\n\r\n"), REFUSED, "", ASTRAY),
    Row("metadata by HTTP", raw(b"GET http://169.254.169.254/ HTTP/1.1\r\nHost: x\r\n\r\n"), 503, "", ASTRAY),
    Row("Envoy's own admin port", send_bytes("127.0.0.1:9801", b"GET / HTTP/1.1\r\n\r\n"), REFUSED, "", ASTRAY),
    Row("unlisted SNI, private", tls("lured-host.openai.com:443", "evil.test"), 200, "", ASTRAY),
)


@pytest.fixture(scope="module")
def auditing(start: Start) -> Iterator[Proxy]:
    proxy = start({"egress": EGRESS | {"mode": "audit"}})
    yield proxy
    # It would go on refreshing the addresses of names that other tests expect nobody to ask for.
    proxy.stop()


@pytest.fixture(scope="module")
def outcomes(auditing: Proxy, world: World) -> dict[str, Outcome]:
    world.zone |= {
        "rebound-audit.openai.com": ["10.1.1.1"],
        "lured-host.openai.com": ["10.1.1.1"],
        "lured.test": ["10.1.1.1"],
        "lured-second.test": ["198.51.100.7", "10.1.1.1"],
    }
    world.arrivals.clear()
    return make(auditing, ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_answer(outcomes: dict[str, Outcome], row: Row) -> None:
    attempt = outcomes[row.name].attempt
    assert row.holds(attempt), attempt


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_one_line_with_the_reason(outcomes: dict[str, Outcome], row: Row) -> None:
    assert outcomes[row.name].lines == (row.log,)


def test_no_handshake_reaches_a_private_address(outcomes: dict[str, Outcome], world: World) -> None:
    private = {it.address for it in world.arrivals if it.address.startswith(("10.", "127.", "169.254."))}
    assert private == {"10.20.0.1", "10.20.0.3"}
