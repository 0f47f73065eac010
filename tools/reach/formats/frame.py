"""The layout of a picture's lines in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from math import cos, radians, sin

from tools.reach.formats.picture import Line, Picture, receives

# The width of a letter in the common sans serif fonts, at 11 pixels.
LETTER = 6.1
MARGIN, GAP, HEIGHT, TITLE, RING = 20, 24, 22, 62, 18
LONGEST, NARROWEST = 40, 640


@dataclass(frozen=True, slots=True)
class SectionRun:
    """The consecutive lines of one section: where they begin, and how many there are."""

    section: str
    start: float
    size: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The top left corner of the table, the width of a box, the angle of column titles, and where each line begins.

    `columns` leaves out the lines that do not receive.
    """

    left: float
    top: float
    box: float
    angle: int
    rows: Mapping[int, float]
    columns: Mapping[int, float]
    row_runs: tuple[SectionRun, ...]
    column_runs: tuple[SectionRun, ...]
    width: float

    @property
    def bottom(self) -> float:
        """The lower end of the table."""
        return max(self.rows.values(), default=self.top) + HEIGHT

    @property
    def right(self) -> float:
        """The right end of the table."""
        return max(self.columns.values(), default=self.left) + self.box


def framed(picture: Picture) -> Frame:
    """The layout of a picture."""
    lines = picture.lines
    longest = max((len(name) for line in lines for name in (line.section, cut(line.title))), default=0) * LETTER
    angle = 45 if len(lines) <= 18 else 90
    box = 64.0 if len(lines) <= 10 else 50.0 if len(lines) <= 18 else 32.0
    left = MARGIN + longest + RING + 8
    top = TITLE + sin(radians(angle)) * longest + RING
    rows, down = _placed(dict(enumerate(lines)), top, HEIGHT)
    columns, across = _placed({number: line for number, line in enumerate(lines) if receives(line)}, left, box)
    beside = cos(radians(angle)) * longest
    width = max(max(columns.values(), default=left) + box + beside + MARGIN, NARROWEST)
    return Frame(left, top, box, angle, rows, columns, down, across, width)


def cut(title: str) -> str:
    """A title, cut where there is no room for more."""
    return title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"


def _placed(lines: Mapping[int, Line], start: float, size: float) -> tuple[dict[int, float], tuple[SectionRun, ...]]:
    """Where each line begins, with room for the section's name before its first line."""
    places: dict[int, float] = {}
    runs: list[SectionRun] = []
    for section, numbers in groupby(lines, lambda number: lines[number].section):
        start += GAP
        first = start
        for number in numbers:
            places[number] = start
            start += size
        runs.append(SectionRun(section, first, round((start - first) / size)))
    return places, tuple(runs)
