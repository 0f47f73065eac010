"""An entry that ends: Envoy closes it by itself, at the second, tunnels included, with nobody to tell it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.proxy import client
from tests.proxy.client import Client
from tests.proxy.conftest import Start
from tests.proxy.proxy import Proxy
from tests.proxy.test_change import until
from tests.proxy.test_steering import Steered
from tests.proxy.world import World

ZONE = {
    "ends.test": ["203.0.113.50"],
    "a.wild.ends.test": ["203.0.113.51"],
    "stays.test": ["203.0.113.52"],
    "late.test": ["203.0.113.53"],
    "in.ends.test": ["10.30.0.50"],
    "tcp.ends.test": ["10.30.0.51"],
    "http.ends.test": ["10.30.0.52"],
}
CIDRS = ["10.30.0.0/16"]


def values(moment: datetime) -> dict[str, Any]:
    end = {"expires": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    return {
        "egress": {
            "domains": [
                {"name": "ends.test", **end},
                {"name": "*.wild.ends.test", **end},
                {"name": "late.test", "expires": "2199-01-01"},
                "stays.test",
            ],
            "internal": [
                {"name": "in.ends.test", "cidrs": CIDRS, **end},
                {"name": "tcp.ends.test", "cidrs": CIDRS, "ports": [5432], "protocol": "tcp", **end},
                {"name": "http.ends.test", "cidrs": CIDRS, "ports": [8080], "protocol": "http", **end},
            ],
        }
    }


def tunnel(proxy: Proxy, name: str, port: int = 443) -> Client:
    opened = Client(proxy.namespace, proxy.ports["gateway"])
    assert opened.connect(f"{name}:{port}")[0] == 200
    if port == 443:
        opened.encrypt(name)
    assert opened.alive()
    return opened


def cut_at(tunnels: dict[str, Client], until: float) -> dict[str, float]:
    """When each was seen to be closed; what is open at the end is not in it."""
    cut: dict[str, float] = {}
    while time.time() < until and len(cut) < len(tunnels):
        for name, tunnel in tunnels.items():
            if name not in cut and not tunnel.alive():
                cut[name] = time.time()
        time.sleep(0.02)
    return cut


def get(proxy: Proxy) -> tuple[int, str]:
    attempt = client.raw(
        proxy.namespace,
        proxy.ports["gateway"],
        b"GET http://http.ends.test:8080/ HTTP/1.1\r\nHost: http.ends.test:8080\r\n\r\n",
    )
    return attempt.status, attempt.text


@pytest.fixture(scope="module")
def ended(start: Start, world: World) -> Iterator[tuple[Proxy, float, dict[str, float], dict[str, Client]]]:
    """A proxy whose entries have ended while tunnels were open, and when each tunnel was cut."""
    world.zone |= ZONE
    moment = (datetime.now(UTC) + timedelta(seconds=25)).replace(microsecond=0)
    proxy = start(values(moment))
    tunnels = {
        "exact": tunnel(proxy, "ends.test"),
        "wildcard": tunnel(proxy, "a.wild.ends.test"),
        "internal": tunnel(proxy, "in.ends.test"),
        "tcp": tunnel(proxy, "tcp.ends.test", 5432),
    }
    kept = {"stays": tunnel(proxy, "stays.test"), "late": tunnel(proxy, "late.test")}
    assert get(proxy)[0] == 200
    assert time.time() < moment.timestamp() - 1, "too slow to see anything before the end"
    cut = cut_at(tunnels, moment.timestamp() + 5)
    yield proxy, moment.timestamp(), cut, kept
    for client_tunnel in (*tunnels.values(), *kept.values()):
        client_tunnel.close()
    proxy.stop()


@pytest.mark.parametrize("name", ["exact", "wildcard", "internal", "tcp"])
def test_its_tunnels_are_cut_at_its_end(ended: tuple[Proxy, float, dict[str, float], Any], name: str) -> None:
    _, moment, cut, _ = ended
    assert name in cut, "the tunnel outlived its entry"
    assert -0.1 <= cut[name] - moment < 3


@pytest.mark.parametrize("name", ["stays", "late"])
def test_other_tunnels_go_on(ended: tuple[Proxy, float, Any, dict[str, Client]], name: str) -> None:
    assert ended[3][name].alive()


@pytest.mark.parametrize("name", ["ends.test", "a.wild.ends.test", "in.ends.test"])
def test_nothing_is_opened_after_its_end(ended: tuple[Proxy, Any, Any, Any], name: str) -> None:
    proxy = ended[0]
    attempt = client.tls(proxy.namespace, proxy.ports["gateway"], f"{name}:443", name)
    assert attempt.status == 403
    assert attempt.text.startswith(f"{name}:443 was allowed until 20")
    assert "Z\nThis is policy and no fault" in attempt.text
    assert [(line["verdict"], line["reason"]) for line in proxy.lines(attempt.client)] == [("denied", "expired")]


def test_no_plain_request_is_answered_after_its_end(ended: tuple[Proxy, Any, Any, Any]) -> None:
    status, text = get(ended[0])
    assert status == 403
    assert text.startswith("http.ends.test:8080 was allowed until 20")


def test_a_tunnel_to_another_name_cannot_lead_there(ended: tuple[Proxy, Any, Any, Any], world: World) -> None:
    """Its own routes alone lead to its chain: what came by others would have no end, before it or after."""
    proxy = ended[0]
    world.arrivals.clear()
    for host, sni in (("stays.test:443", "late.test"), ("stays.test:443", "ends.test"), ("late.test:443", "ends.test")):
        attempt = client.tls(proxy.namespace, proxy.ports["gateway"], host, sni)
        assert (attempt.status, attempt.text) == (200, "")
        assert [(line["verdict"], line["reason"]) for line in proxy.lines(attempt.client)] == [
            ("denied", "sni-not-in-egress.domains")
        ], sni
    assert not world.arrivals
    # The twin: the same name by its own route.
    assert client.tls(proxy.namespace, proxy.ports["gateway"], "late.test:443", "late.test").text.startswith(
        "203.0.113.53"
    )


@pytest.mark.parametrize("forged", ["grpc-timeout: 99999999H", "x-envoy-upstream-rq-timeout-ms: 1", "sark: open"])
def test_a_client_cannot_name_its_own_end(ended: tuple[Proxy, Any, Any, Any], forged: str) -> None:
    proxy = ended[0]
    request = f"CONNECT ends.test:443 HTTP/1.1\r\nHost: ends.test:443\r\n{forged}\r\n\r\n".encode()
    assert client.raw(proxy.namespace, proxy.ports["gateway"], request).status == 403


def test_a_client_cannot_put_its_end_off(start: Start, world: World) -> None:
    world.zone |= ZONE
    moment = (datetime.now(UTC) + timedelta(seconds=8)).replace(microsecond=0)
    proxy = start(values(moment))
    opened = Client(proxy.namespace, proxy.ports["gateway"])
    request = b"CONNECT ends.test:443 HTTP/1.1\r\nHost: ends.test:443\r\ngrpc-timeout: 99999999H\r\n\r\n"
    assert opened.ask(request)[0] == 200
    opened.encrypt("ends.test")
    assert opened.alive()
    cut = cut_at({"it": opened}, moment.timestamp() + 5)
    opened.close()
    assert cut["it"] - moment.timestamp() < 3
    assert not [line for line in proxy.complaints() if "lua" in line.lower()]
    proxy.stop()


def test_another_end_is_taken(start: Start, world: World) -> None:
    """Names that end at another time are behind another listener, so who is there has to come again."""
    world.zone |= ZONE
    moment = (datetime.now(UTC) + timedelta(seconds=30)).replace(microsecond=0)
    proxy = start(values(moment))
    first, other = tunnel(proxy, "ends.test"), tunnel(proxy, "late.test")
    proxy.update(values(moment + timedelta(hours=1)))
    assert until(lambda: not first.alive())
    tunnel(proxy, "ends.test").close()
    assert other.alive()
    first.close()
    other.close()
    proxy.stop()


@dataclass(frozen=True)
class SteeredEnds:
    """The same of connections that were steered: no request says for what they are."""

    steered: Steered
    moment: float
    cut: dict[str, float]
    kept: dict[str, Client]


STEERED = {"exact": ("ends.test", 443), "wildcard": ("a.wild.ends.test", 443), "internal": ("in.ends.test", 443)}


def steered_values(moment: datetime) -> dict[str, Any]:
    return {**values(moment), "dnsGuard": {"enabled": True, "steering": {"enabled": True}}}


def straight(steered: Steered, name: str, port: int = 443) -> Client:
    opened = Client(steered.proxy.namespace, steered.ports["gateway", port])
    if port == 443:
        opened.encrypt(name)
    assert opened.alive()
    return opened


@pytest.fixture(scope="module")
def steered_ended(start: Start, world: World) -> Iterator[SteeredEnds]:
    world.zone |= ZONE
    moment = (datetime.now(UTC) + timedelta(seconds=25)).replace(microsecond=0)
    steered = Steered(start, steered_values(moment))
    connections = {key: straight(steered, *target) for key, target in STEERED.items()}
    connections["tcp"] = straight(steered, "tcp.ends.test", 5432)
    kept = {"stays": straight(steered, "stays.test"), "late": straight(steered, "late.test")}
    before = steered.send_bytes(8080, b"GET / HTTP/1.1\r\nHost: http.ends.test:8080\r\n\r\n")
    assert before.text.startswith("HTTP/1.1 200 ")
    assert time.time() < moment.timestamp() - 1, "too slow to see anything before the end"
    cut = cut_at(connections, moment.timestamp() + 5)
    yield SteeredEnds(steered, moment.timestamp(), cut, kept)
    for connection in (*connections.values(), *kept.values()):
        connection.close()
    steered.proxy.stop()


@pytest.mark.parametrize("name", [*STEERED, "tcp"])
def test_a_steered_connection_is_cut_at_its_end(steered_ended: SteeredEnds, name: str) -> None:
    assert name in steered_ended.cut, "the connection outlived its entry"
    assert -0.1 <= steered_ended.cut[name] - steered_ended.moment < 3


@pytest.mark.parametrize("name", ["stays", "late"])
def test_other_steered_connections_go_on(steered_ended: SteeredEnds, name: str) -> None:
    assert steered_ended.kept[name].alive()


@pytest.mark.parametrize("name", [name for name, _ in STEERED.values()])
def test_nothing_is_steered_after_its_end(steered_ended: SteeredEnds, world: World, name: str) -> None:
    before = len(world.arrivals)
    attempt = steered_ended.steered.tls(443, name)
    assert attempt.text == ""
    assert steered_ended.steered.lines(attempt) == [("gateway", f"{name}:443", "denied", "expired")]
    assert world.arrivals[before:] == []


def test_neither_is_what_says_no_name(steered_ended: SteeredEnds, world: World) -> None:
    before = len(world.arrivals)
    tcp = steered_ended.steered.send_bytes(5432, b"SELECT 1")
    http = steered_ended.steered.send_bytes(8080, b"GET / HTTP/1.1\r\nHost: http.ends.test:8080\r\n\r\n")
    assert (tcp.text, http.text.split("\r\n")[0]) == ("", "HTTP/1.1 403 Forbidden")
    assert world.arrivals[before:] == []


def test_a_steered_connection_that_ends_has_one_line(start: Start, world: World) -> None:
    """With the client's own address, though it went through the workload's routes."""
    world.zone |= ZONE
    steered = Steered(start, steered_values(datetime.now(UTC) + timedelta(hours=1)))
    attempt = steered.tls(443, "ends.test")
    assert attempt.text.startswith("203.0.113.50 ends.test")
    assert steered.lines(attempt) == [("gateway", "ends.test:443", "allowed", "listed")]
    world.zone["ends.test"], before = ["10.30.0.50"], len(world.arrivals)
    later = Steered(start, steered_values(datetime.now(UTC) + timedelta(hours=2)))
    refused = later.tls(443, "ends.test")
    assert (refused.text, later.lines(refused)) == ("", [("gateway", "ends.test:443", "failed", "no-address")])
    assert world.arrivals[before:] == []
    world.zone["ends.test"] = ZONE["ends.test"]
    steered.proxy.stop()
    later.proxy.stop()


def test_the_first_name_that_ends_cuts_no_steered_connection(start: Start, world: World) -> None:
    """A grant is one."""
    world.zone |= ZONE
    steering = {"dnsGuard": {"enabled": True, "steering": {"enabled": True}}}
    steered = Steered(start, {**steering, "egress": {"domains": ["stays.test"]}})
    stays = straight(steered, "stays.test")
    late = {"name": "late.test", "expires": "2199-01-01"}
    steered.proxy.update({**steering, "egress": {"domains": ["stays.test", late]}})
    assert until(lambda: steered.tls(443, "late.test").text.startswith("203.0.113.53"))
    time.sleep(2.5)
    assert stays.alive()
    stays.close()
    steered.proxy.stop()
