"""For people, in 100 columns: who reaches whom, on which ports; a grid where it fits, else a list by source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from tools.reach.formats.changed import changes
from tools.reach.formats.explained import explanation
from tools.reach.formats.names import Titled, plain, titled
from tools.reach.formats.words import WIDTH, Reasons, cells, columns, count, folded, openings
from tools.reach.model import Matrix, Verdict

__all__ = ("changes", "explanation", "matrix")

_CELL = 16
MOST_RANGES = 8
MOST_IN_GRID = 10


@dataclass(frozen=True, slots=True)
class _View:
    """The groups in order, of each source's index what it may say to whom in that order, and the reasons met."""

    groups: tuple[Titled, ...]
    table: Mapping[int, Mapping[int, Verdict]]
    reasons: Reasons = field(default_factory=Reasons)

    def phrase(self, source: Titled, target: Titled) -> str:
        verdict = self.table.get(source.index, {}).get(target.index)
        return self.reasons.phrase(verdict, source.name, target.name) if verdict else ""


def matrix(matrix: Matrix) -> Iterator[str]:
    """The groups, what each may reach, and below it what the marks mean."""
    groups, table = titled(matrix.groups), _table(matrix)
    yield f"{_heading(groups)}\n\n"
    view = _View(groups, table)
    lines = _grid(view) if len(groups) <= MOST_IN_GRID else []
    if not lines or max(map(len, lines)) > WIDTH:
        view = _View(groups, table)
        lines = _list(view)
    yield from (f"{line}\n" for line in lines)
    yield from (f"{line}\n" for line in _below(matrix, view))


def _table(matrix: Matrix) -> dict[int, dict[int, Verdict]]:
    table: dict[int, dict[int, Verdict]] = {}
    for cell in cells(matrix):
        table.setdefault(cell.src, {})[cell.dst] = cell.verdict
    return table


def _heading(groups: Sequence[Titled]) -> str:
    workloads = [peer for group in groups if group.kind == "workload" for peer in group.peers]
    spaces = len({peer.namespace for peer in workloads})
    return f"Who may reach whom: {count(len(workloads), 'workload')} in {count(spaces, 'namespace')}"


def _below(matrix: Matrix, view: _View) -> Iterator[str]:
    if held := [(group.title, _held(group)) for group in view.groups if group.holds]:
        yield from ("", "Alike, and so written as one:", *columns(held, "  "))
    if found := list(openings(matrix)):
        yield from ("", "Not isolated:", *columns(found, "  "))
    if view.reasons.numbers:
        yield from ("", "? depends on what the input does not say:")
        for reason, number in view.reasons.numbers.items():
            yield from folded(plain(reason), "      ", f"  [{number}] ")


def _held(group: Titled) -> str:
    """All of a group; of very many ranges of addresses the first, for the others say no more to a reader."""
    parts = group.holds.split(", ")
    if group.kind != "address" or len(parts) <= MOST_RANGES:
        return group.holds
    return f"{', '.join(parts[:MOST_RANGES])} and {len(parts) - MOST_RANGES} more ranges (json has them all)"


def _list(view: _View) -> Iterator[str]:
    """A source, or addresses that reach the same, and below it what they reach on which ports."""
    places, kinds = {group.index: group for group in view.groups}, Counter(group.kind for group in view.groups)
    order = {group.index: place for place, group in enumerate(view.groups)}
    lists: dict[tuple[str, ...], list[Titled]] = {}
    for source in view.groups:
        targets: dict[str, list[Titled]] = {}
        for index in sorted(view.table.get(source.index, {}), key=order.__getitem__):
            targets.setdefault(view.phrase(source, places[index]), []).append(places[index])
        own = () if source.kind == "address" else (source.title,)
        rows = [(phrase, _names(found, source, kinds)) for phrase, found in targets.items()]
        lists.setdefault((*own, *(columns(rows, "  ") if rows else ["  reaches nobody"])), []).append(source)
    for number, (entries, sources) in enumerate(lists.items()):
        whole = len(sources) == kinds["address"] > 1
        yield from [""] if number else []
        yield from folded("all addresses" if whole else ", ".join(one.title for one in sources), "  ", "")
        yield from entries if sources[0].kind == "address" else entries[1:]


def _names(targets: Sequence[Titled], source: Titled, kinds: Mapping[str, int]) -> str:
    """The targets' titles; a whole kind of several groups in a word."""
    found: list[str] = []
    for kind, word in (("workload", "all other workloads"), ("address", "all addresses")):
        reached = [target for target in targets if target.kind == kind]
        others = kinds[kind] - (source.kind == kind and len(source.peers) == 1)
        whole = len(reached) == others > 2
        found += [word] if whole else [_itself(target, source) for target in reached]
    return ", ".join([*found, *(target.title for target in targets if target.kind in ("ingress", "node"))])


def _itself(target: Titled, source: Titled) -> str:
    return "each other" if target == source else target.title


def _grid(view: _View) -> list[str]:
    """Sources in rows, targets in columns, a cell in as many lines as it takes; addresses without an entry left out."""
    reached = {index for found in view.table.values() for index in found}
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
    """A title in lines: the namespace, the name, the kind."""
    space, slash, name = target.title.rpartition("/")
    if target.kind != "workload":
        return "\n".join(_folded(target.title))
    return f"{space}{slash}\n" + name.replace("[", "\n[")


def _cell(view: _View, source: Titled, target: Titled) -> str:
    if phrase := view.phrase(source, target):
        return "\n".join(_folded(phrase))
    alone = len(source.peers) == 1 or source.kind == "address"
    return "" if (source == target and alone) or source.kind == target.kind == "address" else "-"


def _folded(text: str) -> list[str]:
    """Lines of about a cell's width, broken after `;` and `,`."""
    lines: list[str] = []
    for part in text.split("; "):
        line = ""
        for word in part.split(" "):
            if line and len(line) + len(word) >= _CELL:
                lines.append(line)
                line = f" {word}"
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines
