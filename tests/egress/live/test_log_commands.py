"""What the log comes to: blocked, used, unused and the report, word for word; and lines that are none of the log."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import json
import lzma
import os
import socket
from io import BytesIO, TextIOWrapper
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from tests.egress.live.api_server import ApiServer
from tools.egress.__main__ import main
from tools.egress.allowlist import Suffixes, parse_values
from tools.egress.live import tally
from tools.egress.live.advice import Advice, advice, fragment, merged
from tools.egress.live.record import LogRecord, read
from tools.egress.live.tally import Blocked
from tools.egress.live.texts import period, unread
from tools.findings.model import Severity
from tools.render.own import CHART
from tools.render.template import render

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
        f"\x1b[32msark\x1b[0m envoy {line()}\x1b[0m",
        f'2026-11-28T09:50:00Z {{app="sark", pod="proxy-1"}} {line()}',
        json.dumps({"labels": {"app": "sark"}, "line": line(), "timestamp": "2026-11-28T09:50:00Z"}),
        json.dumps({"data": {"result": [{"stream": {}, "values": [["1", line()]]}]}}),
        json.dumps([{"line": line(), "timestamp": "1"}]),
        f"{line()},",
        f"\ufeff{line()}\r",
        f"\0\0\0{line()}",
        json.dumps({"insertId": "a", "jsonPayload": json.loads(line()), "resource": {}}),
        json.dumps({"insertId": "a", "textPayload": line()}),
        json.dumps({"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": line()}]}),
        json.dumps({"events": [{"message": line()}]}),
        json.dumps({"log": line(), "log_processed": json.loads(line())}),
        json.dumps({"log": line(), **json.loads(line())}),
        json.dumps({"log_processed": json.loads(line())}),
        json.dumps({"TimeGenerated": "", "LogMessage": json.loads(line())}),
        json.dumps({"TimeGenerated": "", "LogEntry": line()}),
        json.dumps({"preview": False, "result": {"_raw": line()}}),
        json.dumps({"time": 1, "event": json.loads(line())}),
        json.dumps({"_index": "a", "_source": {"message": line()}}),
        json.dumps({"MESSAGE": line(), "_PID": "1"}),
        json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": line()}}]}]}]}),
    ],
    ids=[
        "kubectl",
        "kubectl --prefix",
        "CRI",
        "Docker",
        "a collector",
        "stern",
        "logcli",
        "logcli -o jsonl",
        "Loki",
        "Grafana",
        "a list",
        "Windows",
        "cut by logrotate",
        "Google Cloud, read",
        "Google Cloud",
        "Firehose",
        "CloudWatch",
        "Fluent Bit, both",
        "Fluent Bit, merged",
        "Fluent Bit, read",
        "Azure, read",
        "Azure",
        "Splunk",
        "Splunk's collector",
        "Elasticsearch",
        "journald",
        "OpenTelemetry",
    ],
)
def test_lines_are_read_as_collectors_write_them(text: str) -> None:
    log = read([text])
    assert (log.strange, log.unread) == (0, 0)
    assert [(record.name, record.port, record.address) for record in log.records] == [
        ("api.new.example", 443, "10.244.1.7")
    ]


@pytest.mark.parametrize(
    "text",
    [
        line() + line(host="b.example:443"),
        json.dumps({"events": [{"message": line()}, {"message": line(host="b.example:443")}]}),
        json.dumps({"values": [["1", line()], ["2", line(host="b.example:443")]]}),
        f"{line()}\r{line(host='b.example:443')}\r",
    ],
)
def test_several_attempts_on_a_line_are_all_read(text: str) -> None:
    log = read([text])
    assert ([record.name for record in log.records], log.strange) == (["api.new.example", "b.example"], 0)


@pytest.mark.parametrize(
    ("text", "strange", "unread"),
    [
        ("", 0, 0),
        ("no JSON", 0, 0),
        ("{broken", 0, 0),
        ("{}", 1, 0),
        ("[1] {}", 1, 0),
        # Envoy's own words in a collector's wrapping.
        (json.dumps({"log": "[2026-11-28][warning] a word\n"}), 0, 0),
        (line(schema="sark-network.egress/2"), 1, 1),
        (line()[:-1], 1, 1),
        (f"{line()} behind it", 1, 1),
        (f'"{line()}"', 1, 1),
        (json.dumps({"log": line()})[:-9], 1, 1),
        (json.dumps({"user_agent": line()}), 1, 1),
        ('    "schema": "sark-network.egress/1",', 1, 1),
        (line(verdict="refused"), 1, 1),
        (json.dumps({"schema": "sark-network.egress/1"}), 1, 1),
        (line().replace('"bytes_in": 0', f'"bytes_in": {"9" * 5000}'), 1, 1),
        (line().replace('"detail": ', '"detail": ' + "[" * 100_000), 1, 1),
        ("{" * 100_000 + line(), 1, 1),
        ('{"message":' * 900 + line() + "}" * 900, 1, 1),
        (json.dumps([json.loads(line()), json.loads(line(schema="sark-network.egress/2"))]), 1, 1),
    ],
)
def test_other_lines_are_no_records(text: str, strange: int, unread: int) -> None:
    log = read([text])
    assert (len(log.records), log.strange, log.unread) == (int(text.startswith("[{")), strange, unread)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            [line(), line()[:-1]],
            "one line is left out, at proxy.log:2: it names sark-network.egress/1, and is no whole attempt; give each "
            "attempt on one line, as the proxy writes it, or `jq -c`",
        ),
        (
            [line()[:-1], line(), line()[:-2]],
            "2 lines are left out, the first at proxy.log:1: they name sark-network.egress/1, and are no whole "
            "attempts; give each attempt on one line, as the proxy writes it, or `jq -c`",
        ),
        (
            [line(), line(schema="sark-network.egress/2")],
            "one line is left out, at proxy.log:2: this reads sark-network.egress/1, and it has sark-network.egress/2; "
            "use the toolkit of that version of the chart",
        ),
    ],
)
def test_what_is_left_out_is_said(lines: list[str], sentence: str) -> None:
    assert unread(read(lines, "proxy.log")) == sentence


@pytest.mark.parametrize(
    "arguments",
    [["blocked"], ["blocked", "--format", "json"], ["blocked", "--format", "yaml"], ["used", "--env", "production"]],
)
def test_what_is_left_out_is_said_beside_every_answer(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "half.log").write_text(line()[:-9])
    (tmp_path / "whole.log").write_text(line(**ALLOWED))
    assert main([arguments[0], *map(str, tmp_path.glob("*.log")), *arguments[1:]]) == 0
    assert "egress: one line is left out, at " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(f"{line()}\n".encode()), ""),
        (gzip.compress(f"{line()}\n".encode()) * 2, ""),
        (f"\ufeff{line()}\r\n".encode("utf-16-le"), ""),
        (f"\ufeff{line()}\r\n".encode("utf-16-be"), ""),
        (line().encode("utf-16-le"), ""),
        (gzip.compress(line().encode("utf-16-le")), ""),
        (
            gzip.compress(line().encode())[:-9],
            "its gzip data are damaged, or end too early; give what `gzip -dc` saves",
        ),
        (gzip.compress(line().encode()) + b"more", "its gzip data are damaged"),
        (b"\x1f\x8b\x08\0" + line().encode(), "its gzip data are damaged"),
        (bz2.compress(line().encode()), "it is packed with bzip2; give what `bzip2 -dc` prints to standard input (-)"),
        (lzma.compress(line().encode()), "it is packed with xz; give what `xz -dc` prints"),
        (b"\x28\xb5\x2f\xfd\0", "it is packed with zstd; give what `zstd -dc` prints"),
        (b"PK\x03\x04", "it is packed with zip; give what `unzip -p` prints"),
    ],
)
def test_a_file_is_read_whatever_keeps_it(
    data: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "proxy.log"
    path.write_bytes(data)
    for name, place in ((str(path), str(path)), ("-", "standard input")):
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data)))
        assert main(["blocked", name]) == (2 if message else 1)
        shown = capsys.readouterr()
        assert shown.err.startswith(f"egress: cannot read {place}: {message}") if message else shown.err == ""


def test_a_file_is_one_however_often_it_is_named(log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An attempt that is read twice would be counted twice."""
    link = tmp_path / "again.log"
    link.symlink_to(log)
    main(["blocked", log])
    once = capsys.readouterr().out
    assert main(["blocked", log, str(link), log]) == 1
    assert capsys.readouterr().out == once


