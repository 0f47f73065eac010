"""A diff as text: one line for each pair of peers, with `+` for added, `-` for removed and `~` for changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from tools.reach.diff import Changed
from tools.reach.formats.names import addresses, is_addresses, printable
from tools.reach.formats.words import Reasons, folded
from tools.reach.model import Verdict

Sign = Literal["+", "-", "~"]
WORDS: dict[Sign, str] = {"+": "added", "-": "removed", "~": "changed"}
_COLOURS: dict[Sign, str] = {"+": "32", "-": "31", "~": "33"}


def changes(changes: tuple[Changed, ...], *, colour: bool = False) -> Iterator[str]:
    """A line for each change, the reasons of conditional ones, and the counts. `colour`: for a terminal."""
    reasons, counts = Reasons(), Counter(map(sign, changes))
    for change in changes:
        mark = sign(change)
        start, end = (f"\x1b[{_COLOURS[mark]}m", "\x1b[0m") if colour else ("", "")
        yield f"{start}{mark} {peer_name(change.src)} -> {peer_name(change.dst)}: {_what(change, mark, reasons)}{end}\n"
    for reason, number in reasons.numbers.items():
        yield "\n? depends on what the input does not say:\n" if number == 1 else ""
        yield from (f"{line}\n" for line in folded(printable(reason), "      ", f"  [{number}] "))
    message = ", ".join(f"{counts[mark]} {word}" for mark, word in WORDS.items() if counts[mark])
    yield f"\n{message}\n" if message else "nothing changed\n"


def sign(change: Changed) -> Sign:
    """`+` where nothing was allowed before, `-` where nothing is after, else `~`."""
    if not _something(change.before):
        return "+"
    return "~" if _something(change.after) else "-"


def peer_name(name: str) -> str:
    """A peer's name; addresses are written as a network where they are one."""
    return addresses([name]) if is_addresses(name) else printable(name)


def _what(change: Changed, sign: Sign, reasons: Reasons) -> str:
    before, after = (reasons.phrase(verdict, change.src, change.dst) for verdict in (change.before, change.after))
    return f"{after} (was {before})" if sign == "~" else after if sign == "+" else before


def _something(verdict: Verdict) -> bool:
    return bool(verdict.allowed or verdict.conditional)
