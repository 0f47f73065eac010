"""The table as a matrix: peers that are alike in groups for people, every pair by name for machines."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tools.policy import DIRECTIONS, Direction
from tools.reach.bits import indexes
from tools.reach.blocks import written
from tools.reach.conns import NONE, minus, union
from tools.reach.evaluate import Bounds
from tools.reach.model import Cell, Group, Matrix, Peer, Row, Verdict
from tools.reach.table import Line, Table, conditional
from tools.reach.universe import Universe

NOTHING: Bounds = (NONE, NONE)
Reasons = Callable[[int, int], tuple[str, ...]]


@dataclass(frozen=True)
class Judged(Matrix):
    """A matrix with the table that it is of. `places`: each peer's bit, one of those that are alike."""

    table: Table | None = None
    places: Mapping[Peer, int] = field(default_factory=dict)

    def rows(self, *, everything: bool = False) -> Iterator[Row]:
        """Every pair of different peers that may talk, in order of their names; two addresses are no pair."""
        assert self.table is not None
        width = self.table.universe.first_block + len(self.table.universe.blocks.nets)
        receivers = [
            (peer.name, place, peer.kind)
            for peer, place in sorted(self.places.items(), key=lambda item: item[0].name)
            if peer.kind != "ingress"
        ]
        lines: dict[int, list[Bounds]] = {}
        for peer, place in sorted(self.places.items(), key=lambda item: item[0].name):
            if place not in lines:
                # Peers of one class stand together where their names do; keeping every line would take memory.
                lines = {place: _by_place(self.table.line(place), width)}
            yield from _row(peer, receivers, lines[place], everything)


def _by_place(line: Line, width: int) -> list[Bounds]:
    found = [NOTHING] * width
    for bounds, bits in line.items():
        for index in indexes(bits):
            found[index] = bounds
    return found


def _row(
    peer: Peer, receivers: Sequence[tuple[str, int, str]], line: Sequence[Bounds], everything: bool
) -> Iterator[Row]:
    outside = peer.kind in ("address", "ingress")
    for name, place, kind in receivers:
        bounds = line[place]
        if (everything or bounds[1]) and name != peer.name and not (outside and kind == "address"):
            yield Row(peer.name, name, bounds[0], conditional(bounds))


def matrix(table: Table, peers: Mapping[Peer, int], reasons: Reasons) -> Judged:
    """The matrix of a table. `peers`: workloads and the controller, each with its bit; addresses are found here."""
    alike: dict[Hashable, list[Peer]] = {}
    signature = _signatures(table)
    for peer, place in peers.items():
        alike.setdefault((peer.kind, signature(place)), []).append(peer)
    blocks: dict[Hashable, list[int]] = {}
    for place in indexes(_shown_blocks(table)):
        blocks.setdefault(
            (table.universe.blocks.nets[place - table.universe.first_block].version, signature(place)), []
        ).append(place)
    outside = [_ranges(table.universe, places) for places in blocks.values()]
    first_places = {peer: places[0] for ranges, places in zip(outside, blocks.values(), strict=True) for peer in ranges}
    places = {**peers, **first_places}
    groups = _merged(table, [tuple(found) for found in alike.values()] + outside, places)
    return Judged(
        groups=groups,
        cells=tuple(_cells(table, groups, places, reasons)),
        isolated={way: _isolated(table, peers, way) for way in DIRECTIONS},
        table=table,
        places=places,
    )


def _signatures(table: Table) -> Callable[[int], Hashable]:
    """What a bit sends by, and how it differs as a sender; and the same as a receiver. Equal ones are alike."""
    own: dict[Direction, dict[int, int]] = {way: {} for way in DIRECTIONS}
    for way in DIRECTIONS:
        for number, (_, members) in enumerate(table.sides[way].alike):
            own[way].update(dict.fromkeys(indexes(members), number))
    hosts = table.universe.hosts | table.universe.node

    def signature(place: int) -> Hashable:
        differing = tuple(tuple(table.sides[way].seen_from[1].get(place, ())) for way in DIRECTIONS)
        return (*(own[way].get(place, -1) for way in DIRECTIONS), differing, bool(hosts >> place & 1))

    return signature