def test_fields_of_another_type_are_left_out() -> None:
    (record,) = read([line(list=None, host=None, bytes_in="many", sni=["x"])]).records
    assert (record.list, record.host, record.bytes_in, record.sni, record.name, record.port) == ("", "", 0, "", "", 0)


def test_halves_of_characters_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Readers of JSON such as jq refuse the whole answer for one of them."""
    (record,) = read([line(host="\ud800a.\udc00example\U0001f600:443")]).records
    assert record.name == "\ufffda.\ufffdexample\U0001f600"
    (tmp_path / "log").write_text(line(host="\ud800.example:443"))
    main(["blocked", str(tmp_path / "log"), "--format", "json"])
    assert "\\ud" not in capsys.readouterr().out


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
        ({"host": "a.example:123456"}, "a.example", 123456),
        ({"host": f"a.example:{'9' * 5000}"}, f"a.example:{'9' * 5000}", 0),
        # A steered connection whose TLS says no name, and one of a chart that logged no port of those.
        ({"host": "-:443", "reason": "no-sni"}, "", 443),
        (
            {"host": "a.example", "sni": "a.example", "upstream": "203.0.113.9:8443", "reason": "listed"},
            "a.example",
            8443,
        ),
        ({"host": "a.example", "upstream": "[2001:db8::1]:8443"}, "a.example", 8443),
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
            blocked("no-address", "in.example", 443, "gateway", "10.1.2.3", "169.254.169.254"),
            "it leads to 169.254.169.254, which no name may lead to",
        ),
        (
            blocked("no-address", "in.example", 443, "gateway", "fd00:ec2::254"),
            "it leads to fd00:ec2::254, which no name may lead to",
        ),
        (
            blocked("no-address", "in.example", 443, "gateway", "127.0.0.53"),
            "it leads to 127.0.0.53, which no name may lead to",
        ),
        (
            blocked("no-address", "in.example", 443, "gateway", "fe80::1%eth0"),
            "it has no address, or a private one, which egress.internal takes with its `cidrs`",
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
        (
            blocked("not-in-egress.domains", "api.new.example", 65536),
            "65536 is no port; a client asks for one from 1 to 65535",
        ),
        (blocked("not-in-egress.domains", ""), "no name was asked for; a proxy is asked for name:port"),
        (
            blocked("not-in-egress.domains", "co.uk", 8443),
            "co.uk is a public suffix, under which anyone can register a name; if the server of that very name is "
            "meant, add to egress.domains: - {name: co.uk, ports: [8443]}",
        ),
        (
            blocked("not-in-egress.domains", "*.example.com"),
            "`*.example.com` is no name of a server; a client asks for a name, and only a list has `*`",
        ),
        (
            blocked("expired", "api.new.example"),
            "it is on the list, and its entry has ended: give that entry a later `expires`, or grant the name again",
        ),
        # Words that a reader of YAML takes for something else.
        (blocked("not-in-egress.domains", "1.e5"), '"1.e5"'),
        (blocked("not-in-egress.domains", "a.example", 443, "no"), '{name: a.example, workloads: ["no"]}'),
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


def test_a_name_is_of_one_list_alone() -> None:
    """The chart refuses one that is in both, and one that is in egress.internal twice."""
    given = [
        Advice("domains", "in.example", (443,), ("gateway",)),
        Advice("internal", "in.example", (443,), ("gateway",), ("10.0.0.1/32",)),
        Advice("internal", "in.example", (443,), ("gateway",), ("10.0.0.2/32",)),
        Advice("domains", "in.example", (443,), ("opa",)),
    ]
    assert fragment(given) == (
        "# Helm replaces lists: where a values file of yours has one of these, add the entries to it.\n"
        "egress:\n"
        "  extraDomains:\n"
        "    - {name: in.example, workloads: [opa]}\n"
        "  # Take these names out of egress.domains, if it has them: the chart refuses a name that is in both.\n"
        "  internal:\n"
        '    - {name: in.example, cidrs: ["10.0.0.1/32", "10.0.0.2/32"]}\n'
    )


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
        "# Helm replaces lists: where a values file of yours has one of these, add the entries to it.\n"
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


HOSTS = (
    *("api.new.example:443", "api.new.example:8443", "API.New.Example.:443", "1.e5:443", "1password.com:443"),
    *("no.no:443", "*.example.com:443", "a b.example:443", "a\u202eb.example:443", "a\nb: [.example:443", "co.uk:443"),
    *("s3.amazonaws.com:443", "[::1]:443", "10.0.0.1:443", "localhost:443", "metadata.google.internal:443", "", ":443"),
    *(
        "m\u00fcnchen.example:443",
        "xn--mnchen-3ya.example:443",
        "a_b.example:443",
        "{x}.example:443",
        "'#a.example:443",
    ),
    *("-:443", "a.example:0", "a.example:65536"),
)


def test_the_chart_takes_what_blocked_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever clients ask for; and once it has it, the same names are allowed."""
    lines = [line(host=host, workload=part) for host in HOSTS for part in ("gateway", "opa")]
    lines += [line(sni=host.rpartition(":")[0], reason="sni-not-in-egress.domains") for host in HOSTS]
    lines += [line(host=host, reason="expired") for host in HOSTS]
    private = {"verdict": "failed", "reason": "no-address", "host": "in.example:443"}
    lines += [line(**private, upstream=f"{address}:443") for address in ("10.1.2.3", "[fd00::1]")]
    lines += [line(host="in.example:443"), line(**private | {"host": "md.example:443"}, upstream="169.254.169.254:443")]
    (tmp_path / "log").write_text("\n".join(lines))
    assert main(["blocked", str(tmp_path / "log"), "--format", "yaml"]) == 1
    text = capsys.readouterr().out
    values = yaml.safe_load(text)
    asyncio.run(render(CHART, values))
    (tmp_path / "values.yaml").write_text(text)
    allowed = [
        name
        for name in ("api.new.example", "api.new.example:8443", "1.e5", "1password.com", "no.no", "in.example")
        if main(["check", name, "--values", str(tmp_path / "values.yaml")]) == 0
    ]
    assert allowed == ["api.new.example", "api.new.example:8443", "1.e5", "1password.com", "no.no", "in.example"]
    names = {entry if isinstance(entry, str) else entry["name"] for entry in values["egress"]["extraDomains"]}
    assert names == {"api.new.example", "1.e5", "1password.com", "no.no", "xn--mnchen-3ya.example", "a.example"}


