"""One attempt, as the proxy's log has it (charts/sark-network/files/egress-log.schema.json), and a log of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SCHEMA = "sark-network.egress/1"
# Beyond any number that Envoy counts to.
MOST = 1 << 64
# Reasons for which the name that counts is the one that TLS asked for.
BY_SERVER_NAME = ("sni-not-in-egress.domains",)
_HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:]*)(:(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A line of the log; what it leaves open is ""."""

    time: str
    workload: str
    client: str
    host: str
    sni: str
    upstream: str
    verdict: str
    reason: str
    entry: str = ""
    list: str = ""
    pod: str = ""
    bytes_in: int = 0
    bytes_out: int = 0

    @property
    def name(self) -> str:
        """The name that was asked for, in lower case: of CONNECT, or of TLS where that one decided."""
        decided_by_tls = self.reason in BY_SERVER_NAME or (self.verdict == "allowed" and self.sni)
        if decided_by_tls and self.sni:
            return self.sni.lower().removesuffix(".")
        match = _HOST.fullmatch(self.host)
        return (match["name"] if match else self.host).lower().removesuffix(".")

    @property
    def port(self) -> int:
        """The port that was asked for; plain HTTP without one means 80, and no port at all is 0."""
        match = _HOST.fullmatch(self.host)
        if match and match["port"]:
            return int(match["port"])
        return 80 if self.reason == "plain-http" else 0

    @property
    def address(self) -> str:
        """The client's address without its port."""
        return self.client.rpartition(":")[0] or self.client

    @property
    def reached(self) -> str:
        """The address that the name came to, without its port."""
        return self.upstream.rpartition(":")[0].strip("[]")


@dataclass(frozen=True, slots=True)
class Log:
    """The attempts that were read. `strange`: how many lines look like JSON and are no line of this log, or half."""

    records: tuple[LogRecord, ...] = ()
    strange: int = 0

    @property
    def first(self) -> str:
        """When the first attempt began, or ""."""
        return min((record.time for record in self.records if record.time), default="")

    @property
    def last(self) -> str:
        """When the last attempt began, or ""."""
        return max((record.time for record in self.records), default="")


def read(lines: Iterable[str]) -> Log:
    """The log in some lines. What a collector writes before the JSON is skipped, and so is what Envoy itself says."""
    records: list[LogRecord] = []
    strange = 0
    for text in lines:
        for body in _bodies(text):
            if body.get("schema") == SCHEMA:
                records.append(_record(body))
            else:
                strange += 1
    return Log(tuple(records), strange)


def _bodies(text: str) -> Iterator[Mapping[str, Any]]:
    start = text.find("{")
    if start < 0:
        return
    try:
        body = json.loads(text[start:])
    except (ValueError, RecursionError):
        body = {} if SCHEMA in text else None
    if isinstance(body, Mapping):
        # Collectors keep the line that they were given as a text in one of their own.
        inner = next((body[key] for key in ("log", "message", "line") if isinstance(body.get(key), str)), None)
        if "schema" not in body and inner is not None and inner.lstrip().startswith("{"):
            yield from _bodies(inner)
        else:
            yield body


def _record(body: Mapping[str, Any]) -> LogRecord:
    def text(key: str) -> str:
        value = body.get(key)
        return value if isinstance(value, str) else ""

    def number(key: str) -> int:
        value = body.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST else 0

    return LogRecord(
        time=text("time"),
        workload=text("workload"),
        client=text("client"),
        host=text("host"),
        sni=text("sni"),
        upstream=text("upstream"),
        verdict=text("verdict"),
        reason=text("reason"),
        entry=text("entry"),
        list=text("list"),
        pod=text("pod"),
        bytes_in=number("bytes_in"),
        bytes_out=number("bytes_out"),
    )
