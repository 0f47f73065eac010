"""What the log comes to: blocked, used, unused and the report, word for word; and lines that are none of the log."""

from __future__ import annotations

import json
import os
import socket
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from tools.egress.__main__ import main
from tools.egress.allowlist import Suffixes
from tools.egress.live.advice import Advice, advice, fragment, merged
from tools.egress.live.record import LogRecord, read
from tools.egress.live.tally import Blocked
from tools.egress.live.texts import period

SUFFIXES = Suffixes(frozenset({"co.uk", "*.ck"}))


def line(**fields: Any) -> str:
    body = {
        "schema": "sark-network.egress/1",
        "time": "2026-11-28T09:50:00.100Z",
        "pod": "proxy-1",
        "list": "abcdefabcdef",
        "entry": "",
        "workload": "gateway",
        "client": "10.244.1.7:40000",
        "host": "api.new.example:443",
        "sni": "",
        "upstream": "",
        "verdict": "denied",
        "reason": "not-in-egress.domains",
        "detail": "direct_response",
        "bytes_in": 0,
        "bytes_out": 19,
        "duration_ms": 0,
    }
    return json.dumps({**body, **fields})


ALLOWED = {"verdict": "allowed", "reason": "listed", "host": "api.anthropic.com:443", "sni": "api.anthropic.com"}
LOG = "\n".join(
    [
        line(),
        line(time="2026-11-28T09:51:00.100Z", client="10.244.1.8:40000"),
        line(workload="opa", verdict="audit"),
        line(**ALLOWED, entry="*.anthropic.com", bytes_in=100, bytes_out=200),
        line(**ALLOWED | {"sni": "API.Anthropic.com"}, bytes_in=1, bytes_out=2),
        line(verdict="failed", reason="connect", host="mcp.partner.example:8443", sni="mcp.partner.example"),
        line(reason="plain-http", host="x.example"),
        "[2026-11-28][warning] what Envoy says itself",
        json.dumps({"another": "program"}),
    ]
)


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "proxy.log"
    path.write_text(LOG)
    return str(path)


@pytest.mark.parametrize(
    "text",
    [
        line(),
        f"[pod/sark-egress-proxy-1/envoy] {line()}",
        f"2026-11-28T09:50:00.105Z stdout F {line()}",
        json.dumps({"log": line() + "\n", "stream": "stdout"}),
        json.dumps({"message": line(), "kubernetes": {"pod": "proxy-1"}}),
    ],
    ids=["kubectl", "kubectl --prefix", "CRI", "Docker", "a collector"],
)
def test_lines_are_read_as_collectors_write_them(text: str) -> None:
    log = read([text])
    assert log.strange == 0
    assert [(record.name, record.port, record.address) for record in log.records] == [
        ("api.new.example", 443, "10.244.1.7")
    ]


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("", 0),
        ("no JSON", 0),
        ("{broken", 0),
        ("{}", 1),
        (line(schema="sark-network.egress/2"), 1),
        ("[1] {}", 1),
        (line()[:-1], 1),
        (f"{{envoy}} {line()}", 1),
        (line().replace('"bytes_in": 0', f'"bytes_in": {"9" * 5000}'), 1),
        (line().replace('"detail": ', '"detail": ' + "[" * 100_000), 1),
    ],
)
def test_other_lines_are_no_records(text: str, strange: int) -> None:
    assert (read([text]).records, read([text]).strange) == ((), strange)


def test_fields_of_another_type_are_left_out() -> None:
    (record,) = read([line(list=None, host=None, bytes_in="many", sni=["x"])]).records
    assert (record.list, record.host, record.bytes_in, record.sni, record.name, record.port) == ("", "", 0, "", "", 0)


@pytest.mark.parametrize("number", [-1, 1 << 64, int("9" * 4000), 1e300, float("nan"), True])
def test_numbers_that_envoy_cannot_count_to_are_left_out(number: Any) -> None:
    assert read([line(bytes_out=number)]).records[0].bytes_out == 0
    assert read([line(bytes_out=(1 << 64) - 1)]).records[0].bytes_out == (1 << 64) - 1


