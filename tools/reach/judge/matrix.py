"""The table as a matrix: groups of peers that are alike for people, every pair by name for machines."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tools.policies.model import DIRECTIONS, Direction
from tools.reach.connections import NONE, Conns, minus, union
from tools.reach.judge.table import Table, conditional
from tools.reach.model import Cell, Group, Matrix, MatrixRow, NamedPeer, Verdict
from tools.reach.peers.address_blocks import written
from tools.reach.peers.universe import Universe
from tools.reach.sets import bit_set, indexes

Reasons = Callable[[int, int], tuple[str, ...]]
EVERY_BIT = -1


@dataclass(frozen=True, eq=False)
class JudgedMatrix(Matrix):
    """The matrix of a table. Groups, cells and ranges of addresses are computed when they are first used."""

    table: Table
    workloads: Mapping[NamedPeer, int]
    reasons: Reasons
    ipv6: bool = False

    @cached_property
    def _alike(self) -> _Alike:
        return _alike(self.table, self.workloads, self.ipv6)

    @cached_property
    def places(self) -> dict[NamedPeer, int]:
        """Each peer's bit; for a range of addresses, the bit of one block of those that are alike."""
        outside = zip(self._alike.ranges, self._alike.blocks, strict=True)
        return {**self.workloads, **{peer: places[0] for ranges, places in outside for peer in ranges}}

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Peers that are alike."""
        return _merged(self.table, (*self._alike.workloads, *self._alike.ranges), self.places)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """What each group may send to each other group."""
        return tuple(_cells(self.table, self.groups, self.places, self.reasons))

    def lines(self) -> Iterator[tuple[int, tuple[tuple[Verdict, tuple[int, ...]], ...]]]:
        """The cells of each sending group together, computed without building every cell."""
        group_of = {bit: index for index, bit in enumerate(self.bits)}
        for src, line in self.masks():
            yield src, tuple((verdict, tuple(group_of[bit] for bit in indexes(bits))) for verdict, bits in line)

    @cached_property
    def bits(self) -> tuple[int, ...]:
        """The bit of each group's first peer, which stands for the whole group."""
        return tuple(self.places[group.peers[0]] for group in self.groups)

    def masks(self) -> Iterator[tuple[int, tuple[tuple[Verdict, int], ...]]]:
        """Like `lines`, computed without a look at each receiver."""
        heads = self.bits
        workloads = bit_set(head for head, group in zip(heads, self.groups, strict=True) if group.kind == "workload")
        everybody = workloads | bit_set(
            head for head, group in zip(heads, self.groups, strict=True) if group.kind == "address"
        )
        for src, group in enumerate(self.groups):
            receiving = everybody if group.kind == "workload" else workloads
            if len(group.peers) == 1:
                receiving &= ~(1 << heads[src])
            reached = ((bounds, bits & receiving) for bounds, bits in self.table.line(heads[src]).items() if bounds[1])
            line = tuple((Verdict(bounds[0], conditional(bounds)), bits) for bounds, bits in reached if bits)
            if line:
                yield src, line

    @cached_property
    def isolated(self) -> dict[Direction, frozenset[str]]:
        """The workloads that some policy selects, by direction."""
        return {way: _isolated(self.table, self.workloads, way) for way in DIRECTIONS}

    def why(self, src: str, dst: str) -> tuple[str, ...]:
        """What a conditional pair of the rows depends on."""
        return self._why(self._by_name[src], self._by_name[dst])

    @cached_property
    def _why(self) -> Reasons:
        # Addresses that are alike share a bit, so their pairs share their reasons.
        return lru_cache(maxsize=65536)(self.reasons)

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return {peer.name: place for peer, place in self.places.items()}

    def rows(self, *, everything: bool = False, only: frozenset[str] | None = None) -> Iterator[MatrixRow]:
        """Every pair of different peers that may talk, in order of their names; two addresses are no pair."""
        ordered = sorted(self.places.items(), key=lambda item: item[0].name)
        workloads = [(peer.name, place) for peer, place in ordered if peer.kind == "workload"]
        everybody = [(peer.name, place) for peer, place in ordered if peer.kind != "ingress"]
        expected = [(name, place) for name, place in everybody if only is None or name in only]
        inside = (1 << len(self.table.universe.classes)) - 1

        # Thousands of ranges that are alike may share one bit.
        @lru_cache(maxsize=256)
        def line(place: int, among: int) -> list[Between | None]:
            return _by_place(self.table, place, among, everything=everything)

        for peer, place in ordered:
            receivers = everybody if peer.kind == "workload" else workloads
            if only is not None and peer.name not in only:
                receivers = (
                    expected if peer.kind == "workload" else [workload for workload in workloads if workload[0] in only]
                )
            if receivers:
                yield from _rows(peer.name, receivers, line(place, EVERY_BIT if peer.kind == "workload" else inside))


# The connections that are allowed, and those that are conditional.
Between = tuple[Conns, Conns]


def _by_place(table: Table, place: int, among: int = EVERY_BIT, *, everything: bool) -> list[Between | None]:
    """What one bit may send to each bit in `among`; None where that is nothing, unless `everything`."""
    betweens: list[Between | None] = [(NONE, NONE) if everything else None] * table.universe.count
    for bounds, bits in table.line(place).items():
        if bounds[1]:
            between = bounds[0], conditional(bounds)
            for index in indexes(bits & among):
                betweens[index] = between
    return betweens


