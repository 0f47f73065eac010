"""Names: what the list allows passes, and what it does not is refused with its reason, and logged once."""

from __future__ import annotations

import pytest

from tests.proxy.attempts import Outcome, Row, make, raw, send_bytes, tls
from tests.proxy.client import Client, hello
from tests.proxy.proxy import Proxy
from tests.proxy.world import World

ALLOWED, UNLISTED = ("allowed", "listed"), ("denied", "not-in-egress.domains")
NOT_THE_SNI, NO_SNI, BAD = ("denied", "sni-not-in-egress.domains"), ("denied", "no-sni"), ("denied", "bad-request")
PLAIN_HTTP = ("denied", "plain-http")


def refused(host: str, workload: str = "gateway") -> str:
    return f"{host} is not in egress.domains for {workload}, asked by 127.0.0.1\n"


def unlisted(name: str, host: str, sni: str | None = "api.openai.com") -> Row:
    return Row(name, tls(host, sni), 403, refused(host), UNLISTED)


ROWS = (
    Row("wildcard", tls("api.openai.com:443"), 200, "203.0.113.10 api.openai.com ping", ALLOWED),
    Row("deep subdomain", tls("a.b.c.openai.com:443"), 200, "203.0.113.11 a.b.c.openai.com ping", ALLOWED),
    Row("exact", tls("api.anthropic.com:443"), 200, "203.0.113.13 api.anthropic.com ping", ALLOWED),
    Row("own port", tls("mcp.partner.example:8443"), 200, "203.0.113.15 mcp.partner.example ping", ALLOWED),
    Row("upper case", tls("API.OpenAI.COM:443", "API.OpenAI.COM"), 200, "203.0.113.10 API.OpenAI.COM ping", ALLOWED),
    Row("trailing dot", tls("api.openai.com.:443", "api.openai.com"), 200, "203.0.113.10 api.openai.com ping", ALLOWED),
    # What Python's http.client says before 3.12.
    Row("HTTP/1.0", tls("api.openai.com:443", version="1.0"), 200, "203.0.113.10 api.openai.com ping", ALLOWED),
    Row("IPv6", tls("six.openai.com:443"), 200, "2600:1901::10 six.openai.com ping", ALLOWED),
    Row("the other workload", tls("store.example:443"), 200, "203.0.113.16 store.example ping", ALLOWED, "database"),
    unlisted("apex of a wildcard", "openai.com:443"),
    unlisted("below an exact name", "sub.api.anthropic.com:443"),
    unlisted("name that ends alike", "evilopenai.com:443"),
    unlisted("nothing before the dot", ".openai.com:443"),
    Row("the wildcard itself", tls("*:443"), 400, "", BAD),
    unlisted("unlisted", "evil.test:443"),
    unlisted("unlisted with a listed SNI", "evil.test:443", "api.openai.com"),
    unlisted("IPv4", "203.0.113.10:443"),
    unlisted("IPv6 literal", "[2600:1901::10]:443"),
    unlisted("decimal IPv4", "3405803786:443"),
    unlisted("another port", "api.openai.com:8443"),
    unlisted("another entry's port", "mcp.partner.example:443"),
    Row("no port", tls("api.openai.com", "api.openai.com"), 400, "", BAD),
    unlisted("another workload's name", "store.example:443"),
    Row(
        "the gateway's name for another workload",
        tls("api.openai.com:443"),
        403,
        refused("api.openai.com:443", "database"),
        UNLISTED,
        "database",
    ),
    Row("wrong SNI", tls("api.openai.com:443", "evil.test"), 200, "", NOT_THE_SNI),
    Row("apex as SNI", tls("api.openai.com:443", "openai.com"), 200, "", NOT_THE_SNI),
    Row("SNI that ends alike", tls("api.openai.com:443", "evilopenai.com"), 200, "", NOT_THE_SNI),
    Row("another port's SNI", tls("mcp.partner.example:8443", "api.openai.com"), 200, "", NOT_THE_SNI),
    Row("another workload's SNI", tls("api.openai.com:443", "store.example"), 200, "", NOT_THE_SNI),
    Row("no SNI", tls("api.openai.com:443", None), 200, "", NO_SNI),
    Row("not TLS", send_bytes("api.openai.com:443", b"SSH-2.0-OpenSSH_9.9\r\n"), 200, "", NO_SNI),
    Row(
        "HTTP in the tunnel",
        send_bytes("api.openai.com:443", b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n"),
        200,
        "",
        NO_SNI,
    ),
    # The SNI is what is resolved and dialled, so the host that was asked for is not reached.
    Row(
        "another listed SNI",
        tls("api.openai.com:443", "a.b.c.openai.com"),
        200,
        "203.0.113.11 a.b.c.openai.com ping",
        ALLOWED,
    ),
    Row(
        "Host header of a listed name",
        raw(b"CONNECT evil.test:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n"),
        403,
        refused("evil.test:443"),
        UNLISTED,
    ),
    Row("user in the name", raw(b"CONNECT api.openai.com:443@evil.test:443 HTTP/1.1\r\n\r\n"), 400, "", BAD),
    Row(
        "plain HTTP to a listed name",
        raw(b"GET http://api.openai.com/ HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"),
        403,
        "api.openai.com was asked for over plain HTTP; ",
        PLAIN_HTTP,
    ),
    Row(
        "plain HTTP to its TLS port",
        raw(b"GET http://api.openai.com:443/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        403,
        "api.openai.com:443 was asked for over plain HTTP; ",
        PLAIN_HTTP,
    ),
    Row(
        "plain HTTP",
        raw(b"POST http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"),
        403,
        "evil.test was asked for over plain HTTP; ",
        PLAIN_HTTP,
    ),
    Row(
        "HTTP to the proxy itself",
        raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
        403,
        "127.0.0.1 was asked for over plain HTTP; ",
        PLAIN_HTTP,
    ),
    Row(
        "huge headers", raw(b"CONNECT api.openai.com:443 HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"), 431, "", BAD
    ),
    Row(
        "two lengths",
        raw(b"POST http://evil.test/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        400,
        "",
        BAD,
    ),
    Row(
        "TLS before the answer",
        raw(b"CONNECT evil.test:443 HTTP/1.1\r\n\r\n" + hello("api.openai.com")),
        403,
        refused("evil.test:443"),
        UNLISTED,
    ),
    Row("HTTP/2", raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400, "", BAD),
    Row("garbage", raw(b"\x00\x01\x02\r\n\r\n"), 400, "", BAD),
)


# As long as the name that it stands for: the ClientHello is OpenSSL's, with this name put in the other's place.
FORGED = b"a\r\nx-sark-entry: tls.corp.example\r\nb.openai.com", b"a\r\nx-sark-audit: let-through\r\nb.openai.com"


@pytest.mark.parametrize("sni", FORGED)
def test_a_server_name_cannot_add_a_header(enforcing: Proxy, world: World, sni: bytes) -> None:
    """The server name travels on in a header, to be logged; what it holds must stay one value."""
    world.zone[sni.decode()] = ["10.20.0.1"]
    stand_in = b"x" * (len(sni) - len(b".openai.com")) + b".openai.com"
    client = Client(world.namespace, enforcing.ports["gateway"])
    assert client.connect("api.openai.com:443")[0] == 200
    assert client.say(hello(stand_in.decode()).replace(stand_in, sni)) == ""
    client.close()
    (line,) = enforcing.lines(client.name)
    assert line["verdict"] != "allowed"
    assert line["verdict"] != "audit"
    assert "\r" not in line["sni"]


@pytest.fixture(scope="module")
def outcomes(enforcing: Proxy, world: World) -> dict[str, Outcome]:
    world.arrivals.clear()
    world.queries.clear()
    return make(enforcing, ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_answer(outcomes: dict[str, Outcome], row: Row) -> None:
    attempt = outcomes[row.name].attempt
    assert row.holds(attempt), attempt


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_one_line_with_the_reason(outcomes: dict[str, Outcome], row: Row) -> None:
    assert outcomes[row.name].lines == (row.log,)


def test_nobody_arrives_at_a_denied_name(outcomes: dict[str, Outcome], world: World) -> None:
    assert not [it for it in world.arrivals if it.address in ("203.0.113.66", "203.0.113.12", "203.0.113.14")]


def test_a_denied_name_is_not_resolved(outcomes: dict[str, Outcome], enforcing: Proxy, world: World) -> None:
    # A listed name that nobody else asks for: the addresses of others may be known from other tests.
    world.zone["asked-for.openai.com"] = ["203.0.113.10"]
    tls("asked-for.openai.com:443")(enforcing, enforcing.ports["gateway"])
    asked = {name.lower() for name in world.queries}
    assert "asked-for.openai.com" in asked
    assert not {"evil.test", "evilopenai.com", "openai.com", "sub.api.anthropic.com"} & asked
