"""Names that the DNS guard leads to the proxy: Envoy takes their TLS by server name, and decides as in a tunnel."""

from __future__ import annotations

import contextlib
import functools
import http.client
import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.proxy import client
from tests.proxy.client import Attempt
from tests.proxy.conftest import EGRESS, Start
from tests.proxy.proxy import Proxy, objects
from tests.proxy.test_change import until
from tests.proxy.world import World
from tools.egress.allowlist import Suffixes, parse_values
from tools.egress.live import tally
from tools.egress.live.advice import advice
from tools.egress.live.record import read

# Two servers of protocol tcp share a port there: strict is what refuses to render that.
LIST = {**EGRESS, "strict": False}
VALUES: dict[str, Any] = {"egress": LIST, "dnsGuard": {"enabled": True, "steering": {"enabled": True}}}


# Ports to listen on that nobody else takes: clients have those from 20,000 on (client.py), and the kernel's come after.
_listeners = itertools.count(12_000)


class Steered:
    """A proxy, and a port for each port of each workload, which no other proxy of the namespace has."""

    def __init__(self, start: Start, values: dict[str, Any]) -> None:
        services = [it for it in objects(values) if it["kind"] == "Service" and "-out-" in it["metadata"]["name"]]
        listed = {
            (it["metadata"]["labels"]["sark-network/workload"], port["port"]): port["targetPort"]
            for it in services
            for port in it["spec"]["ports"]
        }
        own = {number: next(_listeners) for number in dict.fromkeys(listed.values())}
        self.ports = {key: own[number] for key, number in listed.items()}
        # In two steps, so that no port that is written is taken for one that is to be replaced.
        patch = {f"port_value: {number}": f"port_value: #{port}" for number, port in own.items()}
        patch["port_value: #"] = "port_value: "
        self.proxy: Proxy = start(values, patch)

    def tls(self, port: int, sni: str | None, workload: str = "gateway") -> Attempt:
        """TLS straight to the proxy, as a program that was steered makes it."""
        return self._answered(port, workload, lambda it: it.encrypt(sni))

    def send_bytes(self, port: int, words: bytes, workload: str = "gateway") -> Attempt:
        """Bytes as they are."""
        return self._answered(port, workload, lambda it: None, words)

    def _answered(
        self, port: int, workload: str, begin: Callable[[client.Client], None], words: bytes = b"ping"
    ) -> Attempt:
        made = client.Client(self.proxy.namespace, self.ports[workload, port])
        text = ""
        try:
            begin(made)
            text = made.say(words)
        except OSError:
            pass
        made.close()
        return Attempt(200 if text else 0, text, made.name)

    def lines(self, attempt: Attempt) -> list[tuple[str, str, str, str]]:
        """What the log says of it."""
        return [
            (it["workload"], it["host"] or "", it["verdict"], it["reason"]) for it in self.proxy.lines(attempt.client)
        ]


@pytest.fixture(scope="module")
def steered(start: Start) -> Steered:
    return Steered(start, VALUES)


@pytest.fixture(scope="module")
def audited(start: Start) -> Iterator[Steered]:
    made = Steered(start, {**VALUES, "egress": {**LIST, "mode": "audit"}})
    yield made
    # It would go on refreshing the addresses of names that other tests expect nobody to ask for.
    made.proxy.stop()


ALLOWED = [
    ("a wildcard's name", 443, "api.openai.com", "203.0.113.10"),
    ("deep below it", 443, "a.b.c.openai.com", "203.0.113.11"),
    ("in upper case", 443, "API.OpenAI.COM", "203.0.113.10"),
    ("an exact name", 443, "api.anthropic.com", "203.0.113.13"),
    ("another port", 8443, "mcp.partner.example", "203.0.113.15"),
    ("an internal name", 443, "tls.corp.example", "10.20.0.1"),
]


@pytest.mark.parametrize(("name", "port", "sni", "address"), ALLOWED, ids=[row[0] for row in ALLOWED])
def test_listed_names_are_reached(steered: Steered, name: str, port: int, sni: str, address: str) -> None:
    attempt = steered.tls(port, sni)
    assert attempt.text.split()[0] == address
    assert steered.lines(attempt) == [("gateway", f"{sni.lower()}:{port}", "allowed", "listed")]


