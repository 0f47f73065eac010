"""Real clients with the variables that the chart gives them: what goes direct, and what goes to the proxy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.noproxy.chart import Variables, entries, variables_of, without
from tests.noproxy.conftest import Routes
from tests.noproxy.programs import PROGRAMS
from tests.noproxy.rows import ROWS, Row

CLIENTS = [program.name for program in PROGRAMS]
each_client = pytest.mark.parametrize("client", CLIENTS)
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)

# The list as it was before it held the parts' Services and the namespaces of those who call them.
EARLIER = "localhost,127.0.0.1,::1,.svc,.cluster.local,.sark,.sark-system,10.96.0.0/12"


@each_row
@each_client
def test_route(routes: Routes, variables: Variables, client: str, row: Row) -> None:
    arrivals, printed = routes(client, variables)
    assert arrivals[row.name] in row.expected(client), printed


@each_row
@each_client
def test_without_no_proxy_it_goes_to_the_proxy(routes: Routes, variables: Variables, client: str, row: Row) -> None:
    """So it is NO_PROXY that leads a row past the proxy, and not a client that reads no variables."""
    arrivals, printed = routes(client, without(variables, ""))
    assert arrivals[row.name] == ("direct" if client in row.always else "proxy"), printed


@each_row
@each_client
def test_without_a_proxy_it_goes_direct(routes: Routes, client: str, row: Row) -> None:
    """So every name can be reached directly here, and it is the variables that lead a row to the proxy."""
    arrivals, printed = routes(client, {})
    assert arrivals[row.name] == "direct", printed


@pytest.mark.parametrize(
    "name", ["http://sark-kong-admin", "https://sark-kong-admin", "http://jaeger-collector.monitoring"]
)
@each_client
def test_the_earlier_list_sent_it_to_the_proxy(routes: Routes, variables: Variables, client: str, name: str) -> None:
    """The fault that these tests are for: a Service's short name got the proxy's 403."""
    arrivals, printed = routes(client, without(variables, EARLIER))
    assert arrivals[name] == "proxy", printed


@pytest.mark.parametrize("entry", ["fd00::/108", "[::1]"])
def test_httpx_makes_no_client_with_such_an_entry(routes: Routes, variables: Variables, entry: str) -> None:
    """Why the list holds no IPv6 CIDRs: httpx, which SARK calls with, raises for one before any request is made
    (https://github.com/encode/httpx/issues/3221)."""
    arrivals, printed = routes("httpx", without(variables, f"{variables['NO_PROXY']},{entry}"))
    assert set(arrivals.values()) == {""}
    assert "httpx.InvalidURL: Invalid port" in printed
    assert entry not in entries(variables)


@pytest.mark.parametrize(
    ("domains", "names", "suffixes"),
    [
        # Nothing listed ends in a namespace: each is a suffix.
        (["api.openai.com", "dev.example.com", "api.notdev"], set(), {".dev", ".sark-system", ".monitoring"}),
        # `dev` is a domain too, and one of its names is on the list: the suffix would lead it past the proxy.
        (["api.partner.dev"], {"sark-api.dev"}, {".sark-system", ".monitoring"}),
        (["*.partner.dev"], {"sark-api.dev"}, {".sark-system", ".monitoring"}),
        # Of monitoring's namespaces no Service is known by name.
        (["API.Partner.Monitoring"], set(), {".dev", ".sark-system"}),
    ],
)
def test_a_namespace_covers_no_listed_name(domains: list[str], names: set[str], suffixes: set[str]) -> None:
    values = {"gateway": {"namespace": "dev"}, "egress": {"domains": domains, "internal": []}}
    listed = set(entries(variables_of(values)))
    assert listed & {"sark-api.dev", "opa.sark-system"} == names
    assert listed & {".dev", ".sark-system", ".monitoring"} == suffixes


def test_no_part_is_called_as_a_top_level_domain_ends(variables: Variables) -> None:
    """Before requests 2.34 a single label was a bare suffix, and led past the proxy whatever ended in it. The suffixes
    are those that the chart ships."""
    labels = [entry for entry in entries(variables) if re.fullmatch(r"[a-z-]+", entry)]
    suffixes = Path("charts/sark-network/files/public-suffixes.txt").read_text().split()
    assert {"sark-api", "opa", "sark-kong-admin"} <= set(labels)
    assert [suffix for suffix in suffixes for label in labels if suffix.endswith(label)] == []
