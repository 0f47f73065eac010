"""Real clients with the variables that the chart gives them: what goes direct, and what goes to the proxy."""

from __future__ import annotations

import pytest

from noproxy.conftest import Routes, Variables
from noproxy.programs import PROGRAMS
from noproxy.rows import ROWS, Row

CLIENTS = [program.name for program in PROGRAMS]
each_client = pytest.mark.parametrize("client", CLIENTS)
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)

# The list as it was before it held the parts' Services and the namespaces of those who call them.
EARLIER = "localhost,127.0.0.1,::1,.svc,.cluster.local,.sark,.sark-system,10.96.0.0/12"


def without(variables: Variables, no_proxy: str) -> Variables:
    """The same variables, with another NO_PROXY."""
    return {**variables, "NO_PROXY": no_proxy, "no_proxy": no_proxy}


@each_row
@each_client
def test_route(routes: Routes, variables: Variables, client: str, row: Row) -> None:
    arrivals, printed = routes(client, variables)
    assert arrivals[row.name] == row.expected(client), printed


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
    assert not [one for one in variables["NO_PROXY"].split(",") if one == entry]