DENIED = [
    ("not listed", 443, "evil.test", "denied", "sni-not-in-egress.domains"),
    ("a wildcard's apex", 443, "openai.com", "denied", "sni-not-in-egress.domains"),
    ("below an exact name", 443, "sub.api.anthropic.com", "denied", "sni-not-in-egress.domains"),
    ("listed on another port", 443, "mcp.partner.example", "denied", "sni-not-in-egress.domains"),
    ("listed on this port no more than there", 8443, "api.openai.com", "denied", "sni-not-in-egress.domains"),
    ("another workload's", 443, "store.example", "denied", "sni-not-in-egress.domains"),
    ("no server name", 443, None, "denied", "no-sni"),
    ("an internal name at another address", 443, "stray.wild.corp.example", "failed", "no-address"),
    ("an internal name at a public address", 443, "public.wild.corp.example", "failed", "no-address"),
    ("a name without an address", 443, "empty.openai.com", "failed", "no-address"),
]


@pytest.mark.parametrize(("name", "port", "sni", "verdict", "reason"), DENIED, ids=[row[0] for row in DENIED])
def test_nothing_else_is(
    steered: Steered, world: World, name: str, port: int, sni: str | None, verdict: str, reason: str
) -> None:
    before = len(world.arrivals)
    attempt = steered.tls(port, sni)
    assert attempt.text == ""
    assert steered.lines(attempt) == [("gateway", f"{sni or '-'}:{port}", verdict, reason)]
    assert world.arrivals[before:] == []


@pytest.mark.parametrize(
    "address", ["10.99.0.1", "169.254.169.254", "127.0.0.1", "64:ff9b::a01:101", "2002:a01:101::1"]
)
def test_a_listed_name_at_a_private_address_is_not(steered: Steered, world: World, address: str) -> None:
    name = f"steered-{address.replace(':', '-').replace('.', '-')}.openai.com"
    world.zone[name] = [address]
    before = len(world.arrivals)
    attempt = steered.tls(443, name)
    assert (attempt.text, steered.lines(attempt)) == ("", [("gateway", f"{name}:443", "failed", "no-address")])
    assert world.arrivals[before:] == []


def test_the_lists_of_two_workloads_stay_apart(steered: Steered) -> None:
    assert steered.tls(443, "store.example", "database").text.split()[0] == "203.0.113.16"
    attempt = steered.tls(443, "api.openai.com", "database")
    assert (attempt.text, steered.lines(attempt)) == (
        "",
        [("database", "api.openai.com:443", "denied", "sni-not-in-egress.domains")],
    )


def test_the_commands_about_the_log_know_the_port(steered: Steered) -> None:
    """Without it no entry would have been used, and nothing could be said of what would allow a name."""
    attempts = [
        steered.tls(8443, "mcp.partner.example"),
        steered.tls(8443, "not.listed.example"),
        steered.tls(443, None),
    ]
    log = read(json.dumps(line) for attempt in attempts for line in steered.proxy.lines(attempt.client))
    listed = parse_values({"egress": LIST}, suffixes=Suffixes(frozenset()))[0]
    assert [(used.entry, used.path[:14]) for used in tally.used(log, listed)] == [
        ("mcp.partner.example", "egress.domains")
    ]
    assert [advice(item, Suffixes(frozenset())).entry for item in tally.blocked(log) if item.name] == [
        "{name: not.listed.example, ports: [8443]}"
    ]
    assert [(item.name, item.port) for item in tally.blocked(log) if item.reason == "no-sni"] == [("", 443)]


