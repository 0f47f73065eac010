"""Views of a matrix: only what concerns some peers, or the pairs that may not talk as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tools.policies.model import Direction
from tools.reach.model import Cell, Group, Matrix, MatrixRow


@dataclass(frozen=True, eq=False)
class Whole(Matrix):
    """A matrix whose rows include the pairs that may not talk. The rest is the inner matrix's."""

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
    """What some peers send and receive. Each of them is a group of its own."""

    inner: Matrix
    names: frozenset[str]
    incoming: bool = True
    outgoing: bool = True

    def rows(self, *, everything: bool = False, only: frozenset[str] | None = None) -> Iterator[MatrixRow]:
        """The rows that name one of the peers in focus."""
        rows = self.inner.rows(everything=everything, only=self.names if only is None else self.names & only)
        if self.incoming and self.outgoing:
            return rows
        return (row for row in rows if self._shown(row.src in self.names, row.dst in self.names))

    def why(self, src: str, dst: str) -> tuple[str, ...]:
        """The inner matrix's."""
        return self.inner.why(src, dst)

    def _shown(self, sends: bool, receives: bool) -> bool:
        """Whether a pair has a direction that was asked for. `sends`, `receives`: what the peer in focus does in it."""
        return (self.outgoing and sends) or (self.incoming and receives)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The peers in focus, and the groups that one of them may talk to."""
        return self._picture[0]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that a peer in focus is part of."""
        return self._picture[1]

    @cached_property
    def isolated(self) -> Mapping[Direction, frozenset[str]]:
        """The peers in focus that some policy of each direction selects."""
        return {way: names & self.names for way, names in self.inner.isolated.items()}

    @cached_property
    def _picture(self) -> tuple[tuple[Group, ...], tuple[Cell, ...]]:
        parts = [self._split(group) for group in self.inner.groups]
        groups = [part for split in parts for part in split]
        number = {id(part): index for index, part in enumerate(groups)}
        cells = [
            Cell(number[id(src)], number[id(dst)], cell.verdict)
            for cell in self.inner.cells
            for src in parts[cell.src]
            for dst in parts[cell.dst]
            if self._shown(self._focused(src), self._focused(dst)) and (src is not dst or len(src.peers) > 1)
        ]
        focused = {index for index, group in enumerate(groups) if self._focused(group)}
        used = sorted(focused.union(*((cell.src, cell.dst) for cell in cells)))
        place = {index: at for at, index in enumerate(used)}
        kept = tuple(Cell(place[cell.src], place[cell.dst], cell.verdict) for cell in cells)
        return tuple(groups[index] for index in used), kept

    def _split(self, group: Group) -> list[Group]:
        """Each peer in focus as a group of its own, then the others as one group."""
        alone = [Group((peer,)) for peer in group.peers if peer.name in self.names]
        others = tuple(peer for peer in group.peers if peer.name not in self.names)
        return [*alone, Group(others)] if others else alone

    def _focused(self, group: Group) -> bool:
        return group.peers[0].name in self.names