@pytest.mark.parametrize(
    ("fields", "name", "port"),
    [
        ({"host": "API.New.Example.:443"}, "api.new.example", 443),
        ({"host": "[2600:1901::10]:443"}, "[2600:1901::10]", 443),
        ({"host": "x.example", "reason": "plain-http"}, "x.example", 80),
        ({"host": "a.example:443", "sni": "b.example", "reason": "sni-not-in-egress.domains"}, "b.example", 443),
        ({"host": "a.example:443", "sni": "b.example", "verdict": "allowed", "reason": "listed"}, "b.example", 443),
        ({"host": "a.example:443", "sni": "b.example", "reason": "no-address"}, "a.example", 443),
    ],
)
def test_the_name_is_the_one_that_decided(fields: dict[str, str], name: str, port: int) -> None:
    (record,) = read([line(**fields)]).records
    assert (record.name, record.port) == (name, port)


def blocked(reason: str, name: str, port: int = 443, workload: str = "gateway", *addresses: str) -> Blocked:
    return Blocked(workload, name, port, "denied", reason, 1, "", "", (), addresses)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (blocked("not-in-egress.domains", "api.new.example"), "api.new.example"),
        (
            blocked("not-in-egress.domains", "api.new.example", 8443, "opa"),
            "{name: api.new.example, ports: [8443], workloads: [opa]}",
        ),
        (blocked("sni-not-in-egress.domains", "b.example"), "b.example"),
        (
            blocked("no-address", "in.example", 443, "gateway", "10.1.2.3", "fd00::1"),
            '{name: in.example, cidrs: ["10.1.2.3/32", "fd00::1/128"]}',
        ),
        (
            blocked("no-address", "in.example"),
            "it has no address, or a private one, which egress.internal takes with its `cidrs`",
        ),
        (
            blocked("not-in-egress.domains", "203.0.113.7"),
            "the list can hold no `203.0.113.7`: a name, not an address; "
            "the addresses of an internal server go into egress.internal[].cidrs",
        ),
        (
            blocked("not-in-egress.domains", "api.new.example", 0),
            "no port was asked for; a proxy is asked for name:port",
        ),
        (blocked("not-in-egress.domains", "co.uk"), "co.uk is a public suffix, under which anyone can register a name"),
        (blocked("not-in-egress.domains", "a.example", 443, "a]\nb: ["), "a]\nb: [ is no part of SARK"),
        (
            blocked("plain-http", "x.example", 80),
            "use https; plain HTTP is for private servers alone, in egress.internal with protocol: http",
        ),
        (
            blocked("bad-request", ""),
            "no entry would help: the client does not speak to a proxy (CONNECT name:port)",
        ),
        (blocked("a reason of tomorrow", "a.example"), "no entry would help"),
    ],
)
def test_advice(item: Blocked, expected: str) -> None:
    given = advice(item, SUFFIXES)
    assert (given.entry if given.key else given.sentence) == expected


@pytest.mark.parametrize("text", ["x", "x.", "é", "-", "1.", "*."])
def test_a_megabyte_in_place_of_a_name_is_no_name(text: str) -> None:
    item = blocked("not-in-egress.domains", text * (1 << 20 >> len(text) - 1))
    assert advice(item, SUFFIXES).key == ""
    assert advice(item, SUFFIXES).sentence.endswith("`: a name of 253 characters or fewer (RFC 1035)")


def test_entries_of_one_name_are_joined_where_that_opens_no_more() -> None:
    a, b = ("gateway",), ("opa",)
    assert merged(
        [
            Advice("domains", "x.example", (443,), a),
            Advice("domains", "x.example", (8443,), a),
            Advice("domains", "x.example", (443,), b),
            Advice("domains", "y.example", (443,), a),
            Advice("domains", "y.example", (443,), b),
            Advice(sentence="nothing"),
        ]
    ) == (
        Advice("domains", "x.example", (443,), b),
        Advice("domains", "x.example", (443, 8443), a),
        Advice("domains", "y.example", (443,), ("gateway", "opa")),
    )
    assert fragment([Advice(sentence="nothing")]) == ""


