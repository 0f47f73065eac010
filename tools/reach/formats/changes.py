"""A diff as text: `+` for added, `-` for removed and `~` for changed, and addresses that change alike on one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tools.reach.diff import Changed
from tools.reach.formats.names import is_addresses, named_addresses, printable
from tools.reach.formats.words import Reasons, columns, folded
from tools.reach.model import Verdict

Sign = Literal["+", "-", "~"]
WORDS: dict[Sign, str] = {"+": "added", "-": "removed", "~": "changed"}
_COLOURS: dict[Sign, str] = {"+": "32", "-": "31", "~": "33"}


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """What changed between two peers; one of them may be all the addresses for which the same changed."""

    sign: Sign
    src: str
    dst: str
    before: str
    after: str

    @property
    def what(self) -> str:
        """What is open now, or was."""
        return {"+": self.after, "-": self.before, "~": f"{self.after} (was {self.before})"}[self.sign]


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """The rows of a diff, and what the titles of addresses in them stand for."""

    rows: tuple[ChangedRow, ...]
    titles: tuple[tuple[str, str], ...]


def changes(changes: tuple[Changed, ...], *, colour: bool = False) -> Iterator[str]:
    """A line for each row, the reasons of conditional ones, and the counts. `colour`: for a terminal."""
    reasons = Reasons()
    listed = gathered(changes, reasons)
    for row in listed.rows:
        start, end = (f"\x1b[{_COLOURS[row.sign]}m", "\x1b[0m") if colour else ("", "")
        yield f"{start}{row.sign} {row.src} -> {row.dst}: {row.what}{end}\n"
    if listed.titles:
        yield "\nWhat these names stand for:\n"
        yield from (f"{line}\n" for line in columns(listed.titles, "  "))
    for reason, number in reasons.numbers.items():
        yield "\n? depends on what the input does not say:\n" if number == 1 else ""
        yield from (f"{line}\n" for line in folded(printable(reason), "      ", f"  [{number}] "))
    counts = Counter(row.sign for row in listed.rows)
    message = ", ".join(f"{counts[mark]} {word}" for mark, word in WORDS.items() if counts[mark])
    yield f"\n{message}\n" if message else "nothing changed\n"


def gathered(changes: Iterable[Changed], reasons: Reasons) -> ChangedRows:
    """The rows of a diff: a pair each, but addresses for which the same changed in one. `reasons` numbers theirs."""
    members: dict[ChangedRow, list[str]] = {}
    for change in changes:
        before, after = (reasons.phrase(each, change.src, change.dst) for each in (change.before, change.after))
        src, dst = ("" if is_addresses(name) else printable(name) for name in (change.src, change.dst))
        row = ChangedRow(_sign(change), src, dst, before, after)
        members.setdefault(row, []).append(change.dst if src else change.src)
    titles: dict[str, str] = {}
    rows = []
    for row, names in members.items():
        title = "" if row.src and row.dst else _title(names, titles)
        rows.append(ChangedRow(row.sign, row.src or title, row.dst or title, row.before, row.after))
    return ChangedRows(tuple(rows), tuple((title, holds) for title, holds in titles.items() if holds))


def _title(names: list[str], titles: dict[str, str]) -> str:
    """A title for addresses, which no other addresses have."""
    title, holds = named_addresses(names)
    number = 1
    while (numbered := title if number == 1 else f"{title} ({number})") in titles and titles[numbered] != holds:
        number += 1
    titles[numbered] = holds
    return numbered


def _sign(change: Changed) -> Sign:
    """`+` where nothing was allowed before, `-` where nothing is after, else `~`."""
    if not _something(change.before):
        return "+"
    return "~" if _something(change.after) else "-"


def _something(verdict: Verdict) -> bool:
    return bool(verdict.allowed or verdict.conditional)
