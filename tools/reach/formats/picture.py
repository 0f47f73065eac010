"""A matrix as a picture: each line is both a row and a column, with boxes where something may pass.

Up to MOST_SINGLE workloads have a line each; more are drawn by group. Lines are sorted by namespace; addresses,
{ingress-controller} and {node} come last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tools.policies.model import DIRECTIONS, Direction
from tools.reach.connections import ALL, Conns, all_ports, ports, shown
from tools.reach.formats.names import Titled, printable
from tools.reach.formats.view import View, seen
from tools.reach.formats.words import open_workloads
from tools.reach.model import Matrix, Verdict

MOST_SINGLE = 60
# A picture of n lines has n × n boxes. With more lines than this a reader finds nothing, and the file is huge.
MOST_DRAWN = 120
OUTSIDE = "outside"

Kind = Literal["all", "some", "perhaps"]


@dataclass(frozen=True, slots=True)
class Line:
    """One row, and the column with the same number. `section`: the namespace, which `title` leaves out; it leaves out
    the kind too where the name is unique.

    `many`: the line stands for several workloads. `open`: the directions in which no policy isolates it.
    """

    title: str
    full: str
    section: str
    group: Titled
    many: bool
    open: frozenset[Direction]


@dataclass(frozen=True, slots=True)
class Box:
    """What the line `row` may send to the line `column`, in a few letters and in words.

    `partly`: some connections are allowed and others conditional.
    """

    row: int
    column: int
    kind: Kind
    text: str
    words: str
    partly: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is drawn. `keys`: the letters that stand in boxes in place of ports, and their meanings."""

    view: View
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]
    keys: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Keys:
    """Letters for what does not fit into a box, in order of first use."""

    room: int
    letters: dict[str, str] = field(default_factory=dict)

    def text(self, verdict: Verdict, words: str) -> str:
        """`all`, TCP ports, or a letter; with `?` when all of it is conditional."""
        conns, mark = (verdict.allowed, "") if verdict.allowed else (verdict.conditional, "?")
        short = _short(conns)
        if short and len(short) + len(mark) <= self.room and not (verdict.allowed and verdict.conditional):
            return short + mark
        return self.letters.setdefault(words, _letters(len(self.letters))) + mark


def size(matrix: Matrix) -> int:
    """The number of lines that a picture of a matrix would have."""
    peers = [len(group.peers) for group in matrix.groups if group.kind == "workload"]
    return (sum(peers) if sum(peers) <= MOST_SINGLE else len(peers)) + len(matrix.groups) - len(peers)


def too_many(matrix: Matrix) -> str:
    """Why a matrix is too large to draw; "" when it is not."""
    lines = size(matrix)
    if lines <= MOST_DRAWN:
        return ""
    return (
        f"{lines:,} lines are too many to draw; the limit is {MOST_DRAWN}. --focus NAME draws what concerns one "
        "workload; text has a summary, and csv, json and connlist have every pair."
    )


def pictured(matrix: Matrix) -> Picture:
    """The matrix laid out."""
    view = seen(matrix)
    lines = tuple(_lines(matrix, view))
    keys = _Keys(room(len(lines)))
    boxes = tuple(_boxes(view, lines, keys))
    return Picture(view, lines, boxes, tuple((letter, words) for words, letter in keys.letters.items()))


def room(lines: int) -> int:
    """How many letters fit into a box."""
    return 9 if lines <= 10 else 7 if lines <= 18 else 5


def receives(line: Line) -> bool:
    """Whether a line has a column. {ingress-controller} has none, because it only sends."""
    return line.group.kind != "ingress"


def judged(view: View, source: Line, target: Line) -> bool:
    """Whether two lines are a pair that is judged: one must be in focus, and not both may be outside the cluster."""
    if not view.about(source.group.name, target.group.name):
        return False
    return not (source.group.kind in ("address", "ingress") and target.group.kind == "address")


def _lines(matrix: Matrix, view: View) -> Iterator[Line]:
    opened = {way: frozenset(open_workloads(matrix, way)) for way in DIRECTIONS}
    single = sum(len(group.peers) for group in view.groups if group.kind == "workload") <= MOST_SINGLE
    workloads = [group for group in view.groups if group.kind == "workload"]
    lines = [line for group in workloads for line in _of(group, opened, single)]
    often = Counter((line.section, line.title.partition("[")[0]) for line in lines)
    for line in sorted(lines, key=lambda line: (line.section, line.title)):
        name, bracket, _ = line.title.partition("[")
        once = bracket and not line.many and often[line.section, name] == 1
        yield replace(line, title=name) if once else line
    for group in view.groups:
        if group.kind != "workload":
            yield Line(group.title, group.holds or group.title, OUTSIDE, group, False, frozenset())


def _of(group: Titled, opened: Mapping[Direction, frozenset[str]], single: bool) -> Iterator[Line]:
    """A group's line, or one for each of its workloads."""
    for peers in [(peer,) for peer in group.peers] if single else [group.peers]:
        spaces = {peer.namespace for peer in peers}
        space = printable(spaces.pop()) if len(spaces) == 1 else "several namespaces"
        full = ", ".join(printable(peer.name) for peer in peers)
        title = (full if single else group.title).removeprefix(f"{space}/")
        ways = frozenset(way for way, names in opened.items() if any(peer.name in names for peer in peers))
        yield Line(title, full, space, group, len(peers) > 1, ways)


def _boxes(view: View, lines: Sequence[Line], keys: _Keys) -> Iterator[Box]:
    for row, source in enumerate(lines):
        line = view.table.get(source.group.index, {})
        for column, target in enumerate(lines):
            verdict = line.get(target.group.index)
            if verdict and (row != column or source.many):
                words = view.phrase(source.group, target.group)
                partly = bool(verdict.allowed and verdict.conditional)
                yield Box(row, column, _kind(verdict), keys.text(verdict, words), words, partly)


def _kind(verdict: Verdict) -> Kind:
    if not verdict.allowed:
        return "perhaps"
    return "all" if verdict.allowed == ALL or all_ports(verdict.allowed) else "some"


def _short(conns: Conns) -> str:
    """`all`, or ports of TCP, when that says it all."""
    if conns == ALL:
        return "all"
    by_protocol = ports(conns)
    if set(by_protocol) != {"TCP"} or shown(conns) == "TCP all" or ";" in shown(conns):
        return ""
    return shown(conns).removeprefix("TCP ").replace(" ", "")


def _letters(number: int) -> str:
    """A to Z, then A2 and so on."""
    round_, letter = divmod(number, 26)
    return chr(ord("A") + letter) + (str(round_ + 1) if round_ else "")
