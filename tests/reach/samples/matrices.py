"""Matrices made by hand, for the tests of the formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tools.policies.model import Direction
from tools.reach.connections import ALL, NUMBERS, Conns, of, union
from tools.reach.model import Cell, Group, Matrix, MatrixRow, NamedPeer, Verdict


@dataclass(frozen=True, slots=True)
class Supplied(Matrix):
    """A matrix whose rows are given."""

    groups: tuple[Group, ...]
    cells: tuple[Cell, ...]
    isolated: Mapping[Direction, frozenset[str]] = field(default_factory=dict)
    supplied: tuple[MatrixRow, ...] = ()

    def rows(self, *, everything: bool = False, only: frozenset[str] | None = None) -> Iterator[MatrixRow]:
        assert not everything
        return (row for row in self.supplied if only is None or row.src in only or row.dst in only)


def conns(text: str) -> Conns:
    """`TCP 80,100-200; UDP` as a set; `all` is every connection."""
    joined: Conns = ()
    for part in filter(None, text.split("; ")):
        name, _, spans = part.partition(" ")
        if name == "all":
            return ALL
        for span in spans.split(",") if spans else ["0-65535"]:
            first, _, last = span.partition("-")
            joined = union(joined, of(NUMBERS[name], int(first), int(last or first)))
    return joined


def peer(name: str) -> NamedPeer:
    if name.endswith("]"):
        return NamedPeer(name, "workload", name.partition("/")[0])
    if name.endswith("}"):
        return NamedPeer(name, "node" if name == "{node}" else "ingress")
    return NamedPeer(name, "address")


def verdict(text: str) -> Verdict:
    """`TCP 80 ? UDP 53 because it depends`: what is allowed, what is conditional, and why."""
    phrase, _, reason = text.partition(" because ")
    allowed, _, conditional = phrase.partition("?")
    return Verdict(conns(allowed.strip()), conns(conditional.strip()), (reason,) if reason else ())


def made(
    groups: Iterable[str],
    table: Mapping[tuple[int, int], str],
    isolated: Mapping[Direction, Iterable[str]] | None = None,
) -> Matrix:
    """A matrix of groups (`a/b[Pod], a/c[Pod]`) and what is between them; its rows are written out."""
    matrix = tuple(Group(tuple(peer(name) for name in names.split(", "))) for names in groups)
    cells = tuple(Cell(src, dst, verdict(text)) for (src, dst), text in table.items())
    rows = [
        MatrixRow(src.name, dst.name, cell.verdict.allowed, cell.verdict.conditional)
        for cell in cells
        for src in matrix[cell.src].peers
        for dst in matrix[cell.dst].peers
        if src != dst
    ]
    names = {direction: frozenset(all_of) for direction, all_of in (isolated or {}).items()}
    return Supplied(matrix, cells, names, tuple(sorted(rows, key=lambda row: (row.src, row.dst))))


def rows(*written: tuple[str, str, str]) -> Matrix:
    """A matrix of nothing but rows."""
    matrix = [(src, dst, verdict(text)) for src, dst, text in written]
    return Supplied((), (), {}, tuple(MatrixRow(src, dst, each.allowed, each.conditional) for src, dst, each in matrix))
