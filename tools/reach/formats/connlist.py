"""Lines as netpol-analyzer prints them (`list -q`), so that the two can be compared: `src => dst : TCP 80,443`.

Its conventions, from its conns_formatter.go, connectionset.go and peer.go: ranges of addresses, and single addresses
too, are written `first-last[External]`; protocols are sorted by name, and each is followed by its ports; all ports of
TCP, UDP and SCTP are `All Connections`; lines are sorted by the names as written; no line leads from a workload to
itself; addresses are cut separately for each direction.

It does not know conditional connections, nor other protocols than those three. Both are printed after its lines, in
lines that begin with `#`, which `grep -v '^#'` removes.

    # conditional: a/b[Pod] => c/d[Pod] : TCP 80
    # other protocols: a/b[Pod] => c/d[Pod] : ICMP

The second kind of line is printed where other protocols are not treated like TCP, UDP and SCTP: `all`, `none`, or a
list of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from itertools import chain, groupby
from operator import itemgetter

from tools.reach.connections import Conns, all_ports, ports
from tools.reach.formats.names import is_addresses, printable
from tools.reach.formats.protocols import others
from tools.reach.model import Matrix, MatrixRow, Verdict
from tools.reach.ranges import Range, joined, read, written

MOST_AT_ONCE = 10_000


class ConnlistNames(dict[str, str]):
    """Peers' names -> those names as netpol-analyzer writes them, each computed once.

    `ranges`: ranges of addresses that are written as another range, or left out ("").
    """

    def __init__(self, ranges: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._ranges = ranges or {}

    def __missing__(self, name: str) -> str:
        span = self._ranges.get(name, name)
        if span and is_addresses(name):
            first, dash, last = span.partition("-")
            span = f"{first}-{last if dash else first}[External]"
        self[name] = printable(span)
        return self[name]


def wider(matrix: Matrix, *, sending: bool) -> dict[str, str]:
    """Each range of addresses -> the widest range around it that sends (or receives) alike.

    The widest range is given to the first range in it, and "" to the others. netpol-analyzer cuts addresses for each
    direction separately, a matrix for both together.
    """
    alike: dict[Hashable, list[Range]] = {}
    seen = _sent(matrix) if sending else _received(matrix)
    for index, group in enumerate(matrix.groups):
        if group.kind == "address":
            ranges = [span for peer in group.peers if (span := read(peer.name))]
            alike.setdefault(seen.get(index), []).extend(ranges)
    widest: dict[str, str] = {}
    for ranges in alike.values():
        whole = {span[:2]: written(span) for span in joined(ranges)}
        widest.update({written(range_): whole.get(range_[:2], "") for range_ in ranges})
    return widest


def _sent(matrix: Matrix) -> dict[int, Hashable]:
    """What each group of addresses sends. The values are equal for groups that send alike."""
    addresses = {index for index, group in enumerate(matrix.groups) if group.kind == "address"}
    return {src: frozenset(line) for src, line in matrix.lines() if src in addresses}


def _received(matrix: Matrix) -> dict[int, Hashable]:
    """What each group of addresses receives. The values are equal for groups that receive alike."""
    addresses = {index for index, group in enumerate(matrix.groups) if group.kind == "address"}
    known: dict[Verdict, int] = {}
    received: dict[int, list[tuple[int, int]]] = {index: [] for index in addresses}
    for src, line in matrix.lines():
        for verdict, receivers in line:
            own = (src, known.setdefault(verdict, len(known)))
            for index in addresses.intersection(receivers):
                received[index].append(own)
    return {index: tuple(sorted(line)) for index, line in received.items() if line}


class Words(dict[Conns, str]):
    """Connections -> those with ports as netpol-analyzer writes them; "" where there are none."""

    def __missing__(self, conns: Conns) -> str:
        spans = sorted(ports(conns).items())
        text = ",".join(f"{name} {','.join(map(_span, of_protocol))}" for name, of_protocol in spans)
        self[conns] = "All Connections" if all_ports(conns) else text
        return self[conns]


class _Followed(dict[str, str]):
    """Peers' names -> the names as written, each with a suffix; "" for those that are left out."""

    def __init__(self, names: ConnlistNames, then: str) -> None:
        super().__init__()
        self._names, self._then = names, then

    def __missing__(self, name: str) -> str:
        self[name] = text = self._names[name] and self._names[name] + self._then
        return text


class _Facts(dict[Conns, tuple[str, str]]):
    """Connections -> their words, and what must be said about other protocols."""

    def __missing__(self, conns: Conns) -> tuple[str, str]:
        self[conns] = Words()[conns], others(conns)
        return self[conns]


def matrix(matrix: Matrix) -> Iterator[str]:
    """The lines of netpol-analyzer, then the lines for what it does not know."""
    senders, receivers = (ConnlistNames(wider(matrix, sending=sending)) for sending in (True, False))
    starts, ends, facts, more = _Followed(senders, " => "), _Followed(receivers, " : "), _Facts(), False
    # Rows are in order of name, but as written an address may sort after one that it is a prefix of.
    for rows in _together(matrix):
        lines: list[str] = []
        # Keyed by identity, because most equal connections are one object and there may be millions of rows.
        known: dict[int, tuple[Conns, str, str]] = {}
        before, start = "", ""
        for src, dst, allowed, conditional in rows:
            if src != before:
                before, start = src, starts[src]
            end = ends[dst]
            if not start or not end:
                continue
            fact = known.get(id(allowed))
            if fact is None:
                fact = known[id(allowed)] = (allowed, *facts[allowed])
            if fact[1]:
                lines.append(f"{start}{end}{fact[1]}\n")
            if conditional or fact[2]:
                more = True
        lines.sort()
        # In pieces, because one text of very many lines would need as much memory again.
        yield from ("".join(lines[at : at + MOST_AT_ONCE]) for at in range(0, len(lines), MOST_AT_ONCE))
    # These take a second pass, because there may be as many of them as there are lines.
    if more:
        yield from _more(matrix, senders, receivers, facts)


def _together(matrix: Matrix) -> Iterator[Iterator[MatrixRow]]:
    """The rows of each sender, with those of adjacent addresses together. Each iterator must be used up in turn."""
    by_sender = groupby(matrix.rows(), itemgetter(0))
    for whole, senders in groupby(by_sender, lambda item: item[0][-1] in "]}"):
        if whole:
            yield from (rows for _, rows in senders)
        else:
            yield chain.from_iterable(rows for _, rows in senders)


def _more(matrix: Matrix, senders: ConnlistNames, receivers: ConnlistNames, facts: _Facts) -> Iterator[str]:
    for src, dst, allowed, conditional in matrix.rows():
        if (sender := senders[src]) and (other := receivers[dst]):
            if beyond := facts[allowed][1]:
                yield f"# other protocols: {sender} => {other} : {beyond}\n"
            if conditional:
                yield f"# conditional: {sender} => {other} : {'; '.join(filter(None, facts[conditional]))}\n"


def _span(span: tuple[int, int]) -> str:
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"