def test_blocked(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blocked", log]) == 1
    assert capsys.readouterr().out == (
        "gateway may not reach api.new.example:443 (not-in-egress.domains): 2 times, last at "
        "2026-11-28T09:51:00.100Z, from 10.244.1.7, 10.244.1.8\n"
        "    to allow it, add to egress.domains: - api.new.example\n"
        "gateway may not reach x.example:80 (plain-http): 1 time, last at 2026-11-28T09:50:00.100Z, from 10.244.1.7\n"
        "    use https; plain HTTP is for private servers alone, in egress.internal with protocol: http\n"
        "opa would not be let through to api.new.example:443 (not-in-egress.domains): 1 time, last at "
        "2026-11-28T09:50:00.100Z, from 10.244.1.7\n"
        "    to allow it, add to egress.domains: - {name: api.new.example, workloads: [opa]}\n"
    )


def test_blocked_as_values(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blocked", log, "--format", "yaml"]) == 1
    assert capsys.readouterr().out == (
        "# gateway, x.example:80 (plain-http): use https; plain HTTP is for private servers alone, "
        "in egress.internal with protocol: http\n"
        "egress:\n"
        "  extraDomains:\n"
        "    - {name: api.new.example, workloads: [gateway, opa]}\n"
    )


def test_values_that_were_blocked_allow_it(log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "api.new.example", "--env", "production", "--workload", "opa"]) == 1
    main(["blocked", log, "--format", "yaml"])
    values = tmp_path / "more-values.yaml"
    values.write_text(capsys.readouterr().out.partition("\n")[2])
    arguments = ["check", "api.new.example", "--env", "production", "--values", str(values), "--workload", "opa"]
    assert main(arguments) == 0


def test_blocked_as_json(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blocked", log, "--format", "json", "--workload", "opa"]) == 1
    (item,) = json.loads(capsys.readouterr().out)
    assert item["allow"] == {"key": "egress.domains", "entry": "{name: api.new.example, workloads: [opa]}"}
    assert (item["name"], item["port"], item["verdict"], item["count"]) == ("api.new.example", 443, "audit", 1)


def test_used(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["used", log, "--env", "production"]) == 0
    assert capsys.readouterr().out == (
        "*.anthropic.com  (egress.domains[1])  2 times, last at 2026-11-28T09:50:00.100Z, "
        "101 bytes out of gateway and 202 back\n"
        "    api.anthropic.com\n"
    )


def test_unused(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry that was tried and did not answer is not unused."""
    assert main(["unused", log, "--env", "production"]) == 1
    output = capsys.readouterr().out
    assert "egress.domains[0]  api.openai.com, owner ai-platform, model provider\n" in output
    assert "mcp.partner.example" not in output
    assert "anthropic" not in output
    assert output.endswith(
        "not used: 7 attempts from 2026-11-28T09:50:00.100Z to 2026-11-28T09:51:00.100Z; "
        "one line of JSON is no line of this log\n"
    )


def test_report(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", log, "--env", "production"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("# Egress of production\n\n7 attempts from 2026-11-28T09:50:00.100Z to ")
    assert "| gateway | denied | not-in-egress.domains | 2 |\n" in output
    assert (
        "| gateway | `api.new.example:443` | not-in-egress.domains (denied) | 2 | 2026-11-28T09:51:00.100Z "
        "| `egress.domains`: `- api.new.example` |\n"
    ) in output
    assert "| `*.anthropic.com` | egress.domains[1] | `api.anthropic.com` | 2 | 101 | 202 |" in output
    assert "| `api.openai.com` | egress.domains[0] | ai-platform | model provider |\n" in output


def test_text_in_a_report_is_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    path.write_text(line(host="a|b`c.example:443", workload="<b>", reason="no-sni"))
    main(["report", str(path), "--env", "production"])
    assert "| \\<b\\> | ``a\\|b`c.example:443`` | no-sni" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["unused", "LOG"], 64, "whose list is meant? Name one environment with --env, or its values files"),
        (["unused", "LOG", "--env", "dev", "staging"], 64, "whose list is meant?"),
        (["blocked", "no-such.log"], 2, "cannot read no-such.log: No such file or directory"),
        (["blocked", "tests/__init__.py"], 2, "nothing can be said: no attempt is in the log"),
        (
            ["blocked", "/dev/null"],
            2,
            "cannot read /dev/null: it is not a regular file; what a pipe gives is",
        ),
        (["blocked", "/dev/zero"], 2, "cannot read /dev/zero: it is not a regular file"),
        (["used", "PIPE", "--env", "production"], 2, "PIPE: it is not a regular file"),
        (["report", "tests", "--env", "production"], 2, "cannot read tests: it is a directory"),
        (
            ["blocked", "LOG", "--since", "1h"],
            64,
            "egress: --since is for the log of the replicas; files are read whole, so leave one of the two out\n",
        ),
        (["report", "-", "--since", "1h", "--env", "production"], 64, "--since is for the log of the replicas"),
        (["blocked", "-", "LOG", "-"], 64, "standard input can be read only once; write - only once"),
    ],
)
def test_what_cannot_be_answered(
    log: str, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = Path(log).with_name("PIPE")
    os.mkfifo(pipe)
    assert main([{"LOG": log, "PIPE": str(pipe)}.get(word, word) for word in arguments]) == code
    assert message in capsys.readouterr().err


def test_standard_input_is_read_as_a_file_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the locale: bytes that are no UTF-8, and lines without an end."""
    data = b"\xff\xfe{\n" + line().encode() + b"\n" + line(host="\u00e9.example").encode() + b"\n" + b"x" * (3 << 20)
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data), encoding="ascii"))
    assert main(["blocked", "-", "--format", "json"]) == 1
    assert [item["name"] for item in json.loads(capsys.readouterr().out)] == ["api.new.example", "é.example"]
    monkeypatch.setattr("sys.stdin", None)
    assert main(["blocked", "-"]) == 2
    assert capsys.readouterr().err == "egress: cannot read standard input: it is closed\n"


