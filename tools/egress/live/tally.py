"""A log summed up: what was blocked, which entries were used, and which were not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tools.egress.allowlist import Allowlist, ListEntry
from tools.egress.live.record import Log, LogRecord

REFUSED = ("denied", "audit")
LET_THROUGH = ("allowed", "failed")
# The proxy cannot tell a name without addresses from one whose addresses it must not connect to.
PERHAPS = "no-address"


@dataclass(frozen=True, slots=True)
class Blocked:
    """Attempts of one workload at one name and port that policy refused, or would have refused (verdict audit).

    `looked_up`: the addresses that a name without one has where this runs; None when that was not asked.
    """

    workload: str
    name: str
    port: int
    verdict: str
    reason: str
    count: int
    first: str
    last: str
    clients: tuple[str, ...]
    addresses: tuple[str, ...]
    looked_up: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What came through one entry of the list. `path` is "" for an entry that the list at hand does not have.

    `failed`: how often it was let through in vain, since nothing answered; it is in none of the other sums.
    `grants`: who opened it for a while, until when and why, where somebody did.
    """

    entry: str
    path: str
    count: int
    names: tuple[str, ...]
    workloads: tuple[str, ...]
    bytes_in: int
    bytes_out: int
    last: str
    failed: int = 0
    grants: tuple[str, ...] = ()


def blocked(log: Log) -> tuple[Blocked, ...]:
    """What was refused, the most frequent first."""
    groups: dict[tuple[str, str, int, str, str], list[LogRecord]] = {}
    for record in log.records:
        if record.verdict in REFUSED or record.reason == PERHAPS:
            key = (record.workload, record.name, record.port, record.verdict, record.reason)
            groups.setdefault(key, []).append(record)
    return tuple(sorted((_blocked(*key, records) for key, records in groups.items()), key=_most_frequent))


def _blocked(workload: str, name: str, port: int, verdict: str, reason: str, records: Sequence[LogRecord]) -> Blocked:
    return Blocked(
        workload=workload,
        name=name,
        port=port,
        verdict=verdict,
        reason=reason,
        count=len(records),
        first=min((record.time for record in records if record.time), default=""),
        last=max(record.time for record in records),
        clients=_distinct(record.address for record in records),
        addresses=_distinct(record.reached for record in records),
    )


def _most_frequent(item: Blocked) -> tuple[int, str, str, int, str, str]:
    return -item.count, item.workload, item.name, item.port, item.verdict, item.reason


def used(log: Log, listed: Allowlist) -> tuple[Used, ...]:
    """What the list let through, entry by entry, the most frequent first. Each entry is here, or in `unused`."""
    groups: dict[tuple[str, str], list[LogRecord]] = {}
    for record in log.records:
        entry = _entry(record, listed) if record.verdict in LET_THROUGH else None
        if record.verdict == "allowed" or entry:
            name = entry.name if entry else record.entry or record.name
            groups.setdefault((name, entry.path if entry else ""), []).append(record)
    return tuple(sorted((_used(*key, records) for key, records in groups.items()), key=_busiest))


def _used(entry: str, path: str, records: Sequence[LogRecord]) -> Used:
    allowed = [record for record in records if record.verdict == "allowed"]
    return Used(
        entry=entry,
        path=path,
        count=len(allowed),
        names=_distinct(record.name for record in records),
        workloads=_distinct(record.workload for record in records),
        bytes_in=sum(record.bytes_in for record in allowed),
        bytes_out=sum(record.bytes_out for record in allowed),
        last=max(record.time for record in records),
        failed=len(records) - len(allowed),
        grants=_distinct(record.grant for record in records),
    )


def _busiest(item: Used) -> tuple[int, int, str, str]:
    return -item.count, -item.failed, item.entry, item.path


def unused(log: Log, listed: Allowlist) -> tuple[ListEntry, ...]:
    """The entries that nothing in the log came through, nor tried to."""
    tried = {
        entry.path for record in log.records if record.verdict in LET_THROUGH and (entry := _entry(record, listed))
    }
    return tuple(entry for entry in listed.entries if entry.path not in tried)


def _entry(record: LogRecord, listed: Allowlist) -> ListEntry | None:
    """The entry that decided: the one that the log names, or else the one that the list at hand has for the name."""
    named = [
        entry
        for entry in listed.entries
        if record.entry == entry.name and record.workload in entry.workloads and record.port in entry.ports
    ]
    if record.entry:
        return next(iter(named), None)
    return listed.find(record.name, record.port, record.workload)


def verdicts(log: Log) -> tuple[tuple[str, str, str, int], ...]:
    """(workload, verdict, reason, how often), the most frequent first."""
    counts: dict[tuple[str, str, str], int] = {}
    for record in log.records:
        key = (record.workload, record.verdict, record.reason)
        counts[key] = counts.get(key, 0) + 1
    return tuple((*key, count) for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))