def request(host: str) -> bytes:
    """A GET, as a program sends it to a server."""
    return f"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("port", "host", "status", "logged"),
    [
        (8080, "http.corp.example:8080", 200, ("allowed", "listed")),
        (80, "http.corp.example", 200, ("allowed", "listed")),
        (80, "public-http.corp.example", 503, ("failed", "no-address")),
        (80, "evil.test", 403, ("denied", "plain-http")),
        (8080, "api.openai.com", 403, ("denied", "plain-http")),
    ],
)
def test_http_goes_by_host(
    steered: Steered, world: World, port: int, host: str, status: int, logged: tuple[str, str]
) -> None:
    before = len(world.arrivals)
    attempt = steered.send_bytes(port, request(host))
    assert attempt.text.startswith(f"HTTP/1.1 {status} ")
    assert [line[2:] for line in steered.lines(attempt)] == [logged]
    assert [it.address for it in world.arrivals[before:]] == (["10.20.0.2"] if status == 200 else [])


def test_a_server_that_says_no_name_has_the_port_to_itself(start: Start, world: World) -> None:
    internal = [{"name": "tcp.corp.example", "cidrs": ["10.20.0.0/16"], "ports": [5432], "protocol": "tcp"}]
    own = Steered(start, {**VALUES, "egress": {"domains": [], "internal": internal}})
    before = len(world.arrivals)
    attempt = own.send_bytes(5432, b"SELECT 1")
    assert attempt.text.startswith("10.20.0.3 ")
    assert own.lines(attempt) == [("gateway", "tcp.corp.example:5432", "allowed", "listed")]
    assert [line["entry"] for line in own.proxy.lines(attempt.client)] == ["tcp.corp.example"]
    assert len(world.arrivals) == before + 1


def test_text_on_a_port_of_tls_is_closed(steered: Steered, world: World) -> None:
    before = len(world.arrivals)
    attempt = steered.send_bytes(443, request("api.openai.com"))
    assert (attempt.text, steered.lines(attempt)) == ("", [("gateway", "-:443", "denied", "no-sni")])
    assert world.arrivals[before:] == []


def test_connect_goes_on_as_before(steered: Steered) -> None:
    attempt = client.tls(
        steered.proxy.namespace, steered.proxy.ports["gateway"], "api.openai.com:443", "api.openai.com"
    )
    assert (attempt.status, attempt.text.split()[0]) == (200, "203.0.113.10")


def test_audit_lets_names_through_and_logs_them(audited: Steered) -> None:
    attempt = audited.tls(443, "evil.test")
    assert attempt.text.split()[0] == "203.0.113.66"
    assert audited.lines(attempt) == [("gateway", "evil.test:443", "audit", "sni-not-in-egress.domains")]
    listed = audited.tls(443, "api.openai.com")
    assert audited.lines(listed) == [("gateway", "api.openai.com:443", "allowed", "listed")]
    private = audited.tls(443, "tcp.corp.example")
    assert (private.text, [line[2] for line in audited.lines(private)]) == ("", ["failed"])
    text = audited.send_bytes(80, request("evil.test"))
    assert text.text.startswith("HTTP/1.1 200 ")
    assert [line[2:] for line in audited.lines(text)] == [("audit", "plain-http")]


def test_a_revoked_name_loses_its_connections_and_no_other_does(start: Start) -> None:
    own = Steered(start, {**VALUES, "egress": {"domains": ["*.openai.com", "api.anthropic.com"]}})
    held = {}
    for name in ("api.openai.com", "api.anthropic.com"):
        held[name] = client.Client(own.proxy.namespace, own.ports["gateway", 443])
        held[name].encrypt(name)
        assert held[name].alive()
    own.proxy.update({**VALUES, "egress": {"domains": ["*.openai.com", {"name": "new.example", "ports": [8443]}]}})
    assert held["api.anthropic.com"].sock.recv(1) == b""
    assert held["api.openai.com"].alive()
    for client_held in held.values():
        client_held.close()


def rest(sock: socket.socket) -> bytes:
    """Everything until the far side's end; a reset instead of one raises ConnectionResetError."""
    sock.settimeout(5)
    return b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.mark.parametrize("size", [1, 3_000_000])