def _rows(src: str, receivers: Sequence[tuple[str, int]], line: Sequence[Between | None]) -> Iterator[MatrixRow]:
    make = tuple.__new__
    for dst, place in receivers:
        between = line[place]
        if between is not None and dst != src:
            # MatrixRow(…) itself would take twice as long, and there may be millions of rows.
            yield make(MatrixRow, (src, dst, *between))


@dataclass(frozen=True, slots=True)
class _Alike:
    """Workloads that are alike, and blocks of addresses that are alike, these as bits and as ranges."""

    workloads: tuple[tuple[NamedPeer, ...], ...]
    blocks: tuple[tuple[int, ...], ...]
    ranges: tuple[tuple[NamedPeer, ...], ...]


def _alike(table: Table, peers: Mapping[NamedPeer, int], ipv6: bool) -> _Alike:
    universe = table.universe
    signature = _signatures(table)
    workloads: dict[Hashable, list[NamedPeer]] = {}
    for peer, place in peers.items():
        workloads.setdefault((peer.kind, signature(place)), []).append(peer)
    blocks: dict[Hashable, list[int]] = {}
    for place in indexes(_shown_blocks(table, ipv6)):
        version = universe.blocks.nets[place - universe.first_block].version
        blocks.setdefault((version, signature(place)), []).append(place)
    ranges = tuple(_ranges(universe, places) for places in blocks.values())
    return _Alike(tuple(map(tuple, workloads.values())), tuple(map(tuple, blocks.values())), ranges)


def _signatures(table: Table) -> Callable[[int], Hashable]:
    """A function that gives each bit a signature: how it is judged as a sender and as a receiver. Peers with equal
    signatures are alike.
    """
    own: dict[Direction, dict[int, int]] = {way: {} for way in DIRECTIONS}
    for way in DIRECTIONS:
        for number, (_, members) in enumerate(table.sides[way].alike):
            own[way].update(dict.fromkeys(indexes(members), number))
    hosts = table.universe.hosts | table.universe.node

    def signature(place: int) -> Hashable:
        differing = tuple(tuple(table.sides[way].seen_from[1].get(place, ())) for way in DIRECTIONS)
        return (*(own[way].get(place, -1) for way in DIRECTIONS), differing, bool(hosts >> place & 1))

    return signature


def _shown_blocks(table: Table, ipv6: bool) -> int:
    """The blocks with addresses other than running pods'. IPv6 is left out, unless it was asked for, the input mentions
    it, or more is allowed over it than over IPv4.
    """
    universe = table.universe
    pods = {(address.version, int(address)) for pods in universe.classes for pod in pods for address in pod.addresses}
    nets = universe.blocks.nets
    shown = bit_set(
        index
        for index, net in enumerate(nets)
        if any(first != last or (net.version, first) not in pods for first, last in universe.blocks.spans(index))
    )
    if not (ipv6 or universe.speaks_ipv6) and not _wider_by_ipv6(table):
        shown &= universe.blocks.ipv4
    return shown << universe.first_block


def _wider_by_ipv6(table: Table) -> bool:
    """Whether some class may exchange more with IPv6 addresses than with IPv4 addresses."""
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


def _ranges(universe: Universe, places: Sequence[int]) -> tuple[NamedPeer, ...]:
    """The ranges of some blocks of one IP version, with adjacent ranges joined."""
    indexes_of = [place - universe.first_block for place in places]
    version = universe.blocks.nets[indexes_of[0]].version
    joined: list[tuple[int, int]] = []
    for first, last in sorted(span for index in indexes_of for span in universe.blocks.spans(index)):
        if joined and first == joined[-1][1] + 1:
            joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
    return tuple(NamedPeer(written(version, span), "address") for span in joined)


def _merged(
    table: Table, groups: Sequence[tuple[NamedPeer, ...]], places: Mapping[NamedPeer, int]
) -> tuple[Group, ...]:
    """Merge groups with equal rows and equal columns, even where different policies made them so.

    Many groups are left as they are, because this compares every pair.
    """
    if len(groups) > MOST_COMPARED:
        return tuple(Group(peers) for peers in groups)
    heads = [places[peers[0]] for peers in groups]
    lines = [_by_place(table, head, everything=False) for head in heads]
    merged: dict[Hashable, list[NamedPeer]] = {}
    for peers, head, line in zip(groups, heads, lines, strict=True):
        row = tuple(line[other] for other in heads)
        column = tuple(other[head] for other in lines)
        family = ":" in peers[0].name if peers[0].kind == "address" else False
        key = (peers[0].kind, family, row, column, table.between(head, head))
        merged.setdefault(key, []).extend(peers)
    return tuple(Group(tuple(sorted(peers, key=lambda peer: peer.name))) for peers in merged.values())


def _cells(table: Table, groups: Sequence[Group], places: Mapping[NamedPeer, int], reasons: Reasons) -> Iterator[Cell]:
    heads = [places[group.peers[0]] for group in groups]
    for src, group in enumerate(groups):
        line = _by_place(table, heads[src], everything=False)
        for dst, other in enumerate(groups):
            between = line[heads[dst]]
            alone = src == dst and len(group.peers) == 1
            outside = group.kind != "workload" and other.kind != "workload"
            if between is None or alone or outside or other.kind == "ingress":
                continue
            why = reasons(heads[src], heads[dst]) if between[1] else ()
            yield Cell(src, dst, Verdict(*between, why))


def _isolated(table: Table, peers: Mapping[NamedPeer, int], way: Direction) -> frozenset[str]:
    selected = table.sides[way].by_class
    return frozenset(peer.name for peer, place in peers.items() if place in selected)


MOST_COMPARED = 300
