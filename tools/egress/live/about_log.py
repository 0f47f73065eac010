"""Runs the commands about the log: blocked, used, unused, report."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from tools.egress.allowlist import Allowlist, Suffixes
from tools.egress.live import tally, texts
from tools.egress.live.advice import advice, fragment
from tools.egress.live.grants import duration
from tools.egress.live.lookup import look_up
from tools.egress.live.record import Log, read
from tools.egress.live.tally import Blocked
from tools.findings.cli import CLEAN, COULD_NOT_RUN, FINDINGS, USAGE, complain
from tools.findings.errors import InputError
from tools.findings.escaping import json_text, line, printable
from tools.manifests.files import file_lines, input_lines, shown


def run(options: argparse.Namespace, lists: Mapping[str, Allowlist], suffixes: Suffixes) -> int:
    """Read the log and answer. `lists`: of the environment that was asked for; none for `blocked`."""
    if options.log.count("-") > 1:
        complain("egress", "standard input can be read only once; write - only once")
        return USAGE
    if options.log and options.since is not None:
        complain("egress", "--since is for the log of the replicas; files are read whole, so leave one of the two out")
        return USAGE
    try:
        since = _since(options.since)
    except ValueError as error:
        complain("egress", f"--since: {error}")
        return USAGE
    if options.command != "blocked" and len(lists) != 1:
        complain("egress", "whose list is meant? Name one environment with --env, or its values files with --values")
        return USAGE
    try:
        log = sum((read(lines, source) for source, lines in _sources(options, since)), Log())
    except InputError as error:
        complain("egress", error)
        return COULD_NOT_RUN
    if not log.records:
        complain("egress", f"nothing can be said: {texts.period(log)}")
        return COULD_NOT_RUN
    if log.unread:
        complain("egress", texts.unread(log))
    if options.command == "blocked" and options.workload:
        own = tuple(record for record in log.records if record.workload == options.workload)
        if not own:
            workloads = ", ".join(sorted({record.workload or "nobody" for record in log.records}))
            complain("egress", f"nothing can be said of {options.workload}: the log has attempts of {workloads} alone")
            return COULD_NOT_RUN
        log = replace(log, records=own)
    if options.command == "blocked":
        return _blocked(log, suffixes, options)
    ((environment, listed),) = lists.items()
    if options.command == "report":
        return _report(log, environment, listed, suffixes)
    return _used(log, listed, options) if options.command == "used" else _unused(log, listed, options)


def _since(text: str | None) -> timedelta | None:
    """How far back. Raises ValueError."""
    if text == "":
        raise ValueError("it is empty; leave it out, or write a duration, such as 12h")
    return duration(text) if text else None


def _sources(options: argparse.Namespace, since: timedelta | None) -> Iterator[tuple[str, Iterable[str]]]:
    """Each file, or each replica, with its lines. Raises InputError, also while the lines are read."""
    if options.log:
        return ((_place(name), _of_file(name)) for name in _once(options.log))
    from tools.egress.live.cluster import logs

    return logs(options.context, options.namespace, options.release, since)


def _once(names: Iterable[str]) -> Iterator[str]:
    """The files, each once: an attempt that is read twice would be counted twice."""
    known: set[str] = set()
    for name in names:
        real = name if name == "-" else os.path.realpath(name)
        if real not in known:
            known.add(real)
            yield name


def _place(name: str) -> str:
    return "standard input" if name == "-" else shown(Path(name))


def _of_file(name: str) -> Iterator[str]:
    if name == "-":
        yield from input_lines()
        return
    try:
        yield from file_lines(Path(name))
    except OSError as error:
        raise InputError(f"cannot read {_place(name)}: {error.strerror or error}") from None


def _blocked(log: Log, suffixes: Suffixes, options: argparse.Namespace) -> int:
    items = tally.blocked(log)
    if options.look_up:
        items = _looked_up(items)
    if options.format == "json":
        print(json_text([texts.blocked_record(item, suffixes) for item in items], 2, ascii=True))
    elif options.format == "yaml":
        _values(items, suffixes)
    else:
        _print(texts.blocked_text(items, suffixes))
        if not items:
            print(line(f"nothing was blocked: {texts.period(log)}"))
    return FINDINGS if items else CLEAN


def _looked_up(items: tuple[Blocked, ...]) -> tuple[Blocked, ...]:
    addresses = look_up(item.name for item in items if item.reason == tally.PERHAPS)
    return tuple(
        replace(item, looked_up=addresses.get(item.name, ())) if item.reason == tally.PERHAPS else item
        for item in items
    )


def _values(items: tuple[Blocked, ...], suffixes: Suffixes) -> None:
    """Values that allow what was blocked. What no values allow is a comment, so that nothing is left out in silence."""
    given = [(item, advice(item, suffixes)) for item in items]
    for item, how in given:
        if not how.key:
            print(printable(f"# {item.workload}, {texts.target(item)} ({item.reason}): {how.sentence}"))
    print(fragment(how for _, how in given), end="")


def _used(log: Log, listed: Allowlist, options: argparse.Namespace) -> int:
    items = tally.used(log, listed)
    if options.format == "json":
        print(json_text([asdict(item) for item in items], 2, ascii=True))
    else:
        _print(texts.used_text(items))
        if not items:
            print(line(f"no entry was used: {texts.period(log)}"))
    return CLEAN


def _unused(log: Log, listed: Allowlist, options: argparse.Namespace) -> int:
    entries = tally.unused(log, listed)
    if options.format == "json":
        print(json_text([asdict(entry) for entry in entries], 2, ascii=True))
    else:
        _print(texts.unused_text(entries))
        print(line(f"{'every entry was used' if not entries else 'not used'}: {texts.period(log)}"))
    return FINDINGS if entries else CLEAN


def _report(log: Log, environment: str, listed: Allowlist, suffixes: Suffixes) -> int:
    _print(
        texts.report(
            environment,
            log,
            tally.verdicts(log),
            tally.blocked(log),
            tally.used(log, listed),
            tally.unused(log, listed),
            suffixes,
        )
    )
    return CLEAN


def _print(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        print(line(sentence))