NAMES = ("a.example", "*.a.example", "b.a.example", "*.b.a.example", "c.example", "*.example", "x.co.uk")
ASKED = ("a.example", "z.b.a.example", "c.example", "q.example", "x.co.uk", "A.Example.", "")
PARTS = ("gateway", "opa", "frontend")
REASONS = {
    "allowed": ("listed",),
    "failed": ("no-address", "connect", "proxy", "client-left"),
    "denied": ("not-in-egress.domains", "sni-not-in-egress.domains", "no-sni", "plain-http", "expired"),
    "audit": ("not-in-egress.domains", "sni-not-in-egress.domains"),
}


@pytest.mark.parametrize("seed", range(40))
def test_every_entry_is_used_or_not_and_no_name_is_written_twice(seed: int) -> None:
    """Of lists and logs by chance, which need not belong together."""
    chance = Random(seed)
    domains = [
        {"name": name, "ports": chance.sample([80, 443, 8443], 2), "workloads": chance.sample(PARTS, 2)}
        for name in chance.choices(NAMES, k=4)
    ]
    inside = [{"name": chance.choice(NAMES), "cidrs": ["10.0.0.1/32"], "ports": [chance.choice([80, 443])]}]
    listed = parse_values({"egress": {"domains": domains, "internal": inside}}, suffixes=SUFFIXES)[0]
    lines = []
    for verdict in chance.choices(list(REASONS), k=12):
        name = chance.choice(ASKED)
        lines.append(
            line(
                verdict=verdict,
                reason=chance.choice(REASONS[verdict]),
                host=name + chance.choice(["", ":80", ":443", ":8443", ":70000"]),
                sni=chance.choice([name, "", "evil.example"]),
                entry=chance.choice(["", *NAMES, "audit"]),
                workload=chance.choice(PARTS),
                upstream=chance.choice(["", "10.0.0.9:443", "203.0.113.1:8443"]),
            )
        )
    log = read(lines)
    through = tally.used(log, listed)
    paths = [item.path for item in through if item.path] + [entry.path for entry in tally.unused(log, listed)]
    assert sorted(paths) == sorted(entry.path for entry in listed.entries)
    assert sum(item.count for item in through) == sum(record.verdict == "allowed" for record in log.records)
    values = yaml.safe_load(fragment(advice(item, SUFFIXES) for item in tally.blocked(log))) or {}
    problems = parse_values(values, suffixes=SUFFIXES)[1]
    assert [problem.message for problem in problems if problem.severity is Severity.ERROR] == []


