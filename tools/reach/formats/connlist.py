"""Lines as netpol-analyzer prints them (`list -q`), so that both can be compared: `src => dst : TCP 80,443`.

Its conventions, from its conns_formatter.go, connectionset.go and peer.go: a range of addresses is written
`first-last[External]`, a single one too; protocols are sorted by name, and each is followed by its ports; all ports
of TCP, UDP and SCTP are `All Connections`; lines are sorted by the names as they are written; no workload is a line
to itself.

It knows two things not: what is conditional, and other protocols than those three. Neither is lost, and neither is
in its lines: after them come lines that begin with `#`, which `grep -v '^#'` takes away.

    # conditional: a/b[Pod] => c/d[Pod] : TCP 80
    # other protocols: a/b[Pod] => c/d[Pod] : ICMP

The second is said where others than TCP, UDP and SCTP are not treated as these are: `all`, `none`, or which of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tools.reach.conns import Conns, all_ports, ports
from tools.reach.formats.names import is_addresses, plain
from tools.reach.formats.protocols import others
from tools.reach.model import Matrix


class Names(dict[str, str]):
    """A peer's name -> how netpol-analyzer writes it. Each is worked out once."""

    def __missing__(self, name: str) -> str:
        first, dash, last = name.partition("-")
        shown = f"{first}-{last if dash else first}[External]" if is_addresses(name) else plain(name)
        self[name] = shown
        return shown


class Words(dict[Conns, str]):
    """Connections -> how netpol-analyzer writes them; "" for none that have ports."""

    def __missing__(self, conns: Conns) -> str:
        spans = sorted(ports(conns).items())
        found = ",".join(f"{name} {','.join(map(_span, of_it))}" for name, of_it in spans)
        self[conns] = "All Connections" if all_ports(conns) else found
        return self[conns]


class _Others(dict[Conns, str]):
    def __missing__(self, conns: Conns) -> str:
        self[conns] = others(conns)
        return self[conns]


def matrix(matrix: Matrix) -> Iterator[str]:
    """Its lines, then what it does not know."""
    names, words, beyond = Names(), Words(), _Others()
    more = False
    # The names are in order, but as they are written an address may come after one that it is the beginning of.
    for _, rows in groupby(matrix.rows(), lambda row: row.src if row.src[-1] in "]}" else ""):
        lines = []
        for row in rows:
            if said := words[row.allowed]:
                lines.append(f"{names[row.src]} => {names[row.dst]} : {said}\n")
            more = more or bool(row.conditional or beyond[row.allowed])
        lines.sort()
        yield "".join(lines)
    # A second time, because there may be as many of them as there are lines.
    if more:
        yield from _more(matrix, names, words, beyond)


def _more(matrix: Matrix, names: Names, words: Words, beyond: _Others) -> Iterator[str]:
    for row in matrix.rows():
        pair = f"{names[row.src]} => {names[row.dst]}"
        if found := beyond[row.allowed]:
            yield f"# other protocols: {pair} : {found}\n"
        if row.conditional:
            said = "; ".join(filter(None, (words[row.conditional], beyond[row.conditional])))
            yield f"# conditional: {pair} : {said}\n"


def _span(span: tuple[int, int]) -> str:
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"
