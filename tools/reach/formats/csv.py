"""CSV (RFC 4180, with its header): `src,dst,conns,conditional`.

Names and connections are written as in connlist, and so as in netpol-analyzer's own CSV. Protocols other than TCP, UDP
and SCTP follow after a semicolon: `TCP 80,443; other protocols: ICMP`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.escaping import csv
from tools.reach.connections import Conns
from tools.reach.formats.connlist import ConnlistNames, Words, wider
from tools.reach.formats.protocols import others
from tools.reach.model import Matrix


class _Fields(dict[str, str]):
    def __init__(self, names: ConnlistNames) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, name: str) -> str:
        self[name] = csv(self._names[name])
        return self[name]


class _ConnsFields(dict[Conns, str]):
    def __missing__(self, conns: Conns) -> str:
        beyond = others(conns).replace(",", ", ")
        self[conns] = csv("; ".join(filter(None, (Words()[conns], beyond and f"other protocols: {beyond}"))))
        return self[conns]


def matrix(matrix: Matrix) -> Iterator[str]:
    """One record for every pair that may talk."""
    senders, receivers = (_Fields(ConnlistNames(wider(matrix, sending=sending))) for sending in (True, False))
    conns = _ConnsFields()
    yield "src,dst,conns,conditional\r\n"
    for src, dst, allowed, conditional in matrix.rows():
        if (sender := senders[src]) and (other := receivers[dst]):
            yield f"{sender},{other},{conns[allowed]},{conns[conditional]}\r\n"