@pytest.mark.parametrize("command", ["blocked", "used", "unused", "report"])
def test_the_order_of_the_lines_changes_no_answer(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [*LOG.splitlines(), line(verdict="audit"), line(reason="sni-not-in-egress.domains", sni="api.new.example")]
    answers = []
    for ordered in (lines, lines[::-1], lines):
        (tmp_path / "log").write_text("\n".join(ordered))
        main([command, str(tmp_path / "log"), *(() if command == "blocked" else ("--env", "production"))])
        answers.append(capsys.readouterr().out)
    assert len(set(answers)) == 1


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
        "mcp.partner.example  (egress.domains[2])  0 times, and 1 in vain, last at 2026-11-28T09:50:00.100Z, "
        "0 bytes out of gateway and 0 back\n"
    )


def test_each_entry_is_used_or_not(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Also one that was tried in vain, and one that steered connections came through, whose lines once had no port."""
    lines = [
        *LOG.splitlines(),
        line(verdict="failed", reason="no-address", host="tickets.internal.example:8080"),
        line(
            verdict="allowed", reason="listed", host="api.openai.com", sni="api.openai.com", upstream="203.0.113.9:443"
        ),
        line(verdict="allowed", reason="listed", host="of.no.list.example:443"),
    ]
    Path(log).write_text("\n".join(lines))
    main(["list", "--env", "production", "--format", "json"])
    paths = [item["path"] for item in json.loads(capsys.readouterr().out)["production"] if "name" in item]
    main(["used", log, "--env", "production", "--format", "json"])
    through = [item["path"] for item in json.loads(capsys.readouterr().out)]
    main(["unused", log, "--env", "production", "--format", "json"])
    idle = [item["path"] for item in json.loads(capsys.readouterr().out)]
    assert "" in through
    assert sorted(path for path in (*through, *idle) if path) == sorted(paths)


def test_what_a_grant_let_through_is_marked(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    granted = {"grant": "kim until 2026-11-28T13:00:00Z: incident 42", "host": "a.example:443", "sni": "a.example"}
    Path(log).write_text("\n".join([line(**ALLOWED | granted), line(**ALLOWED | {"host": "b.example:443", "sni": ""})]))
    main(["used", log, "--env", "production"])
    assert [text.partition("  1 time")[0] for text in capsys.readouterr().out.splitlines()] == [
        "a.example  (granted to kim until 2026-11-28T13:00:00Z: incident 42)",
        "b.example  (not in the list at hand)",
    ]
    main(["report", log, "--env", "production"])
    assert "| `a.example` | granted to kim until 2026-11-28T13:00:00Z: incident 42 | `a.example` | 1 |" in (
        capsys.readouterr().out
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
    assert "| `*.anthropic.com` | egress.domains[1] | `api.anthropic.com` | 2 | 0 | 101 | 202 |" in output
    assert "| `api.openai.com` | egress.domains[0] | ai-platform | model provider |\n" in output


def test_text_in_a_report_is_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    path.write_text(line(host="a|b`c.example:443", workload="<b>", reason="no-sni"))
    main(["report", str(path), "--env", "production"])
    assert "| \\<b\\> | ``a\\|b`c.example:443`` | no-sni" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("host", "cell"),
    [
        # Two backticks would end the code, and `\\|` is a backslash and the end of a cell.
        ("a``<img>``b.example:443", "a\\`\\`\\<img\\>\\`\\`b.example:443"),
        ("`a.example:443", "\\`a.example:443"),
        ("a\\|b.example:443", "a\\\\\\|b.example:443"),
        ("", "`nothing that can be named`"),
    ],
)
def test_no_name_leaves_its_cell(host: str, cell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").write_text(line(host=host))
    main(["report", str(tmp_path / "log"), "--env", "production"])
    assert f"| gateway | {cell} | not-in-egress.domains (denied) |" in capsys.readouterr().out


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
        (["blocked", "LOG", "--since", ""], 64, "--since is for the log of the replicas"),
        (["blocked", "--since", ""], 64, "--since: it is empty; leave it out, or write a duration, such as 12h"),
        (["blocked", "--since", "1h30m"], 64, "--since: 1h30m is no duration; write a number and s, m, h or d"),
        (
            ["blocked", "LOG", "--workload", "gatway"],
            2,
            "nothing can be said of gatway: the log has attempts of gateway, opa alone",
        ),
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
        'to allow it, add to egress.internal: - {name: in.corp.example, cidrs: ["10.1.2.3/32", "fd00::1/128"]}, '
        "and take the name out of egress.domains if it is there",
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


def test_the_log_of_the_replicas_that_run(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the proxy's container, whatever runs beside it; a line ends in a newline, and in no other mark."""
    body = json.dumps(json.loads(line(host="a\u2028b\x85.example:443")), ensure_ascii=False)
    server.logs = {"proxy-1": f"{body}\n".encode() + b"\xff no UTF-8\n", "proxy-2": line(**ALLOWED).encode()}
    assert main(["blocked", "--format", "json"]) == 1
    answer = capsys.readouterr()
    assert [item["name"] for item in json.loads(answer.out)] == ["a\u2028b\x85.example"]
    assert answer.err == ""


def test_a_replica_without_a_log_is_named(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.logs = {"proxy-1": line()[:-1].encode() + b"\n" + line(**ALLOWED).encode()}
    server.pending = {"proxy-2"}
    assert main(["blocked"]) == 0
    error = capsys.readouterr().err
    assert "egress: proxy-2 has not started, and has no log yet\n" in error
    assert "egress: one line is left out, at proxy-1:1: " in error
