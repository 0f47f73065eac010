"""Verdicts in words, with the reasons of conditional ones as numbered notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import wrap

from tools.policies.model import DIRECTIONS, Direction
from tools.reach.connections import shown
from tools.reach.formats.names import printable
from tools.reach.model import Cell, Matrix, Verdict
from tools.reach.views import Focused

WIDTH = 100
DONE: dict[Direction, str] = {"Ingress": "arrives", "Egress": "leaves"}


@dataclass(slots=True)
class Reasons:
    """The reasons used so far, each with its number."""

    numbers: dict[str, int] = field(default_factory=dict)

    def marks(self, reasons: Iterable[str]) -> str:
        """The reasons' numbers, such as `[1, 2]`; "" for no reasons."""
        noted = sorted({self.numbers.setdefault(reason, len(self.numbers) + 1) for reason in reasons})
        return f" [{', '.join(map(str, noted))}]" if noted else ""

    def phrase(self, verdict: Verdict, src: str = "", dst: str = "") -> str:
        """`TCP 80`, `? TCP 80 [1]`, or `TCP 80; ? UDP 53 [1]`.

        Reasons may name the peers `src` and `dst`. Without the names, many pairs share their reasons.
        """
        parts = [shown(verdict.allowed)] if verdict.allowed or not verdict.conditional else []
        if verdict.conditional:
            reasons = [_nameless(reason, src, dst) for reason in verdict.reasons]
            parts.append(f"? {shown(verdict.conditional)}{self.marks(reasons)}")
        return "; ".join(parts)


def _nameless(reason: str, src: str, dst: str) -> str:
    for name, word in ((src, "the source"), (dst, "the target")):
        reason = reason.replace(name, word) if name else reason
    return reason


def cells(matrix: Matrix) -> Iterator[Cell]:
    """The cells about two different peers: a workload alone in its group is no pair with itself."""
    for cell in matrix.cells:
        alone = cell.src == cell.dst and len(matrix.groups[cell.src].peers) == 1
        if not alone and (cell.verdict.allowed or cell.verdict.conditional):
            yield cell


def asked(matrix: Matrix) -> frozenset[str] | None:
    """The names in focus; None for a matrix about everybody."""
    return matrix.names if isinstance(matrix, Focused) else None


def workloads(matrix: Matrix) -> tuple[str, ...]:
    """The names of the workloads about which a matrix says everything, in order."""
    only = asked(matrix)
    names = [peer.name for group in matrix.groups for peer in group.peers if peer.kind == "workload"]
    return tuple(sorted(name for name in names if only is None or name in only))


def open_workloads(matrix: Matrix, direction: Direction) -> tuple[str, ...]:
    """The workloads that no policy of a direction selects, so that everything is let through there."""
    isolated = matrix.isolated.get(direction, frozenset())
    return tuple(name for name in workloads(matrix) if name not in isolated)


def openings(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """For each direction in which some workload is not isolated: a phrase for the direction, and the names."""
    everybody = workloads(matrix)
    for direction in DIRECTIONS:
        opened = open_workloads(matrix, direction)
        if opened:
            names = "every workload" if opened == everybody and len(opened) > 1 else ", ".join(map(printable, opened))
            yield f"no policy limits what {DONE[direction]}", names


def count(number: int, noun: str) -> str:
    """`1 workload`, `2 workloads`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def folded(text: str, indent: str, first: str | None = None) -> Iterator[str]:
    """Text on lines of at most WIDTH columns; a longer word has a line to itself."""
    start = indent if first is None else first
    if text and len(start) + len(text) <= WIDTH:
        return iter((start + text,))
    lines = wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return iter(lines or [start.rstrip()])


def columns(rows: Sequence[Sequence[str]], indent: str) -> Iterator[str]:
    """Rows with their fields aligned; the last field is folded."""
    widths = [min(max(map(len, column)), 44) for column in list(zip(*rows, strict=True))[:-1]]
    for row in rows:
        start = indent + "".join(f"{cell:<{width}}  " for cell, width in zip(row, widths, strict=False))
        yield from folded(row[-1], " " * min(len(start), WIDTH // 2), start)
