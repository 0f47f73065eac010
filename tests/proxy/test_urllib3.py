"""urllib3 itself, of which docs/deployment/CLIENTS.md says that it reads no variables: what the proxy hears of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.markdown import table
from tests.proxy.conftest import Start
from tests.proxy.proxy import Proxy
from tests.proxy.test_steering import VALUES, Steered
from tests.proxy.world import World

PAGE = Path("docs/deployment/CLIENTS.md").read_text()
WANTS = {row[0]: row[1] for row in table(PAGE, "Client", "What to set")}
ROW = "Python `urllib3.PoolManager`, `botocore` by hand"
POOL = "urllib3.PoolManager(**options)"
PAGE_SAYS = 'urllib3.ProxyManager(os.environ["HTTPS_PROXY"])'
PROXY = PAGE_SAYS.replace(")", ", **options)")
# The servers here answer in words of their own, which are no HTTP: how a request that arrived ends says nothing.
PROGRAM = """
import os, urllib3
urllib3.disable_warnings()
options = {{"cert_reqs": "CERT_NONE", "retries": False, "timeout": 4}}
try:
    {request}
except Exception as error:
    print(type(error).__name__, error)
"""


def ran(proxy: Proxy, request: str) -> str:
    """What it printed, with the proxy in its environment."""
    address = f"http://127.0.0.1:{proxy.ports['gateway']}"
    variables = {"HTTPS_PROXY": address, "https_proxy": address, "NO_PROXY": "", "no_proxy": ""}
    command = proxy.namespace.command([sys.executable, "-c", PROGRAM.format(request=request)])
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    return done.stdout


def get(manager: str, name: str) -> str:
    return f'{manager}.request("GET", "https://{name}/")'


def lines(proxy: Proxy, name: str) -> list[tuple[str, str]]:
    """Of every attempt at a name so far."""
    return [(it["verdict"], it["reason"]) for it in proxy.log() if (it["host"] or "").partition(":")[0] == name]


def verdicts(proxy: Proxy, name: str) -> list[tuple[str, str]]:
    """The same, once there is one: a line is written when its connection is over."""
    for _ in range(200):
        if lines(proxy, name):
            break
        time.sleep(0.05)
    return lines(proxy, name)


def test_a_pool_manager_asks_no_proxy(enforcing: Proxy, world: World) -> None:
    """It resolves the name by itself, which nothing answers here, as the guard answers nothing that is not steered."""
    before = len(world.arrivals)
    printed = ran(enforcing, get(POOL, "pool.openai.com"))
    assert printed.startswith("NameResolutionError "), printed
    assert lines(enforcing, "pool.openai.com") == []
    assert world.arrivals[before:] == []


def test_what_the_page_says_goes_by_the_proxy(enforcing: Proxy, world: World) -> None:
    assert f"`{PAGE_SAYS}`" in WANTS[ROW]
    # A name of its own: the proxy, and its log, are other tests' too.
    world.zone["by-urllib3.openai.com"] = ["203.0.113.11"]
    before = len(world.arrivals)
    ran(enforcing, get(PROXY, "by-urllib3.openai.com"))
    assert [(it.address, it.sni) for it in world.arrivals[before:]] == [("203.0.113.11", "by-urllib3.openai.com")]
    assert verdicts(enforcing, "by-urllib3.openai.com") == [("allowed", "listed")]


def test_a_name_that_is_not_listed_is_refused_by_name(enforcing: Proxy, world: World) -> None:
    before = len(world.arrivals)
    printed = ran(enforcing, get(PROXY, "by-urllib3.evilopenai.com"))
    assert "Tunnel connection failed: 403 Forbidden" in printed
    assert verdicts(enforcing, "by-urllib3.evilopenai.com") == [("denied", "not-in-egress.domains")]
    assert world.arrivals[before:] == []


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("api.anthropic.com", ("allowed", "listed")), ("evil.test", ("denied", "sni-not-in-egress.domains"))],
)
def test_a_pool_manager_where_names_are_steered(
    start: Start, world: World, name: str, verdict: tuple[str, str]
) -> None:
    """The guard answers with the proxy's address, which the pool is given here; it need know of no proxy."""
    own = Steered(start, VALUES)
    before = len(world.arrivals)
    pool = f'urllib3.HTTPSConnectionPool("127.0.0.1", {own.ports["gateway", 443]}, server_hostname="{name}", **options)'
    ran(own.proxy, f'{pool}.request("GET", "/")')
    assert verdicts(own.proxy, name) == [verdict]
    assert [it.sni for it in world.arrivals[before:]] == ([name] if verdict[0] == "allowed" else [])
    own.proxy.stop()
