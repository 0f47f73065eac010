"""Both directions combined: the connections that get through from each sender to each receiver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tools.policies.model import DIRECTIONS, Direction
from tools.reach.compiled import Tier
from tools.reach.connections import ALL, NONE, Conns, common, minus, union
from tools.reach.judge.evaluate import Answer, Bounds, Program, answer, programs
from tools.reach.peers.universe import Universe
from tools.reach.sets import all_of, indexes

OPEN: Bounds = (ALL, ALL)
# One sender's row: (what gets through at least, at most) → the bits of the receivers for which these bounds hold.
Line = dict[Bounds, int]


@dataclass(frozen=True)
class SideTable:
    """One direction: its programs with the classes that each is for, and their answers, computed on first use."""

    universe: Universe
    programs: dict[Program, int]
    _answers: dict[Program, Answer] = field(default_factory=dict, repr=False)

    @cached_property
    def by_class(self) -> dict[int, Program]:
        """The program of each class that some policy selects."""
        return {index: program for program, bits in self.programs.items() if program.tiers for index in indexes(bits)}

    def answer(self, program: Program) -> Answer:
        """The connections that a program allows, by peer."""
        if program not in self._answers:
            self._answers[program] = answer(self.universe, program)
        return self._answers[program]

    def of(self, index: int) -> Answer:
        """The answer that holds at one bit; a peer that no policy selects is open."""
        program = self.by_class.get(index)
        return self.answer(program) if program else {OPEN: self.universe.everyone}

    @cached_property
    def alike(self) -> tuple[tuple[Answer, int], ...]:
        """Each distinct answer, with the bits of the classes that have it."""
        by_answer: dict[frozenset[tuple[Bounds, int]], tuple[Answer, int]] = {}
        for program, bits in self.programs.items():
            own = self.answer(program)
            key = frozenset(own.items())
            by_answer[key] = own, by_answer.get(key, (own, 0))[1] | bits
        return tuple(by_answer.values())

    @cached_property
    def seen_from(self) -> tuple[Line, dict[int, list[tuple[Bounds, Bounds, int]]]]:
        """The answers seen from the far side: each class's usual bounds, and the bits of the far side that differ.

        For each such bit: (the usual bounds, its own bounds, the classes that differ so).
        """
        base: Line = {}
        differing: dict[int, list[tuple[Bounds, Bounds, int]]] = {}
        for own, members in self.alike:
            usual = max(own, key=lambda bounds: own[bounds].bit_count())
            base[usual] = base.get(usual, 0) | members
            for bounds, bits in own.items():
                if bounds != usual:
                    # One tuple, shared: it may be in a million places.
                    difference = usual, bounds, members
                    for index in indexes(bits):
                        differing.setdefault(index, []).append(difference)
        return base, differing

    def line(self, index: int) -> Line:
        """What the classes that policies select in this direction allow one bit of the far side."""
        base, differing = self.seen_from
        line = dict(base)
        for usual, bounds, members in differing.get(index, ()):
            line[usual] &= ~members
            line[bounds] = line.get(bounds, 0) | members
        return line


@dataclass(frozen=True)
class Table:
    """Both directions of a world. `served`: the connections that the ingress controller opens, by the called class."""

    universe: Universe
    tiers: Sequence[Tier]
    served: Mapping[int, Conns] = field(default_factory=dict)

    @cached_property
    def sides(self) -> dict[Direction, SideTable]:
        """The two directions."""
        return {way: SideTable(self.universe, programs(self.universe, self.tiers, way)) for way in DIRECTIONS}

    def between(self, src: int, dst: int) -> Bounds:
        """What gets through from one bit to another, at least and at most."""
        arriving = _at(self.sides["Ingress"].of(dst), src)
        if self.universe.ingress >> src & 1:
            called = self.served.get(dst, NONE)
            return both((called, called), arriving)
        return both(_at(self.sides["Egress"].of(src), dst), _opened(arriving) if self.from_node(src) else arriving)

    def line(self, src: int) -> Line:
        """What gets through from one bit to each class and each block."""
        universe = self.universe
        if universe.ingress >> src & 1:
            return _merged((self.between(src, dst), 1 << dst) for dst in self.served)
        classes = (1 << len(universe.classes)) - 1
        arriving = self.sides["Ingress"].line(src)
        unselected = classes & ~all_of(arriving.values()) | universe.outside
        arriving[OPEN] = arriving.get(OPEN, 0) | unselected
        if self.from_node(src):
            arriving = _merged((_opened(bounds), bits) for bounds, bits in arriving.items())
        crossing: list[tuple[Bounds, int]] = []
        for leaving, reached in self.sides["Egress"].of(src).items():
            for bounds, bits in arriving.items():
                # The bits come first, because most pairs have none in common.
                if inside := reached & bits:
                    crossing.append((both(leaving, bounds), inside))
        return _merged(crossing)

    def from_node(self, src: int) -> bool:
        """Whether a peer sends from a node's address. A pod accepts traffic from its own node whatever policies say."""
        return bool(1 << src & (self.universe.node | self.universe.hosts))


def both(bounds: Bounds, other: Bounds) -> Bounds:
    """What gets through both directions."""
    return common(bounds[0], other[0]), common(bounds[1], other[1])


def over_all(bounds: Sequence[Bounds]) -> Bounds:
    """The lower bound that holds for all of several peers, and the upper bound over all of them."""
    least, most = bounds[0]
    for low, high in bounds[1:]:
        least, most = common(least, low), union(most, high)
    return least, most


def conditional(bounds: Bounds) -> Conns:
    """The connections that are allowed at most but not for certain."""
    return minus(bounds[1], bounds[0]) if bounds[0] != bounds[1] else NONE


def _opened(bounds: Bounds) -> Bounds:
    """The same lower bound, with everything as the upper one."""
    return bounds[0], ALL


def _at(answer: Answer, index: int) -> Bounds:
    return next((bounds for bounds, bits in answer.items() if bits >> index & 1), (NONE, NONE))


def _merged(parts: Sequence[tuple[Bounds, int]] | Iterator[tuple[Bounds, int]]) -> Line:
    line: Line = {}
    for bounds, bits in parts:
        if bits:
            line[bounds] = line.get(bounds, 0) | bits
    return line
