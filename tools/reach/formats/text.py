"""A matrix as text in 100 columns: a grid where it fits, else a list by source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from tools.reach.formats.changes import changes
from tools.reach.formats.explanation import explanation
from tools.reach.formats.names import Titled, printable, titled
from tools.reach.formats.summary import SummaryList
from tools.reach.formats.view import View, entries, seen
from tools.reach.formats.words import WIDTH, asked, columns, folded, openings
from tools.reach.model import Matrix

__all__ = ("changes", "explanation", "matrix")

CELL = 16
MOST_IN_GRID = 10
# With more groups than this nobody reads every name, and all their cells would take too much memory.
MOST_IN_FULL = 300


def matrix(matrix: Matrix) -> Iterator[str]:
    """What each group may reach, and below that the meaning of the marks; for very many groups, a summary."""
    if is_summed_up(matrix):
        yield from summed_up(matrix)
        return
    view = seen(matrix)
    yield f"{view.heading}\n\n"
    lines = list(_grid(view)) if len(view.groups) <= MOST_IN_GRID else []
    if not lines or max(map(len, lines)) > WIDTH:
        # A new view, so that the reasons are numbered in the order of the list.
        view = seen(matrix)
        lines = list(_list(view))
    yield from (f"{line}\n" for line in lines)
    yield from (f"{line}\n" for line in _below(matrix, view))


def is_summed_up(matrix: Matrix) -> bool:
    """Whether a matrix has too many groups to write out."""
    return asked(matrix) is None and len(matrix.groups) > MOST_IN_FULL


def summed_up(matrix: Matrix) -> Iterator[str]:
    """A summary: for each source some of the peers that it may reach, and how many more."""
    view = View(titled(matrix.groups), {})
    yield f"{view.heading}, in {len(view.groups):,} groups\n\n"
    listing = SummaryList(matrix, view.groups)
    for line in listing.lines():
        yield f"{line}\n"
    yield from (f"{line}\n" for line in _below(matrix, view))
    if listing.doubtful:
        yield "\n? depends on what the input does not say; explain says on what.\n"


def _below(matrix: Matrix, view: View) -> Iterator[str]:
    if meanings := view.alike:
        yield from ("", "What these names stand for:", *columns(meanings, "  "))
    if opened := list(openings(matrix)):
        yield from ("", "Not isolated:", *columns(opened, "  "))
    if view.reasons.numbers:
        yield from ("", "? depends on what the input does not say:")
        for reason, number in view.reasons.numbers.items():
            yield from folded(printable(reason), "      ", f"  [{number}] ")


def _list(view: View) -> Iterator[str]:
    """Each source, and below it what it reaches on which ports."""
    for number, entry in enumerate(entries(view)):
        yield from [""] if number else []
        yield from folded(", ".join(entry.sources), "  ", "")
        rows = [(phrase, ", ".join(names)) for phrase, names in entry.targets]
        yield from columns(rows, "  ") if rows else ["  reaches nobody"]


def _grid(view: View) -> list[str]:
    """Sources in rows, targets in columns, each cell on as many lines as it takes; without addresses that nobody
    reaches.
    """
    reached = {index for verdicts in view.table.values() for index in verdicts}
    targets = [target for target in view.groups if target.kind == "workload" or target.index in reached]
    rows = [["", *map(_header, targets)]]
    rows += [[source.title, *(_cell(view, source, target) for target in targets)] for source in view.groups]
    split = [[cell.split("\n") for cell in row] for row in rows]
    widths = [max(len(line) for row in split for line in row[at]) for at in range(len(rows[0]))]
    head, *body = ([*_row(row, widths)] for row in split)
    rule = "  ".join("-" * width for width in widths)
    return ["Rows send, columns receive; - is nothing.", "", *head, rule, *(line for lines in body for line in lines)]


def _row(cells: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for parts in zip_longest(*cells, fillvalue=""):
        yield "  ".join(f"{part:<{width}}" for part, width in zip(parts, widths, strict=True)).rstrip()


def _header(target: Titled) -> str:
    """A column's title on several lines: the namespace, the name, the kind."""
    space, slash, name = target.title.rpartition("/")
    if target.kind != "workload":
        return "\n".join(_folded(target.title))
    return f"{space}{slash}\n" + name.replace("[", "\n[")


def _cell(view: View, source: Titled, target: Titled) -> str:
    if phrase := view.phrase(source, target):
        return "\n".join(_folded(phrase))
    unjudged = source.kind in ("address", "ingress") and target.kind == "address"
    unjudged = unjudged or not view.about(source.name, target.name)
    return "" if unjudged or (source == target and len(source.peers) == 1) else "-"


def _folded(text: str) -> list[str]:
    """Text on lines of about a cell's width, broken after `;` and at spaces."""
    lines: list[str] = []
    for part in text.split("; "):
        line = ""
        for word in part.split(" "):
            if line and len(line) + len(word) >= CELL:
                lines.append(line)
                line = f" {word}"
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines
