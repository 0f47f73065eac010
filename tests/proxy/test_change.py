"""A changed list: what left it loses its tunnels, what stays loses nothing, and Envoy is not restarted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
import yaml

from tests.proxy import client
from tests.proxy.client import Client
from tests.proxy.conftest import Start
from tests.proxy.proxy import Proxy, files, objects
from tests.proxy.world import World

Open = Callable[..., Client]

NAMES = {name: f"203.0.113.{30 + i}" for i, name in enumerate(("stays.test", "goes.test", "comes.test", "port.test"))}
INTERNAL = [
    {"name": "tcp-stays.test", "cidrs": ["10.30.0.0/16"], "ports": [5432], "protocol": "tcp"},
    {"name": "tcp-goes.test", "cidrs": ["10.30.0.0/16"], "ports": [5432], "protocol": "tcp"},
]
PORT = {"name": "port.test", "ports": [8443]}


def values(domains: list[Any], internal: list[Any] = INTERNAL) -> dict[str, Any]:
    return {"egress": {"domains": domains, "internal": internal}}


FIRST = values(["stays.test", "goes.test", PORT])


@pytest.fixture
def proxy(start: Start, world: World) -> Proxy:
    world.zone |= {name: [address] for name, address in NAMES.items()}
    world.zone |= {"tcp-stays.test": ["10.30.0.1"], "tcp-goes.test": ["10.30.0.2"]}
    return start(FIRST)


@pytest.fixture
def tunnel() -> Iterator[Open]:
    """Opens tunnels, each of which has carried something."""
    with ExitStack() as stack:

        def made(proxy: Proxy, name: str, port: int = 443) -> Client:
            client = Client(proxy.namespace, proxy.ports["gateway"])
            stack.callback(lambda: client.close())
            assert client.connect(f"{name}:{port}")[0] == 200
            if port != 5432:
                client.encrypt(name)
            assert client.alive()
            return client

        yield made


def until(fact: Callable[[], bool], seconds: float = 6) -> bool:
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def status(proxy: Proxy, name: str, port: int = 443) -> int:
    probe = Client(proxy.namespace, proxy.ports["gateway"])
    answer = probe.connect(f"{name}:{port}")[0]
    probe.close()
    return answer


def reachable(proxy: Proxy, name: str) -> bool:
    return client.tls(proxy.namespace, proxy.ports["gateway"], f"{name}:443", name).text.startswith(NAMES[name])


def test_several_changes_in_a_row(proxy: Proxy, tunnel: Open) -> None:
    stays, goes, port = tunnel(proxy, "stays.test"), tunnel(proxy, "goes.test"), tunnel(proxy, "port.test", 8443)
    tcp_stays, tcp_goes = tunnel(proxy, "tcp-stays.test", 5432), tunnel(proxy, "tcp-goes.test", 5432)

    proxy.update(values(["stays.test", "goes.test", "comes.test", PORT]))
    assert until(lambda: reachable(proxy, "comes.test"))
    assert all(it.alive() for it in (stays, goes, port, tcp_stays, tcp_goes))

    proxy.update(values(["stays.test", "comes.test", PORT]))
    assert until(lambda: status(proxy, "goes.test") == 403)
    assert until(lambda: not goes.alive())
    assert all(it.alive() for it in (stays, port, tcp_stays, tcp_goes))

    proxy.update(values(["comes.test", "stays.test", "goes.test"], INTERNAL[:1]))
    assert until(lambda: status(proxy, "port.test", 8443) == 403)
    assert until(lambda: not port.alive() and not tcp_goes.alive())
    assert until(lambda: reachable(proxy, "goes.test"))
    assert stays.alive()
    assert tcp_stays.alive()

    proxy.update(values([], []))
    assert until(lambda: status(proxy, "stays.test") == 403)
    assert until(lambda: not stays.alive() and not tcp_stays.alive())

    proxy.update(FIRST)
    assert until(lambda: reachable(proxy, "stays.test"))
    assert not [line for line in proxy.complaints() if "error" in line or "rejected" in line]


def test_other_settings_cut_nothing(proxy: Proxy, tunnel: Open) -> None:
    """Denied ranges and the mode of another workload's entries are in files that no tunnel hangs on."""
    other = {"name": "store.example", "workloads": ["database"]}
    proxy.update(values(["stays.test", "goes.test", "comes.test", other]))
    assert until(lambda: reachable(proxy, "comes.test"))
    stays, tcp = tunnel(proxy, "stays.test"), tunnel(proxy, "tcp-stays.test", 5432)
    more = [*INTERNAL, {"name": "more.test", "cidrs": ["10.40.0.0/16"], "protocol": "http", "ports": [80]}]
    changed = values(["stays.test", "goes.test", "comes.test", {**other, "ports": [8443]}], more)
    changed["egress"]["deniedCidrs"] = [f"{NAMES['goes.test']}/32"]
    proxy.update(changed)
    assert until(lambda: not reachable(proxy, "goes.test"))
    time.sleep(2.5)
    assert stays.alive()
    assert tcp.alive()


