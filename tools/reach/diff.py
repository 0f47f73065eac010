"""What differs between two matrices: flows that were added, removed or changed.

Each side groups its workloads and cuts its addresses in its own way. Names and addresses that share a group before and
a group after behave alike on both sides. So groups are compared with groups, and only the differences are written out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from tools.reach.connections import Conns
from tools.reach.model import Matrix, Verdict
from tools.reach.ranges import Range, joined, read, refined, written
from tools.reach.world import World

NOTHING = Verdict()
Thing = TypeVar("Thing", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Changed:
    """A pair of peers whose verdict changed.

    `src` and `dst` are named as in a matrix's rows. A peer that is missing on one side may do nothing there.
    """

    src: str
    dst: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Alone:
    """The workloads that one side has and the other does not, by name."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def changes(before: World | Matrix, after: World | Matrix) -> tuple[Changed, ...]:
    """Every pair that differs, by name; addresses in the widest ranges that have one answer.

    A matrix leaves out IPv6 where its input does not mention it. If the other side has it, the world is asked for it.
    """
    side, other = _side(before), _side(after)
    return tuple(sorted(_joined(_differing(side, other)), key=_order))


def alone(before: Matrix, after: Matrix) -> Alone:
    """The workloads that only one side has."""
    workloads, other = _workloads(before), _workloads(after)
    return Alone(tuple(sorted(workloads - other)), tuple(sorted(other - workloads)))


def _workloads(matrix: Matrix) -> set[str]:
    return {peer.name for group in matrix.groups for peer in group.peers if peer.kind == "workload"}


def _side(source: World | Matrix) -> _Side:
    return _Side(source.matrix(), source) if isinstance(source, World) else _Side(source)


@dataclass(frozen=True)
class _Side:
    """A matrix with its groups looked up by name and by range of addresses, and its cells by their groups."""

    matrix: Matrix
    world: World | None = None

    @cached_property
    def names(self) -> dict[str, int]:
        return {name: index for name, index in self._all() if read(name) is None}

    @cached_property
    def ranges(self) -> dict[Range, int]:
        return {span: index for name, index in self._all() if (span := read(name)) is not None}

    @cached_property
    def cells(self) -> Mapping[tuple[int | None, int | None], Verdict]:
        return {(cell.src, cell.dst): cell.verdict for cell in self.matrix.cells}

    def _all(self) -> Iterator[tuple[str, int]]:
        for index, group in enumerate(self.matrix.groups):
            yield from ((peer.name, index) for peer in group.peers)

    def between(self, src: int | None, dst: int | None, asked: tuple[str, str]) -> Verdict:
        """What one group may send to another. `asked`: one of their pairs, for a range that the matrix leaves out."""
        if src is not None and dst is not None:
            return self.cells.get((src, dst), NOTHING)
        present = all(read(name) or name in self.names for name in asked)
        if self.world is None or not present:
            return NOTHING
        return self.world.verdict(*map(self.world.peer, asked))

    def parts(self, cuts: Iterable[Range]) -> dict[Range, int]:
        """The group of each refined range, for those that belong to one."""
        own = sorted(self.ranges)
        groups, at = {}, 0
        for cut in cuts:
            while at < len(own) and (own[at][0], own[at][2]) < cut[:2]:
                at += 1
            if at < len(own) and own[at][0] == cut[0] and own[at][1] <= cut[1]:
                groups[cut] = self.ranges[own[at]]
        return groups


# The group before and the group after, which a kind's members have in common.
_Kind = tuple[int | None, int | None]
# Source, target, before, after; and the range of addresses that an empty source or target stands for.
_Pair = tuple[str, str, Verdict, Verdict, Range | None]


def _differing(side: _Side, other: _Side) -> Iterator[_Pair]:
    """Pairs that differ; adjacent addresses that differ alike are still separate."""
    names = _by_kind(side.names, other.names)
    cuts = tuple(refined((*side.ranges, *other.ranges)))
    ranges = _by_kind(side.parts(cuts), other.parts(cuts))
    for src, sources in names.items():
        for dst, targets in names.items():
            if verdicts := _verdicts(side, other, src, dst, (sources[0], targets[0])):
                yield from ((a, b, *verdicts, None) for a in sources for b in targets if a != b)
        for block, blocks in ranges.items():
            part = written(blocks[0])
            if verdicts := _verdicts(side, other, src, block, (sources[0], part)):
                yield from ((name, "", *verdicts, part) for name in sources for part in blocks)
            if verdicts := _verdicts(side, other, block, src, (part, sources[0])):
                yield from (("", name, *verdicts, part) for name in sources for part in blocks)


def _by_kind(before: Mapping[Thing, int], after: Mapping[Thing, int]) -> dict[_Kind, list[Thing]]:
    kinds: dict[_Kind, list[Thing]] = defaultdict(list)
    for thing in dict.fromkeys((*before, *after)):
        kinds[before.get(thing), after.get(thing)].append(thing)
    return kinds


def _verdicts(
    side: _Side, other: _Side, src: _Kind, dst: _Kind, asked: tuple[str, str]
) -> tuple[Verdict, Verdict] | None:
    before, after = side.between(src[0], dst[0], asked), other.between(src[1], dst[1], asked)
    return None if _conns(before) == _conns(after) else (before, after)


def _joined(differing: Iterable[_Pair]) -> Iterator[Changed]:
    """The same pairs, with adjacent addresses that differ alike joined into one range, whatever the reasons."""
    ranges: dict[Hashable, list[_Pair]] = defaultdict(list)
    for pair in differing:
        if pair[-1] is None:
            yield Changed(*pair[:-1])
        else:
            src, dst, before, after, _ = pair
            ranges[src, dst, _conns(before), _conns(after)].append(pair)
    for pairs in ranges.values():
        src, dst, before, after, _ = pairs[0]
        for part in joined(part for *_, part in pairs if part):
            yield Changed(src or written(part), dst or written(part), before, after)


def _conns(verdict: Verdict) -> tuple[Conns, Conns]:
    return verdict.allowed, verdict.conditional


def _order(changed: Changed) -> tuple[tuple[int, int, int, str], tuple[int, int, int, str]]:
    return _place(changed.src), _place(changed.dst)


def _place(name: str) -> tuple[int, int, int, str]:
    return (*(read(name) or (0, 0, 0)), name)