def _shown_blocks(table: Table) -> int:
    """The blocks that hold something; of IPv6 only where the input speaks of it, or it is wider than IPv4."""
    universe = table.universe
    found = sum(1 << index for index in range(len(universe.blocks.nets)) if any(universe.blocks.spans(index)))
    if not universe.speaks_ipv6 and not _wider_by_ipv6(table):
        found &= universe.blocks.ipv4
    return found << universe.first_block


def _wider_by_ipv6(table: Table) -> bool:
    four, six = (
        bits << table.universe.first_block for bits in (table.universe.blocks.ipv4, table.universe.blocks.ipv6)
    )
    for way in DIRECTIONS:
        for own, _ in table.sides[way].alike:
            most = dict.fromkeys((four, six), NONE)
            for bounds, bits in own.items():
                most = {which: union(known, bounds[1]) if bits & which else known for which, known in most.items()}
            if minus(most[six], most[four]):
                return True
    return False


def _ranges(universe: Universe, places: Sequence[int]) -> tuple[Peer, ...]:
    """The ranges of some blocks of one family, those beside each other as one."""
    indexes_of = [place - universe.first_block for place in places]
    version = universe.blocks.nets[indexes_of[0]].version
    joined: list[tuple[int, int]] = []
    for first, last in sorted(span for index in indexes_of for span in universe.blocks.spans(index)):
        if joined and first == joined[-1][1] + 1:
            joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
    return tuple(Peer(written(version, span), "address") for span in joined)


def _merged(table: Table, groups: Sequence[tuple[Peer, ...]], places: Mapping[Peer, int]) -> tuple[Group, ...]:
    """Groups with the same lines and the same columns are one, whatever policies made them so.

    Only where there are few: it compares every pair.
    """
    if len(groups) > MOST_COMPARED:
        return tuple(Group(peers) for peers in groups)
    width = table.universe.first_block + len(table.universe.blocks.nets)
    heads = [places[peers[0]] for peers in groups]
    lines = [_by_place(table.line(head), width) for head in heads]
    found: dict[Hashable, list[Peer]] = {}
    for peers, head, line in zip(groups, heads, lines, strict=True):
        row = tuple(line[other] for other in heads)
        column = tuple(other[head] for other in lines)
        family = ":" in peers[0].name if peers[0].kind == "address" else False
        key = (peers[0].kind, family, row, column, table.between(head, head))
        found.setdefault(key, []).extend(peers)
    return tuple(Group(tuple(sorted(peers, key=lambda peer: peer.name))) for peers in found.values())


def _cells(table: Table, groups: Sequence[Group], places: Mapping[Peer, int], reasons: Reasons) -> Iterator[Cell]:
    width = table.universe.first_block + len(table.universe.blocks.nets)
    heads = [places[group.peers[0]] for group in groups]
    for src, group in enumerate(groups):
        line = _by_place(table.line(heads[src]), width)
        for dst, other in enumerate(groups):
            bounds = line[heads[dst]]
            alone = src == dst and len(group.peers) == 1
            outside = group.kind in ("address", "ingress") and other.kind == "address"
            if alone or outside or other.kind == "ingress" or not bounds[1]:
                continue
            perhaps = conditional(bounds)
            why = reasons(heads[src], heads[dst]) if perhaps else ()
            yield Cell(src, dst, Verdict(bounds[0], perhaps, why))


def _isolated(table: Table, peers: Mapping[Peer, int], way: Direction) -> frozenset[str]:
    selected = table.sides[way].by_class
    return frozenset(peer.name for peer, place in peers.items() if place in selected)


MOST_COMPARED = 300
