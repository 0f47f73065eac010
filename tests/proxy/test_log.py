"""The log is what its schema says, whatever happened; and a refusal says what to do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tests.proxy.attempts import Row, make, raw, send_bytes, tls
from tests.proxy.conftest import EGRESS, Start
from tests.proxy.proxy import Proxy
from tests.proxy.test_change import until
from tests.proxy.world import World
from tools.render.own import CHART

SCHEMA = json.loads((CHART / "files" / "egress-log.schema.json").read_text())
VERSION = re.compile(r'^version_info: "([0-9a-f]{12})"$', re.M)

ROWS = (
    Row("listed", tls("api.openai.com:443"), 200, "203.0.113.10 ", ("allowed", "listed")),
    Row("unlisted", tls("evil.test:443"), 403, "", ("denied", "not-in-egress.domains")),
    Row("plain HTTP", raw(b"GET http://evil.test/ HTTP/1.1\r\nHost: x\r\n\r\n"), 403, "", ("denied", "plain-http")),
    Row("wrong SNI", tls("api.openai.com:443", "evil.test"), 200, "", ("denied", "sni-not-in-egress.domains")),
    Row("no SNI", tls("api.openai.com:443", None), 200, "", ("denied", "no-sni")),
    Row(
        "another host",
        send_bytes("http.corp.example:8080", b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n"),
        200,
        "",
        ("denied", "host-not-in-egress.internal"),
    ),
    Row("garbage", raw(b"\x00\x01\x02\r\n\r\n"), 400, "", ("denied", "bad-request")),
    Row("no such name", tls("nowhere.openai.com:443"), 200, "", ("failed", "no-address")),
    Row("nobody there", tls("closed.example:9443"), 200, "", ("failed", "connect")),
)


def version(proxy: Proxy) -> str:
    """The list's hash, which every file that Envoy watches carries."""
    versions = {str(VERSION.findall(path.read_text())[0]) for path in (proxy.folder / "list").glob("*.yaml")}
    assert len(versions) == 1
    return versions.pop()


@pytest.fixture(scope="module")
def proxy(start: Start, world: World) -> Iterator[Proxy]:
    world.zone |= {"closed.example": ["203.0.113.40"]}
    made = start({"egress": {**EGRESS, "contact": 'the "platform" team, 100 % awake'}})
    make(made, ROWS)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def lines(proxy: Proxy) -> list[dict[str, Any]]:
    assert until(lambda: len(proxy.log()) >= len(ROWS))
    return proxy.log()


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_kind_of_line_fits_the_schema(lines: list[dict[str, Any]], row: Row) -> None:
    (line,) = [line for line in lines if (line["verdict"], line["reason"]) == row.log]
    jsonschema.validate(line, SCHEMA)


def test_lines_that_do_not_fit_are_caught(lines: list[dict[str, Any]]) -> None:
    for key, value in (("verdict", "maybe"), ("reason", "because"), ("schema", "sark-network.egress/2"), ("extra", 1)):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**lines[0], key: value}, SCHEMA)


def test_each_line_says_which_list_decided(proxy: Proxy, lines: list[dict[str, Any]]) -> None:
    decided = {line["reason"]: line["list"] for line in lines}
    assert decided.pop("bad-request") is None
    assert set(decided.values()) == {version(proxy)}


@pytest.mark.parametrize(
    ("reason", "entry"),
    [("listed", "*.openai.com"), ("no-address", "*.openai.com"), ("connect", None), ("not-in-egress.domains", "")],
)
def test_a_line_says_which_entry_decided(lines: list[dict[str, Any]], reason: str, entry: str | None) -> None:
    """An exact name is the server name itself, and its chain has no other name."""
    assert [line["entry"] for line in lines if line["reason"] == reason] == [entry]


def test_a_changed_list_has_another_hash_and_cuts_nothing(start: Start, world: World) -> None:
    proxy = start({"egress": {"domains": ["api.openai.com"]}})
    first = version(proxy)
    proxy.update({"egress": {"domains": ["api.openai.com", "evil.test"]}})
    second = version(proxy)
    assert second != first

    def decided_by_second() -> bool:
        attempt = tls("api.openai.com:443")(proxy, proxy.ports["gateway"])
        return [line["list"] for line in proxy.lines(attempt.client)] == [second]

    assert until(decided_by_second)
    proxy.stop()


# The lines of the rows are read before this adds some, in whichever order the tests run.
@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(
    "request_line",
    [b"CONNECT evil.test:443 HTTP/1.1", b"GET http://evil.test/ HTTP/1.1"],
    ids=["CONNECT", "plain HTTP"],
)
def test_a_refusal_says_that_it_is_policy_and_whom_to_ask(proxy: Proxy, request_line: bytes) -> None:
    answer = raw(request_line + b"\r\nHost: evil.test\r\n\r\n")(proxy, proxy.ports["gateway"])
    assert answer.status == 403
    assert answer.text.splitlines()[1] == (
        "This is policy and no fault: do not retry, and do not try without the proxy, for no other way leads out. "
        'To have it allowed, ask the "platform" team, 100 % awake.'
    )