def test_nothing_blocked_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    path.write_text(line(**ALLOWED))
    assert main(["blocked", str(path)]) == 0
    assert capsys.readouterr().out == (
        "nothing was blocked: 1 attempt from 2026-11-28T09:50:00.100Z to 2026-11-28T09:50:00.100Z\n"
    )


@pytest.mark.parametrize(
    ("times", "when"),
    [
        (("", "2026-11-28T09:50:00Z"), "2 attempts from 2026-11-28T09:50:00Z to 2026-11-28T09:50:00Z"),
        (("",), "1 attempt without a time"),
    ],
)
def test_an_attempt_without_a_time(times: tuple[str, ...], when: str) -> None:
    assert period(read([line(time=time) for time in times])) == when


def test_a_record_without_a_port_has_an_address() -> None:
    record = LogRecord("", "gateway", "10.0.0.1", "", "", "[fd00::1]:443", "denied", "no-sni")
    assert (record.address, record.reached) == ("10.0.0.1", "fd00::1")


ANSWERS = {
    "in.corp.example": ("10.1.2.3", "fd00::1"),
    "gone.example": (),
    "public.example": ("203.0.113.9",),
    "mixed.example": ("10.1.2.3", "203.0.113.9"),
}


def test_a_look_up_tells_a_private_address_from_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has one reason for both. Nobody is asked for a name that was refused for another."""
    asked: list[str] = []

    def getaddrinfo(name: str, port: None, type: int) -> list[tuple[Any, ...]]:
        asked.append(name)
        addresses = ANSWERS[name.removesuffix(".")]
        if not addresses:
            raise socket.gaierror("Name or service not known")
        return [(0, 0, 0, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    lines = [line(verdict="failed", reason="no-address", host=f"{name}:443") for name in ANSWERS]
    (tmp_path / "log").write_text("\n".join([*lines, line()]))
    assert main(["blocked", str(tmp_path / "log"), "--look-up"]) == 1
    advice_lines = [text.strip() for text in capsys.readouterr().out.splitlines() if text.startswith("    ")]
    assert advice_lines == [
        "to allow it, add to egress.domains: - api.new.example",
        "it has no address here either: the name does not resolve",
        'to allow it, add to egress.internal: - {name: in.corp.example, cidrs: ["10.1.2.3/32", "fd00::1/128"]}',
        "here it has the public address 203.0.113.9; ask cluster DNS what it says",
        "here it has the public address 203.0.113.9; ask cluster DNS what it says",
    ]
    assert sorted(asked) == sorted(f"{name}." for name in ANSWERS)


def test_without_it_nobody_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("DNS was asked"))
    (tmp_path / "log").write_text(line(verdict="failed", reason="no-address", host="gone.example:443"))
    assert main(["blocked", str(tmp_path / "log")]) == 1
    assert "it has no address, or a private one" in capsys.readouterr().out