@pytest.mark.parametrize("steering", [False, True], ids=["connect", "steered"])
def test_a_servers_last_bytes_arrive_and_then_its_end(steered: Steered, steering: bool, size: int) -> None:
    port = steered.ports["gateway", 443] if steering else steered.proxy.ports["gateway"]
    made = client.Client(steered.proxy.namespace, port)
    if not steering:
        assert made.connect("api.anthropic.com:443")[0] == 200
    made.encrypt("api.anthropic.com")
    made.sock.sendall(b"last %d" % size)
    assert len(rest(made.sock)) == size
    made.close()


WRONG_HOST = b"GET / HTTP/1.1\r\nHost: wrong.test:8080\r\nConnection: close\r\n\r\n"


def test_a_refusal_of_http_arrives_whole_and_then_its_end(steered: Steered) -> None:
    made = client.Client(steered.proxy.namespace, steered.ports["gateway", 8080])
    made.sock.sendall(WRONG_HOST)
    head, _, body = rest(made.sock).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"content-length: %d\r\n" % len(body) in head + b"\r\n"
    made.close()


def test_a_refusal_of_http_beside_tls_can_be_read_whole(start: Start) -> None:
    """A listener inside refuses it, which has to tell HTTP from TLS; the client is let read before that one closes."""
    domains = [*LIST["domains"], {"name": "both.example", "ports": [8080]}]
    own = Steered(start, {**VALUES, "egress": {**LIST, "domains": domains}})
    made = client.Client(own.proxy.namespace, own.ports["gateway", 8080])
    made.sock.sendall(WRONG_HOST)
    time.sleep(0.4)
    answer = http.client.HTTPResponse(made.sock)
    answer.begin()
    assert answer.status == 403
    assert len(answer.read()) == int(answer.headers["content-length"]) > 100
    made.close()
    own.proxy.stop()


CLOSING = [("steered", 8080, "http.corp.example:8080"), ("audited", 80, "evil.test"), ("audited", 443, "evil.test:443")]


@pytest.mark.parametrize(("which", "port", "host"), CLOSING, ids=[f"{which}-{port}" for which, port, _ in CLOSING])
def test_an_http_server_that_closes_after_its_answer_is_heard_whole(
    which: str, port: int, host: str, request: pytest.FixtureRequest
) -> None:
    """By a client that reads at once, and by one that is slow, for whom nothing closes before it has read."""
    own: Steered = request.getfixturevalue(which)
    for pause in (*(0,) * 20, 1.5):
        made = client.Client(own.proxy.namespace, own.ports["gateway", port])
        made.sock.sendall(f"GET /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        time.sleep(pause)
        answer = rest(made.sock)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
        assert b"GET /a HTTP/1.1" in answer
        made.close()


@pytest.mark.parametrize("port", [80, 443])
def test_audit_tells_tls_from_http_on_either_port(audited: Steered, port: int) -> None:
    secret = audited.tls(port, "evil.test")
    assert secret.text.split()[0] == "203.0.113.66"
    assert audited.lines(secret) == [("gateway", f"evil.test:{port}", "audit", "sni-not-in-egress.domains")]
    text = audited.send_bytes(port, b"GET / HTTP/1.1\r\nHost: evil.test:%d\r\n\r\n" % port)
    assert text.text.startswith("HTTP/1.1 200 ")
    assert [line[2:] for line in audited.lines(text)] == [("audit", "plain-http")]


# How long Envoy waits for a connection's first bytes to tell what they are.
FIRST_BYTES = 15


def test_a_client_that_says_nothing_is_closed_and_has_a_line(steered: Steered, audited: Steered) -> None:
    asked = ((steered, 443), (audited, 80), (audited, 443))
    silent = [(own, port, client.Client(own.proxy.namespace, own.ports["gateway", port])) for own, port in asked]
    for _, _, made in silent:
        made.sock.settimeout(FIRST_BYTES + 5)
        with contextlib.suppress(ConnectionResetError):
            assert made.sock.recv(1) == b""
        made.close()
    for own, port, made in silent:
        attempt = client.Attempt(0, "", made.name)
        assert until(functools.partial(has_line, own, attempt))
        assert own.lines(attempt) == [("gateway", f"-:{port}", "failed", "client-left")]


def has_line(own: Steered, attempt: Attempt) -> bool:
    return bool(own.lines(attempt))
