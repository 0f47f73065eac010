"""One namespace and one set of servers for all of these tests, and each client prepared once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.noproxy.chart import Variables, variables_of
from tests.noproxy.place import Place
from tests.noproxy.programs import PROGRAMS, Command, NoClientError
from tests.noproxy.rows import CIDRS, ROWS
from tests.proxy.namespace import Namespace, NoNamespaceError

Routes = Callable[[str, Variables], tuple[dict[str, str], str]]

# An entry with protocol http, without which clients are given no proxy for plain HTTP.
VALUES: dict[str, Any] = {
    "cluster": {"cidrs": CIDRS},
    "egress": {
        "domains": ["api.openai.com"],
        "internal": [
            {"name": "tickets.internal.example", "cidrs": ["10.20.0.0/16"], "ports": [80], "protocol": "http"}
        ],
    },
}

# A port of its own for each row: an arrival is known by it.
URLS = {row.name: f"{row.name}:{port}/" for port, row in enumerate(ROWS, 20_000)}


@pytest.fixture(scope="session")
def variables() -> Variables:
    """What the chart gives the gateway's pods."""
    data = variables_of(VALUES)
    assert data["HTTP_PROXY"] == data["http_proxy"] == data["HTTPS_PROXY"] == data["https_proxy"]
    assert data["NO_PROXY"] == data["no_proxy"]
    return data


@pytest.fixture(scope="session")
def place(variables: Variables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    try:
        namespace = Namespace()
    except NoNamespaceError as error:
        pytest.skip(f"{error}: NO_PROXY was not tested")
    yield Place(namespace, tmp_path_factory.mktemp("place"), variables["HTTP_PROXY"], list(URLS.values()))
    namespace.close()


@pytest.fixture(scope="session")
def routes(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Routes:
    """Where a client's requests arrive, row by row, with these variables; the second is what it printed."""
    programs = {program.name: program for program in PROGRAMS}

    @cache
    def command(client: str) -> Command | NoClientError:
        try:
            return programs[client].prepare(tmp_path_factory.mktemp(client))
        except NoClientError as error:
            return error

    runs: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[dict[str, str], str]] = {}

    def made(client: str, environment: Variables) -> tuple[dict[str, str], str]:
        ready = command(client)
        if isinstance(ready, NoClientError):
            pytest.skip(str(ready))
        key = (client, tuple(sorted(environment.items())))
        if key not in runs:
            arrivals, printed = place.routes(ready(list(URLS.values())), environment)
            runs[key] = ({name: arrivals[url] for name, url in URLS.items()}, printed)
        return runs[key]

    return made
