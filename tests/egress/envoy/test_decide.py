"""The proxy's decision, read from its configuration, is the one that Envoy made: by the tables of tests/proxy."""

from __future__ import annotations

import asyncio
import inspect
import re
from typing import Any

import pytest

from tests.proxy import test_audit, test_internal, test_list
from tests.proxy.attempts import Row
from tests.proxy.conftest import EGRESS, ZONE
from tools.egress.envoy.decide import Proxy, Request
from tools.findings.model import Manifest
from tools.manifests.documents import manifests, parse
from tools.reach.model import Word
from tools.render.own import CHART
from tools.render.template import render

# What the tests of mode audit put into the zone beside its names.
NAMES = ZONE | {
    "rebound-audit.openai.com": ["10.1.1.1"],
    "lured-host.openai.com": ["10.1.1.1"],
    "lured.openai.com": ["10.1.1.1"],
    "lured.test": ["10.1.1.1"],
}
WORDS: dict[str, Word] = {"allowed": "allowed", "audit": "allowed", "denied": "denied"}
# What Envoy says of a name whose addresses it must not connect to. Every name of the tables has some.
NOWHERE = ("failed", "no-address")
# What a request cannot say, or Envoy refuses before it looks at the list.
LEFT_OUT = ("bad-request", "host-not-in-egress.internal")
# The tunnel leads to the server name, so whatever becomes of it is no answer about the host that was asked for.
ASTRAY = ("another listed SNI", "public SNI in an internal tunnel")
URL = re.compile(rb"\w+ http://(?P<host>[^:/]+)(:(?P<port>\d+))?/")


def rendered(egress: dict[str, Any]) -> tuple[Manifest, ...]:
    """What the chart renders; an entry for the database has it a list of its own."""
    return manifests(parse(asyncio.run(render(CHART, {"egress": egress})), "chart"), "chart", "chart")


def request(row: Row) -> Request | None:
    """The row's attempt as a request; None for what is none."""
    closure = inspect.getclosurevars(row.action).nonlocals
    if "request" in closure:
        match = URL.match(closure["request"])
        return match and made(match["host"].decode(), int(match["port"] or 80), "http", "")
    host, _, port = closure["host"].rpartition(":")
    if not port.isdecimal() or ((words := closure.get("words", b"")).startswith(b"GET ") and "http" in host):
        return None
    return made(host.strip("[]").removesuffix("."), int(port), "line" if words else "tls", closure.get("name") or "")


def made(host: str, port: int, speak: str, sni: str) -> Request:
    return Request(host, port, (NAMES.get(host.lower()) or [host])[0], speak, sni.strip("[]").removesuffix("."))


def rows() -> list[Any]:
    tables = {"enforce": (*test_list.ROWS, *test_internal.ROWS), "audit": test_audit.ROWS}
    requests = []
    for mode, table in tables.items():
        for row in table:
            asked = request(row)
            # A name that resolves to nothing, or to two addresses, is not what the specification can say.
            if asked and (row.log[0] in WORDS or row.log == NOWHERE) and row.log[1] not in LEFT_OUT:
                requests.append(pytest.param(mode, row, asked, id=f"{mode}: {row.name}"))
    return requests


ROWS = rows()


@pytest.fixture(scope="module")
def proxies() -> dict[str, Proxy]:
    return {mode: Proxy.of(rendered(EGRESS | {"mode": mode})) for mode in ("enforce", "audit")}


def test_the_tables_are_there() -> None:
    """Most rows of Envoy's tables are requests."""
    assert len(ROWS) > 65


@pytest.mark.parametrize(("mode", "row", "asked"), ROWS)
def test_it_decides_as_envoy_did(proxies: dict[str, Proxy], mode: str, row: Row, asked: Request) -> None:
    proxy = proxies[mode]
    port = next(port for port, workload in proxy.listeners.items() if workload == row.workload)
    expected = "conditional" if row.name.endswith(ASTRAY) else WORDS.get(row.log[0], "denied")
    decision = proxy.decide(port, asked)
    assert decision.verdict == expected, decision.why
