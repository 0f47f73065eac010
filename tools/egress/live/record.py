"""One attempt, as the proxy's log has it (charts/sark-network/files/egress-log.schema.json), and a log of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SCHEMA = "sark-network.egress/1"
# What every version of it begins with.
FAMILY = "sark-network.egress/"
VERDICTS = ("allowed", "denied", "audit", "failed")
# Beyond any number that Envoy counts to.
MOST = 1 << 64
# Reasons for which the name that counts is the one that TLS asked for.
BY_SERVER_NAME = ("sni-not-in-egress.domains",)
_HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:]*)(:(?P<port>[0-9]{1,19}))?")
# What Envoy writes in a text for a name that the client did not say.
NO_NAME = "-"
# Where collectors keep the line that they were given, as text or read already.
_INSIDE = (
    *("log", "log_processed"),  # Docker, Fluentd, Fluent Bit
    *("message", "logEvents", "events"),  # Vector, Filebeat, CloudWatch's events
    *("line", "data", "result", "values"),  # Loki
    *("textPayload", "jsonPayload"),  # Google Cloud Logging
    *("LogMessage", "LogEntry"),  # Azure Monitor
    *("_raw", "event"),  # Splunk
    *("_source", "attributes"),  # Elasticsearch, Datadog
    *("resourceLogs", "scopeLogs", "logRecords", "body", "stringValue"),  # OpenTelemetry
    "MESSAGE",  # journald
)
_DEEPEST = 12
# Braces that may stand before the line's own, such as the labels that logcli prints.
_MOST_BRACES = 8
_REST = re.compile(r"(?:[\s\0,\]]|\x1b\[[0-9;]*m)*")
_VERSION = re.compile(re.escape(FAMILY) + "[0-9]{1,9}")
_START = re.compile(r"\[\s*\{|\{")
_DECODER = json.JSONDecoder()
_NOTHING: Mapping[str, str] = {"port": ""}


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
    grant: str = ""
    bytes_in: int = 0
    bytes_out: int = 0

    @property
    def name(self) -> str:
        """The name that was asked for, in lower case: of CONNECT, or of TLS where that one decided."""
        decided_by_tls = self.reason in BY_SERVER_NAME or (self.verdict == "allowed" and self.sni)
        if decided_by_tls and self.sni:
            return self.sni.lower().removesuffix(".")
        match = _HOST.fullmatch(self.host)
        name = (match["name"] if match else self.host).lower().removesuffix(".")
        return "" if name == NO_NAME else name

    @property
    def port(self) -> int:
        """The port that was asked for, or else connected to; 80 for plain HTTP that says none, and 0 for none."""
        match = _HOST.fullmatch(self.host) or _NOTHING
        if match["port"]:
            return int(match["port"])
        if self.reason == "plain-http":
            return 80
        # Of a steered connection earlier lines say no port but the one that was connected to.
        return int((_HOST.fullmatch(self.upstream) or _NOTHING)["port"] or 0)

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
    """The attempts that were read. `strange`: how many lines look like JSON and are no line of this log, or half.

    `unread`: how many of those name this log's schema, so that attempts are missing; `place`: the first of them.
    `versions`: those of the schema that are not read here.
    """

    records: tuple[LogRecord, ...] = ()
    strange: int = 0
    unread: int = 0
    place: str = ""
    versions: tuple[str, ...] = ()

    def __add__(self, other: Log) -> Log:
        """Both."""
        return Log(
            self.records + other.records,
            self.strange + other.strange,
            self.unread + other.unread,
            self.place or other.place,
            tuple(sorted({*self.versions, *other.versions})),
        )

    @property
    def first(self) -> str:
        """When the first attempt began, or ""."""
        return min((record.time for record in self.records if record.time), default="")

    @property
    def last(self) -> str:
        """When the last attempt began, or ""."""
        return max((record.time for record in self.records), default="")


def read(lines: Iterable[str], source: str = "") -> Log:
    """The log in some lines. What a collector writes around the JSON is skipped, and so is what Envoy itself says."""
    records: list[LogRecord] = []
    versions: set[str] = set()
    strange = unread = 0
    place = ""
    for number, text in enumerate(lines, 1):
        objects = list(_objects(text))
        bodies = [body for value in objects for body in _bodies(value, _DEEPEST)]
        good = [body for body in bodies if body["schema"] == SCHEMA and body.get("verdict") in VERDICTS]
        records += map(_record, good)
        if missing := max(len(bodies) - len(good), int(not bodies and FAMILY in text)):
            versions.update(filter(_VERSION.fullmatch, (body["schema"] for body in bodies)))
            unread += missing
            place = place or f"{source}:{number}".removeprefix(":")
        strange += missing or int(not bodies and any(map(_is_foreign, objects)))
    return Log(tuple(records), strange, unread, place, tuple(sorted(versions - {SCHEMA})))


def _objects(text: str) -> Iterator[Any]:
    """The JSON in a line: it begins at a brace, and nothing but more of it, commas, blanks and colours may follow."""
    values: list[Any] = []
    tries, start = 0, _START.search(text)
    while start and tries < _MOST_BRACES:
        try:
            value, end = _DECODER.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            tries, values, start = tries + 1, [], _START.search(text, start.start() + 1)
            continue
        values.append(value)
        rest = _REST.match(text, end)
        end = rest.end() if rest else end
        if end == len(text):
            yield from values
            return
        start = _START.search(text, end)
        if start and start.start() != end:
            tries, values = tries + 1, []


def _bodies(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """The lines of this log that a value is, or holds where a collector keeps the line."""
    if isinstance(value, Mapping):
        if str(value.get("schema", "")).startswith(FAMILY):
            yield value
            return
        for key in _INSIDE if depth else ():
            # A collector may keep the line twice, as it was and read.
            if key in value and (inside := list(_bodies(value[key], depth - 1))):
                yield from inside
                return
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _bodies(item, depth - 1)
    elif isinstance(value, str) and depth and value.lstrip().startswith("{"):
        for item in _objects(value):
            yield from _bodies(item, depth - 1)


def _is_foreign(value: Any) -> bool:
    """Whether it is JSON of something else, and not what Envoy itself says, as a collector wraps it."""
    keys = ("log", "message", "line") if isinstance(value, Mapping) else ()
    inside = next((value[key] for key in keys if isinstance(value.get(key), str)), None)
    return inside is None or inside.lstrip().startswith("{")


def _whole(text: str) -> str:
    """Without halves of characters, which JSON can spell and no reader of our answers has to take."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _record(body: Mapping[str, Any]) -> LogRecord:
    def text(key: str) -> str:
        value = body.get(key)
        return _whole(value) if isinstance(value, str) else ""

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
        grant=text("grant"),
        bytes_in=number("bytes_in"),
        bytes_out=number("bytes_out"),
    )
