"""Lines as netpol-analyzer prints them (`list -q`), so that both can be compared: `src => dst : TCP 80,443`.

Its conventions, from its conns_formatter.go, connectionset.go and peer.go: a range of addresses is written
`first-last[External]`, a single one too; protocols are sorted by name, and each is followed by its ports; all ports
of TCP, UDP and SCTP are `All Connections`; lines are sorted by the names as they are written; no workload is a line
to itself; addresses are cut as each direction asks for.

Two things it does not know: what is conditional, and other protocols than those three. Neither is lost, and neither is
in its lines: after them come lines that begin with `#`, which `grep -v '^#'` takes away.

    # conditional: a/b[Pod] => c/d[Pod] : TCP 80
    # other protocols: a/b[Pod] => c/d[Pod] : ICMP

The second is said where others than TCP, UDP and SCTP are not treated as these are: `all`, `none`, or which of them.
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
    """A peer's name -> how netpol-analyzer writes it. Each is worked out once.

    `ranges`: addresses that are written otherwise, or not at all ("").
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
    """Each range of addresses -> the widest one that sends (or receives) alike; "" for those after its first.

    netpol-analyzer cuts addresses for the two directions apart, a matrix for both at once.
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
    """What each group of addresses sends, in a form in which what is alike is equal."""
    addresses = {index for index, group in enumerate(matrix.groups) if group.kind == "address"}
    return {src: frozenset(line) for src, line in matrix.lines() if src in addresses}


def _received(matrix: Matrix) -> dict[int, Hashable]:
    """What each group of addresses receives, in a form in which what is alike is equal."""
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
    """Connections -> how netpol-analyzer writes them; "" for none that have ports."""

    def __missing__(self, conns: Conns) -> str:
        spans = sorted(ports(conns).items())
        text = ",".join(f"{name} {','.join(map(_span, of_it))}" for name, of_it in spans)
        self[conns] = "All Connections" if all_ports(conns) else text
        return self[conns]


class _Followed(dict[str, str]):
    """A peer's name -> how it is written, and what follows; "" for one that is not written."""

    def __init__(self, names: ConnlistNames, then: str) -> None:
        super().__init__()
        self._names, self._then = names, then

    def __missing__(self, name: str) -> str:
        self[name] = text = self._names[name] and self._names[name] + self._then
        return text


class _Facts(dict[Conns, tuple[str, str]]):
    """Connections -> the words, and what is to be said of other protocols."""

    def __missing__(self, conns: Conns) -> tuple[str, str]:
        self[conns] = Words()[conns], others(conns)
        return self[conns]


def matrix(matrix: Matrix) -> Iterator[str]:
    """Its lines, then what it does not know."""
    senders, receivers = (ConnlistNames(wider(matrix, sending=sending)) for sending in (True, False))
    starts, ends, facts, more = _Followed(senders, " => "), _Followed(receivers, " : "), _Facts(), False
    # The names are in order, but as they are written an address may come after one that it is the beginning of.
    for rows in _together(matrix):
        lines: list[str] = []
        # Equal connections are one object for the most part, and a number is found faster: there may be millions.
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
        # Of addresses there may be so many that one text of them would take as much again.
        yield from ("".join(lines[at : at + MOST_AT_ONCE]) for at in range(0, len(lines), MOST_AT_ONCE))
    # A second time, because there may be as many of them as there are lines.
    if more:
        yield from _more(matrix, senders, receivers, facts)


def _together(matrix: Matrix) -> Iterator[Iterator[MatrixRow]]:
    """The rows of each sender; of addresses that follow each other, together. To be read as they come."""
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
