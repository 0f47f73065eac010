"""Addresses: a listed name must not lead to a private one, and not even a TCP handshake may reach it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from tests.proxy import client
from tests.proxy.attempts import Outcome, Row, make, tls
from tests.proxy.conftest import EGRESS, Start
from tests.proxy.proxy import SEARCH, Proxy
from tests.proxy.world import RESOLVER, World

NO_ADDRESS, UNREACHED = ("failed", "no-address"), ("failed", "connect")
SILENT, PUBLIC = "198.51.100.7", "203.0.113.10"

# A label under openai.com -> its records. Every one of these addresses answers whoever asks for it directly.
PRIVATE = {
    "ten": "10.1.1.1",
    "loopback": "127.0.0.9",
    "the-resolver": RESOLVER,
    "unspecified": "0.0.0.0",
    "carrier": "100.64.0.1",
    "docker": "172.16.0.1",
    "home": "192.168.0.1",
    "metadata": "169.254.169.254",
    "azure": "168.63.129.16",
    "loopback6": "::1",
    "unspecified6": "::",
    "local6": "fd00::1",
    "mapped": "::ffff:10.1.1.3",
    "mapped-loopback": "::ffff:127.0.0.1",
    "nat64": "64:ff9b::a01:101",
    "sixtofour": "2002:a01:101::1",
}
SIX = "2600:1901::10"
# Of public and private addresses the public ones are reached, in any order.
MIXED = {
    "two-public": [PUBLIC, "203.0.113.11"],
    "public-first": [PUBLIC, "10.1.1.1"],
    "private-first": ["10.1.1.1", PUBLIC],
    "private-first6": ["fd00::1", SIX],
    "between-privates": ["169.254.169.254", "10.1.1.1", PUBLIC, "127.0.0.1"],
    # The second public address is tried when the first does not answer; it was checked as well.
    "silent-then-public": [SILENT, PUBLIC],
}
FALLBACK = {
    # Envoy goes on to the next address when one does not answer: a private one must not be there.
    "silent-first": [SILENT, "10.1.1.1"],
    "silent-first6": [SILENT, "::1"],
    "silent-then-metadata": [SILENT, "169.254.169.254"],
}


def rows(cases: dict[str, list[str]], text: str, log: tuple[str, str]) -> tuple[Row, ...]:
    return tuple(Row(name, tls(f"{name}.openai.com:443"), 200, text, log) for name in cases)


ROWS = (
    *rows({name: [address] for name, address in PRIVATE.items()}, "", NO_ADDRESS),
    *rows(FALLBACK, "", UNREACHED),
    *rows({name: it for name, it in MIXED.items() if SIX not in it}, PUBLIC, ("allowed", "listed")),
    *rows({name: it for name, it in MIXED.items() if SIX in it}, SIX, ("allowed", "listed")),
    # The first address refuses, and a server waits at the second, on a port where nothing else listens.
    Row("refusing-first", tls("closed.example:9443"), 200, "", UNREACHED),
    Row("no-record", tls("empty.openai.com:443"), 200, "", NO_ADDRESS),
    Row("no-such-name", tls("no-such-name.openai.com:443"), 200, "", NO_ADDRESS),
)
TRAP = ("10.1.1.1", 9443)


@pytest.fixture(scope="module")
def outcomes(enforcing: Proxy, world: World) -> dict[str, Outcome]:
    cases = {name: [address] for name, address in PRIVATE.items()} | MIXED | FALLBACK
    world.zone.update({f"{name}.openai.com": records for name, records in cases.items()})
    world.zone["closed.example"] = [PUBLIC, TRAP[0]]
    world.listen(TRAP)
    world.arrivals.clear()
    return make(enforcing, ROWS)


@pytest.fixture(scope="module")
def arrived(outcomes: dict[str, Outcome], world: World) -> frozenset[str]:
    """The addresses that the rows led to."""
    time.sleep(0.5)
    return frozenset(it.address for it in world.arrivals)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_answer(outcomes: dict[str, Outcome], row: Row) -> None:
    attempt = outcomes[row.name].attempt
    assert attempt.status == row.status
    assert attempt.text.startswith(row.text)
    assert bool(attempt.text) == bool(row.text)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_one_line_with_the_reason(outcomes: dict[str, Outcome], row: Row) -> None:
    assert outcomes[row.name].lines == (row.log,)


def test_no_handshake_reaches_a_private_address(arrived: frozenset[str]) -> None:
    assert arrived <= {PUBLIC, "203.0.113.11", SIX}


def test_a_name_is_never_completed(outcomes: dict[str, Outcome], world: World) -> None:
    """A pod's search domains would turn a name that does not exist into one that somebody in the cluster made."""
    assert "no-such-name.openai.com" in world.queries
    assert not [name for name in world.queries if name.endswith(SEARCH)]


