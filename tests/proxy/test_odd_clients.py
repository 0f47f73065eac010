"""What is rare and no attack: a large ClientHello, a server name with its last dot, a name whose DNS takes its time."""

from __future__ import annotations

import re
import time

import pytest

from tests.proxy import client
from tests.proxy.client import Client, hello
from tests.proxy.conftest import EGRESS, Start
from tests.proxy.proxy import Proxy
from tests.proxy.test_steering import Steered
from tests.proxy.world import World

NAME = "api.openai.com"
# BoringSSL, which reads the ClientHello in Envoy, takes messages of 16 KiB.
SMALLER, LARGER = hello(NAME, 60), hello(NAME, 75)


def test_the_two_are_what_they_are_called() -> None:
    assert 15_000 < len(SMALLER) < 16_384 < 19_000 < len(LARGER)


@pytest.fixture(scope="module")
def steered(start: Start) -> Steered:
    values = {"egress": {"domains": EGRESS["domains"]}, "dnsGuard": {"enabled": True, "steering": {"enabled": True}}}
    return Steered(start, values)


def test_a_large_hello_is_taken(enforcing: Proxy, world: World) -> None:
    """The server's first answer is there: it got the whole of it."""
    attempt = client.send_bytes(world.namespace, enforcing.ports["gateway"], f"{NAME}:443", SMALLER)
    assert attempt.text.startswith("\x16\x03")
    assert [(line["verdict"], line["sni"]) for line in enforcing.lines(attempt.client)] == [("allowed", NAME)]


TOO_LARGE = re.compile(r"^envoy_tls_inspector_client_hello_too_large\{\} ([1-9][0-9]*)$", re.M)


def test_a_larger_one_is_closed_and_counted(enforcing: Proxy, world: World) -> None:
    """To the log it is as if the client had left; the metric knows."""
    before = len(world.arrivals)
    attempt = client.send_bytes(world.namespace, enforcing.ports["gateway"], f"{NAME}:443", LARGER)
    assert attempt.text == ""
    assert [(line["verdict"], line["reason"]) for line in enforcing.lines(attempt.client)] == [
        ("failed", "client-left")
    ]
    assert TOO_LARGE.search(enforcing.get("/stats/prometheus")[1])
    assert world.arrivals[before:] == []


def test_a_larger_one_that_is_steered_is_closed_too(steered: Steered, world: World) -> None:
    before = len(world.arrivals)
    attempt = steered.send_bytes(443, LARGER)
    assert (attempt.text, [line[2:] for line in steered.lines(attempt)]) == ("", [("failed", "client-left")])
    assert world.arrivals[before:] == []


# RFC 6066 has server names without their last dot. The ClientHello is OpenSSL's, with the dot put in a letter's place.
DOTTED = {
    "below a wildcard": ("api.openai.com", "api.openai.com."),
    "an exact name": ("api.anthropic.com", "api.anthropic.com."),
}


@pytest.mark.parametrize(("host", "sni"), DOTTED.values(), ids=DOTTED)
def test_a_server_name_with_its_last_dot_is_closed(enforcing: Proxy, world: World, host: str, sni: str) -> None:
    """The list knows one spelling. CONNECT's own last dot is stripped (test_list.py)."""
    before = len(world.arrivals)
    words = hello(f"{sni[:-1]}x").replace(f"{sni[:-1]}x".encode(), sni.encode())
    attempt = client.send_bytes(world.namespace, enforcing.ports["gateway"], f"{host}:443", words)
    assert attempt.text == ""
    (line,) = enforcing.lines(attempt.client)
    assert (line["verdict"], line["reason"], line["sni"]) == ("denied", "sni-not-in-egress.domains", sni)
    assert world.arrivals[before:] == []


def opened(world: World, port: int, name: str, steering: bool) -> Client:
    """A tunnel to the name, with TLS."""
    tunnel = Client(world.namespace, port)
    if not steering:
        assert tunnel.connect(f"{name}:443")[0] == 200
    tunnel.encrypt(name)
    return tunnel


@pytest.mark.parametrize("steering", [False, True], ids=["CONNECT", "steered"])
def test_a_name_whose_dns_takes_four_seconds_is_reached(
    enforcing: Proxy, steered: Steered, world: World, steering: bool
) -> None:
    """The query has five seconds, whatever connectTimeoutSeconds is (here one): that counts from the address on. So it
    has after many quick answers, by which c-ares has learnt to expect the next soon, and asks again before it is there.
    """
    port = steered.ports["gateway", 443] if steering else enforcing.ports["gateway"]
    for number in range(12):
        quick = f"quick-{steering}-{number}.openai.com".lower()
        world.zone[quick] = ["203.0.113.10"]
        opened(world, port, quick, steering).close()
    name = f"slow-{steering}.openai.com".lower()
    world.zone[name], world.delays[name] = ["203.0.113.10"], 4
    started = time.monotonic()
    tunnel = opened(world, port, name, steering)
    assert tunnel.say().startswith("203.0.113.10")
    assert 3.9 < time.monotonic() - started < 10
    tunnel.close()


def test_a_name_whose_dns_takes_longer_fails_and_says_so(enforcing: Proxy, world: World) -> None:
    name = "slower.openai.com"
    world.zone[name], world.delays[name] = ["203.0.113.10"], 7
    attempt = client.tls(world.namespace, enforcing.ports["gateway"], f"{name}:443", name)
    assert attempt.text == ""
    assert [(line["verdict"], line["reason"]) for line in enforcing.lines(attempt.client, 8)] == [
        ("failed", "no-address")
    ]