OTHERS = {"name": "store.example", "workloads": ["database"]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["stays.test"], ["stays.test", OTHERS]),
        (["stays.test", OTHERS], ["stays.test", {**OTHERS, "ports": [443, 8443]}, "comes.test"]),
        (["stays.test", OTHERS], ["stays.test"]),
    ],
    ids=["first entry", "more ports", "last entry"],
)
@pytest.mark.parametrize("steering", [False, True], ids=["CONNECT", "steered"])
def test_another_workloads_list_is_in_no_listener_of_this_one(
    before: list[Any], after: list[Any], steering: bool
) -> None:
    """Byte for byte, but for the names that this workload's own list gained."""
    guard = {"dnsGuard": {"enabled": True, "steering": {"enabled": steering}}}
    first, second = (gateways_listeners({**values(domains, INTERNAL[:1]), **guard}) for domains in (before, after))
    assert first.keys() == second.keys()
    for name, listener in first.items():
        kept = {key: value for key, value in listener.items() if key != "filter_chains"}
        assert kept == {key: value for key, value in second[name].items() if key != "filter_chains"}
        assert all(chain in second[name]["filter_chains"] for chain in listener["filter_chains"])


@pytest.mark.parametrize(
    "after",
    [
        values(["stays.test", "comes.test"], INTERNAL[:1]),
        values(["stays.test", {"name": "goes.test", "expires": "2199-01-01"}], INTERNAL[:1]),
        values(["stays.test"], [{"name": "more.test", "cidrs": ["10.30.0.0/16"], "protocol": "http", "ports": [443]}]),
    ],
    ids=["a name more", "a name that ends", "plain HTTP on the port"],
)
def test_no_list_is_in_the_listener_that_shares_steered_clients_out(after: dict[str, Any]) -> None:
    """So a change of the list cannot drain it, and what is inside loses the chains of names that are gone alone."""
    guard = {"dnsGuard": {"enabled": True, "steering": {"enabled": True}}}
    first, second = (gateways_listeners({**each, **guard}) for each in (values(["stays.test"], INTERNAL[:1]), after))
    assert first["gateway/443"] == second["gateway/443"]
    inside = first["steered-gateway-443"]
    kept = {key: value for key, value in inside.items() if key != "filter_chains"}
    assert kept == {key: second["steered-gateway-443"][key] for key in kept}
    assert all(chain in second["steered-gateway-443"]["filter_chains"] for chain in inside["filter_chains"])


def gateways_listeners(chart_values: dict[str, Any]) -> dict[str, Any]:
    listeners = yaml.load(files(objects(chart_values))["listeners.yaml"], yaml.CSafeLoader)["resources"]
    return {listener["name"]: listener for listener in listeners if "database" not in listener["name"]}


def test_a_workloads_first_entry_and_its_last_cut_nothing(proxy: Proxy, tunnel: Open) -> None:
    """They change every workload's share of the connections, which is in a file that no tunnel hangs on."""
    stays, tcp = tunnel(proxy, "stays.test"), tunnel(proxy, "tcp-stays.test", 5432)
    for second, more in (("comes.test", [OTHERS]), ("port.test", [])):
        proxy.update(values(["stays.test", second, *more]))
        assert until(partial(reachable, proxy, second))
        time.sleep(2.5)
        assert stays.alive()
        assert tcp.alive()


def test_a_broken_file_changes_nothing(proxy: Proxy, tunnel: Open) -> None:
    stays = tunnel(proxy, "stays.test")
    good = {path.name: path.read_text() for path in (proxy.folder / "list").glob("*.yaml")}
    proxy.put(good | {"listeners.yaml": "resources: [", "routes-gateway.yaml": "resources: [{}]"})
    assert until(lambda: bool(proxy.complaints()))
    time.sleep(2)
    assert stays.alive()
    assert reachable(proxy, "stays.test")
    assert status(proxy, "evil.test") == 403
    proxy.put(good)
    assert until(lambda: reachable(proxy, "goes.test"))


def test_a_tunnel_outlives_the_answer_that_made_it(start: Start, world: World, tunnel: Open) -> None:
    """Envoy forgets a name that nobody has asked for in a while; who is connected stays so."""
    world.zone |= {name: [address] for name, address in NAMES.items()}
    forgetful = start(FIRST, {'"host_ttl":"60s"': '"host_ttl":"1s"'})
    assert '"host_ttl":"1s"' in (forgetful.folder / "list" / "resolve-443.yaml").read_text()
    stays = tunnel(forgetful, "stays.test")
    forgotten = re.compile(r"^envoy_dns_cache_names_\w+_host_removed\{\} [1-9]", re.M)
    assert until(lambda: bool(forgotten.search(forgetful.get("/stats/prometheus")[1])), 20)
    time.sleep(0.5)
    assert stays.alive()
