"""A matrix as somebody asked for it: only what concerns some peers, or pairs that may not talk as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tools.policies.model import Direction
from tools.reach.model import Cell, Group, Matrix, MatrixRow


@dataclass(frozen=True, eq=False)
class Whole(Matrix):
    """A matrix whose rows are all pairs, those that may not talk too. The rest is the inner matrix's."""

    inner: Matrix

    @property
    def groups(self) -> tuple[Group, ...]:
        """The inner matrix's."""
        return self.inner.groups

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The inner matrix's."""
        return self.inner.cells

    @property
    def isolated(self) -> Mapping[Direction, frozenset[str]]:
        """The inner matrix's."""
        return self.inner.isolated

    def rows(self, *, everything: bool = False, only: frozenset[str] | None = None) -> Iterator[MatrixRow]:
        """Every pair."""
        return self.inner.rows(everything=True, only=only)

    def why(self, src: str, dst: str) -> tuple[str, ...]:
        """The inner matrix's."""
        return self.inner.why(src, dst)


@dataclass(frozen=True, eq=False)
class Focused(Matrix):
    """What goes out from some peers, and what comes in to them. Each of them is a group of its own."""

    inner: Matrix
    names: frozenset[str]
    incoming: bool = True
    outgoing: bool = True

    def rows(self, *, everything: bool = False, only: frozenset[str] | None = None) -> Iterator[MatrixRow]:
        """The rows that name one of them."""
        rows = self.inner.rows(everything=everything, only=self.names if only is None else self.names & only)
        if self.incoming and self.outgoing:
            return rows
        return (row for row in rows if self._goes(row.src in self.names, row.dst in self.names))

    def why(self, src: str, dst: str) -> tuple[str, ...]:
        """The inner matrix's."""
        return self.inner.why(src, dst)

    def _goes(self, from_one: bool, to_one: bool) -> bool:
        """Whether a pair is of a direction that was asked for."""
        return (self.outgoing and from_one) or (self.incoming and to_one)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Those, and whoever one of them may talk with."""
        return self._picture[0]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells in which one of them stands."""
        return self._picture[1]

    @cached_property
    def isolated(self) -> Mapping[Direction, frozenset[str]]:
        """Which of them some policy selects."""
        return {way: found & self.names for way, found in self.inner.isolated.items()}

    @cached_property
    def _picture(self) -> tuple[tuple[Group, ...], tuple[Cell, ...]]:
        parts = [self._split(group) for group in self.inner.groups]
        groups = [part for found in parts for part in found]
        number = {id(part): index for index, part in enumerate(groups)}
        cells = [
            Cell(number[id(src)], number[id(dst)], cell.verdict)
            for cell in self.inner.cells
            for src in parts[cell.src]
            for dst in parts[cell.dst]
            if self._goes(self._wanted(src), self._wanted(dst)) and (src is not dst or len(src.peers) > 1)
        ]
        alone = {index for index, group in enumerate(groups) if self._wanted(group)}
        used = sorted(alone.union(*((cell.src, cell.dst) for cell in cells)))
        place = {index: at for at, index in enumerate(used)}
        kept = tuple(Cell(place[cell.src], place[cell.dst], cell.verdict) for cell in cells)
        return tuple(groups[index] for index in used), kept

    def _split(self, group: Group) -> list[Group]:
        """The wanted ones each by themselves, then the others."""
        alone = [Group((peer,)) for peer in group.peers if peer.name in self.names]
        others = tuple(peer for peer in group.peers if peer.name not in self.names)
        return [*alone, Group(others)] if others else alone

    def _wanted(self, group: Group) -> bool:
        return group.peers[0].name in self.names