# In whichever order the tests run, what arrived by the rows is known before somebody arrives by hand.
@pytest.mark.usefixtures("arrived")
@pytest.mark.parametrize("address", sorted({*PRIVATE.values(), TRAP[0]}))
def test_the_private_address_does_answer(world: World, address: str) -> None:
    """Without this the test of handshakes could not fail. An IPv4-mapped address is an IPv4 one on the wire."""
    address = address.removeprefix("::ffff:")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with world.namespace.socket(family) as sock:
        sock.settimeout(3)
        sock.connect((address, TRAP[1] if address == TRAP[0] else 443))


def test_an_answer_that_changes_is_checked_again(enforcing: Proxy, world: World) -> None:
    """A name that moves to a private address is not followed there; it keeps the address that was checked, as it does
    when an answer holds none at all, and moves on with the next public one."""
    port, host = enforcing.ports["gateway"], "rebound.openai.com"
    world.zone[host] = [PUBLIC]
    before = client.tls(world.namespace, port, f"{host}:443", host)
    asked, world.zone[host] = world.queries.count(host), ["10.7.7.7"]
    assert until(lambda: world.queries.count(host) > asked + 1, 15)
    after = client.tls(world.namespace, port, f"{host}:443", host)
    world.zone[host] = ["203.0.113.11"]
    assert until(lambda: client.tls(world.namespace, port, f"{host}:443", host).text.startswith("203.0.113.11"), 15)
    assert before.text.startswith(PUBLIC)
    assert after.text.startswith(PUBLIC)
    assert not [it for it in world.arrivals if it.address == "10.7.7.7"]


def until(fact: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def test_a_resolver_that_fails_is_asked_again_at_once(enforcing: Proxy, world: World) -> None:
    port, host = enforcing.ports["gateway"], "failing.openai.com"
    world.zone[host] = ["SERVFAIL"]
    before = client.tls(world.namespace, port, f"{host}:443", host)
    world.zone[host] = [PUBLIC]
    after = client.tls(world.namespace, port, f"{host}:443", host)
    assert (before.text, after.text) == ("", f"{PUBLIC} {host} ping")


def test_a_name_that_is_new_is_found(start: Start, world: World) -> None:
    """One that does not exist is asked for again after 5 s, here after one."""
    hurried = start({"egress": EGRESS}, {'"dns_refresh_rate":"5s"': '"dns_refresh_rate":"1s"'})
    port, host = hurried.ports["gateway"], "new.openai.com"
    before = client.tls(world.namespace, port, f"{host}:443", host)
    world.zone[host] = [PUBLIC]
    deadline = time.monotonic() + 8
    while not (after := client.tls(world.namespace, port, f"{host}:443", host)).text and time.monotonic() < deadline:
        time.sleep(0.3)
    hurried.stop()
    assert (before.text, after.text) == ("", f"{PUBLIC} {host} ping")


FAMILIES = {
    "v4-only": {"both": "203.0.113.17", "six": ""},
    "v4-preferred": {"both": "203.0.113.17", "six": "2600:1901::10"},
    "v6-only": {"both": "2600:1901::10", "api": ""},
    "v6-preferred": {"both": "2600:1901::10", "api": "203.0.113.10", "trap": ""},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_address_family(start: Start, world: World, family: str) -> None:
    world.zone["trap.openai.com"] = ["fd00::1", PUBLIC]
    world.arrivals.clear()
    proxy = start({"egress": {"domains": EGRESS["domains"]}, "proxy": {"ipFamily": family}})
    for label, expected in FAMILIES[family].items():
        answer = client.tls(world.namespace, proxy.ports["gateway"], f"{label}.openai.com:443", f"{label}.openai.com")
        assert answer.text.split(" ")[0] == expected, label
    assert not [it for it in world.arrivals if it.address == "fd00::1"]
    proxy.stop()


@pytest.mark.parametrize(
    ("family", "cidr", "answers"),
    [("v4-preferred", "fd00::/120", "fd00::1"), ("v6-preferred", "10.1.1.0/24", "10.1.1.1")],
)
def test_an_internal_name_with_addresses_of_both_families_is_reached_at_those_of_its_entry(
    start: Start, world: World, family: str, cidr: str, answers: str
) -> None:
    """The preferred family has an address of another network, which the entry leaves out; it decides nothing here."""
    world.zone["both.corp.example"] = ["10.1.1.1", "fd00::1"]
    entry = {"name": "both.corp.example", "cidrs": [cidr]}
    proxy = start({"egress": {"internal": [entry]}, "proxy": {"ipFamily": family}})
    world.arrivals.clear()
    host = "both.corp.example"
    assert client.tls(world.namespace, proxy.ports["gateway"], f"{host}:443", host).text.split(" ")[0] == answers
    assert {it.address for it in world.arrivals} == {answers}
    proxy.stop()
