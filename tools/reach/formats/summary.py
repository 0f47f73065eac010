"""A summary of a large matrix: each source, and for each phrase (`TCP 80`) a few of its targets.

It counts what it leaves out, and names the formats that have everything. It builds no cells, as there may be millions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.reach.formats.names import Titled
from tools.reach.formats.view import EACH_OTHER, EVERY_ADDRESS, EVERY_WORKLOAD
from tools.reach.formats.words import Reasons, columns, folded
from tools.reach.model import Matrix, Verdict
from tools.reach.sets import bit_set

MOST_NAMES = 6
KINDS = (("workload", EVERY_WORKLOAD), ("address", EVERY_ADDRESS), ("ingress", ""), ("node", ""))
MORE = (
    "This is a summary: --focus NAME shows everything about one workload, and csv, json and connlist have every pair."
)

Line = tuple[tuple[Verdict, int], ...]


@dataclass(frozen=True, slots=True)
class Everybody:
    """The groups by their bit, and the bits of all groups of each kind."""

    groups: Mapping[int, Titled]
    kinds: Mapping[str, int]

    def names(self, source: Titled, own: int, targets: int) -> Iterator[str]:
        """The targets in words: a whole kind, all but a few, or some and the number of the rest. `own`: the source's
        bit.
        """
        itself = 1 << own if len(source.peers) == 1 else 0
        for kind, whole in KINDS:
            if not (reached := targets & self.kinds[kind]):
                continue
            others = self.kinds[kind] & ~itself
            missing = others & ~reached
            if whole and not missing and others.bit_count() > 2:
                yield whole
            elif whole and missing.bit_count() <= MOST_NAMES < reached.bit_count():
                yield f"{whole} but {', '.join(self.groups[bit].title for bit in _first(missing, MOST_NAMES))}"
            else:
                yield from self._some(own, reached)

    def _some(self, own: int, reached: int) -> Iterator[str]:
        number = reached.bit_count()
        named = number if number <= MOST_NAMES + 1 else MOST_NAMES
        yield from (EACH_OTHER if bit == own else self.groups[bit].title for bit in _first(reached, named))
        if named < number:
            yield f"and {number - named:,} more"


def _first(bits: int, most: int) -> Iterator[int]:
    """The lowest bits, at most `most` of them."""
    while bits and most:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
        most -= 1


@dataclass
class SummaryList:
    """Each source, or all addresses that reach the same, and below it what it reaches on which ports.

    `doubtful`: whether anything listed so far is conditional.
    """

    matrix: Matrix
    groups: Sequence[Titled]
    doubtful: bool = False

    def lines(self) -> Iterator[str]:
        """The lines, one by one."""
        everybody, bits = _everybody(self.matrix, self.groups), self.matrix.bits
        alike: dict[Line, list[int]] = {}
        reaching_nobody = set(everybody.groups)
        for index, line in self.matrix.masks():
            source = everybody.groups[bits[index]]
            reaching_nobody.discard(bits[index])
            if source.kind == "address":
                alike.setdefault(line, []).append(bits[index])
            else:
                yield from self._entry(source.title, everybody, bits[index], line)
        for line, sources in alike.items():
            whole = len(sources) == everybody.kinds["address"].bit_count()
            titles = EVERY_ADDRESS if whole else ", ".join(everybody.groups[bit].title for bit in sources)
            yield from self._entry(titles, everybody, sources[0], line)
        order = {bit: index for index, bit in enumerate(bits)}
        silent = sorted(
            (bit for bit in reaching_nobody if everybody.groups[bit].kind == "workload"), key=order.__getitem__
        )
        if silent:
            names = ", ".join(everybody.groups[bit].title for bit in silent)
            yield from ("Reach nobody:", *folded(names, "  "), "")
        yield from folded(MORE, "")

    def _entry(self, title: str, everybody: Everybody, own: int, line: Line) -> Iterator[str]:
        reasons, source = Reasons(), everybody.groups[own]
        self.doubtful = self.doubtful or any(verdict.conditional for verdict, _ in line)
        rows = [
            (reasons.phrase(verdict), ", ".join(everybody.names(source, own, reached))) for verdict, reached in line
        ]
        yield from folded(title, "  ", "")
        yield from columns(rows, "  ")
        yield ""


def _everybody(matrix: Matrix, groups: Sequence[Titled]) -> Everybody:
    bits = matrix.bits
    kinds = {kind: bit_set(bits[group.index] for group in groups if group.kind == kind) for kind, _ in KINDS}
    return Everybody({bits[group.index]: group for group in groups}, kinds)
