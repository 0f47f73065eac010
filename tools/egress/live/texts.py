"""What the commands about the log print: text for a terminal, Markdown for a report, and values that allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from tools.egress.allowlist import ListEntry, Suffixes
from tools.egress.live.advice import Advice, advice
from tools.egress.live.record import SCHEMA, Log
from tools.egress.live.tally import Blocked, Used

_VERBS = {"denied": "may not reach", "audit": "would not be let through to"}


def period(log: Log) -> str:
    """Which attempts were read, as a sentence."""
    count = len(log.records)
    some = f"{log.strange} lines of JSON are no lines" if log.strange != 1 else "one line of JSON is no line"
    strange = f"; {some} of this log" if log.strange else ""
    if not count:
        return f"no attempt is in the log{strange}{f'. {unread(log)}' if log.unread else ''}"
    when = f"from {log.first} to {log.last}" if log.last else "without a time"
    return f"{count} attempt{'s' * (count != 1)} {when}{strange}"


def unread(log: Log) -> str:
    """That attempts are missing, and why, as a sentence."""
    several = log.unread != 1
    left_out = f"{log.unread} lines are left out, the first at" if several else "one line is left out, at"
    if log.versions:
        have = f"{'they have' if several else 'it has'} {', '.join(log.versions)}"
        return f"{left_out} {log.place}: this reads {SCHEMA}, and {have}; use the toolkit of that version of the chart"
    what = (
        f"they name {SCHEMA}, and are no whole attempts" if several else f"it names {SCHEMA}, and is no whole attempt"
    )
    return f"{left_out} {log.place}: {what}; give each attempt on one line, as the proxy writes it, or `jq -c`"


def target(item: Blocked) -> str:
    """What was asked for."""
    return f"{item.name or 'nothing that can be named'}{f':{item.port}' if item.port else ''}"


def blocked_text(items: Sequence[Blocked], suffixes: Suffixes) -> Iterator[str]:
    """Each blocked name with what would allow it."""
    for item in items:
        sources = f", from {', '.join(item.clients)}" if item.clients else ""
        yield (
            f"{item.workload or 'nobody'} {_VERBS.get(item.verdict, item.verdict)} {target(item)} ({item.reason}): "
            f"{_times(item.count)}{_last(item.last)}{sources}"
        )
        yield f"    {allowing(advice(item, suffixes))}"


def allowing(given: Advice) -> str:
    """What would allow it, as a sentence."""
    if not given.key:
        return given.sentence
    moved = ", and take the name out of egress.domains if it is there" if given.key == "internal" else ""
    return f"to allow it, add to egress.{given.key}: - {given.entry}{moved}"


def blocked_record(item: Blocked, suffixes: Suffixes) -> dict[str, Any]:
    """The same for JSON."""
    given = advice(item, suffixes)
    how = {"key": f"egress.{given.key}", "entry": given.entry} if given.key else {"sentence": given.sentence}
    return {**asdict(item), "allow": how}


def used_text(items: Sequence[Used]) -> Iterator[str]:
    """Each entry with what came through it."""
    for item in items:
        failed = f", and {item.failed} in vain" if item.failed else ""
        yield (
            f"{item.entry or 'nothing that can be named'}  ({_place(item)})  "
            f"{_times(item.count)}{failed}{_last(item.last)}, {item.bytes_in} bytes out of "
            f"{', '.join(item.workloads) or 'nobody'} and {item.bytes_out} back"
        )
        if item.names != (item.entry,):
            yield f"    {', '.join(item.names)}"


def _place(item: Used) -> str:
    """Where the list at hand has it, and who granted it, if anybody did."""
    return ", ".join(filter(None, (item.path, _granted(item)))) or "not in the list at hand"


def _granted(item: Used) -> str:
    return f"granted to {'; '.join(item.grants)}" if item.grants else ""


def _times(count: int) -> str:
    return f"{count} time{'s' * (count != 1)}"


def _last(time: str) -> str:
    return f", last at {time}" if time else ""


def unused_text(entries: Sequence[ListEntry]) -> Iterator[str]:
    """Each entry that nothing came through, with whom to ask about it."""
    for entry in entries:
        owner = f", owner {entry.owner}" if entry.owner else ", no owner"
        reason = f", {entry.reason}" if entry.reason else ""
        yield f"{entry.path}  {entry.name}{owner}{reason}"


def report(
    environment: str,
    log: Log,
    counts: Sequence[tuple[str, str, str, int]],
    refused: Sequence[Blocked],
    through: Sequence[Used],
    idle: Sequence[ListEntry],
    suffixes: Suffixes,
) -> Iterator[str]:
    """A page of Markdown about the log."""
    yield f"# Egress{f' of {environment}' if environment else ''}"
    yield ""
    yield f"{period(log)[:1].upper()}{period(log)[1:]}."
    yield ""
    yield "| Workload | Verdict | Reason | Times |"
    yield "|---|---|---|---|"
    for workload, verdict, reason, count in counts:
        yield f"| {_cell(workload)} | {_cell(verdict)} | {_cell(reason)} | {count} |"
    yield ""
    yield "## Blocked"
    yield ""
    yield from _blocked_rows(refused, suffixes)
    yield ""
    yield "## Used"
    yield ""
    yield from _used_rows(through)
    yield ""
    yield "## Unused"
    yield ""
    if idle:
        yield "| Entry | Place | Owner | Reason |"
        yield "|---|---|---|---|"
        for entry in idle:
            owner, reason = _cell(entry.owner) or "–", _cell(entry.reason) or "–"
            yield f"| {_code(entry.name)} | {entry.path} | {owner} | {reason} |"
    else:
        yield "Every entry was used."


def _blocked_rows(refused: Sequence[Blocked], suffixes: Suffixes) -> Iterator[str]:
    if not refused:
        yield "Nothing was blocked."
        return
    yield "| Workload | Asked for | Reason | Times | Last | To allow it |"
    yield "|---|---|---|---|---|---|"
    for item in refused:
        how = advice(item, suffixes)
        entry = _code(f"- {how.entry}")
        allow = f"`egress.{how.key}`: {entry}" if how.key else _cell(how.sentence)
        yield (
            f"| {_cell(item.workload)} | {_code(target(item))} | {_cell(item.reason)} ({_cell(item.verdict)}) "
            f"| {item.count} | {_cell(item.last)} | {allow} |"
        )


def _used_rows(through: Sequence[Used]) -> Iterator[str]:
    if not through:
        yield "No entry was used."
        return
    yield "| Entry | Place | Names | Times | In vain | Bytes out | Bytes back | Last |"
    yield "|---|---|---|---|---|---|---|---|"
    for item in through:
        names = ", ".join(f"{_code(name)}" for name in item.names)
        place = ", ".join(filter(None, (item.path, _cell(_granted(item))))) or "–"
        yield (
            f"| {_code(item.entry)} | {place} | {names} | {item.count} | {item.failed} "
            f"| {item.bytes_in} | {item.bytes_out} | {_cell(item.last)} |"
        )


def _code(text: str) -> str:
    """Text as code inside a cell of a table; as no mark-up in words where no code can hold it."""
    if "\\" in text or "``" in text or text != text.strip("`"):
        return _cell(text)
    fence = "``" if "`" in text else "`"
    return f"{fence}{text.replace('|', chr(92) + '|')}{fence}"


def _cell(text: str) -> str:
    """Text inside a cell of a table, in which it can be no mark-up."""
    return "".join("\\" + char if char in "\\`*_[]<>|" else char for char in text)
