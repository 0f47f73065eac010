"""Sets of connections: pairs of an IP protocol and a port, as sorted intervals of one number line.

A point is `protocol << 16 | port`, the protocol as IANA numbers it. TCP, UDP and SCTP have ports, of which 0 is none
and goes with 1; ICMP and ICMPv6 have `type << 8 | code` in their place. A set is a tuple of inclusive intervals that
neither overlap nor touch, so that equal sets are equal tuples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from tools.policies.model import PROTOCOLS, WITH_PORTS

Span = tuple[int, int]
Conns = tuple[Span, ...]

NUMBERS = PROTOCOLS
NAMES = {number: name for name, number in NUMBERS.items()}
LAST_PORT = 65535

NONE: Conns = ()


def of(protocol: int, first: int = 0, last: int = LAST_PORT) -> Conns:
    """One protocol, on the ports `first` to `last`; by default on all of them."""
    if protocol in _WITH_PORTS:
        first = 0 if first == 1 else max(first, 0)
        if last == 0:
            return NONE
    return ((protocol << 16 | first, protocol << 16 | last),) if first <= last else NONE


def union(conns: Conns, other: Conns) -> Conns:
    """What is in either."""
    if not conns or not other:
        return conns or other
    return _kept(conns, other) if len(conns) + len(other) < MOST_KEPT else merged((*conns, *other))


def common(conns: Conns, other: Conns) -> Conns:
    """What is in both."""
    if conns is other or conns == other or other == ALL:
        return conns
    if conns == ALL:
        return other
    return _kept_common(conns, other) if len(conns) + len(other) < MOST_KEPT else tuple(_common(conns, other))


def minus(conns: Conns, other: Conns) -> Conns:
    """What is in `conns` and not in `other`."""
    return common(conns, _outside(other)) if other else conns


# Of few intervals, results are kept: the same sets meet again and again. Many are rare, and would fill the memory.
MOST_KEPT = 64


@lru_cache(maxsize=16384)
def _kept(conns: Conns, other: Conns) -> Conns:
    return merged((*conns, *other))


@lru_cache(maxsize=16384)
def _kept_common(conns: Conns, other: Conns) -> Conns:
    return tuple(_common(conns, other))


def merged(spans: Iterable[Span]) -> Conns:
    """Intervals of any kind as a set."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def _common(conns: Conns, other: Conns) -> Iterator[Span]:
    at, beside = 0, 0
    while at < len(conns) and beside < len(other):
        first, last = max(conns[at][0], other[beside][0]), min(conns[at][1], other[beside][1])
        if first <= last:
            yield first, last
        if conns[at][1] < other[beside][1]:
            at += 1
        else:
            beside += 1


def _outside(conns: Conns) -> Conns:
    found, start = [], 0
    for first, last in conns:
        if start < first:
            found.append((start, first - 1))
        start = last + 1
    if start <= _END:
        found.append((start, _END))
    return tuple(found)


_END = 255 << 16 | LAST_PORT
_WITH_PORTS = frozenset(NUMBERS[name] for name in WITH_PORTS)
ALL: Conns = ((0, _END),)


def includes(conns: Conns, protocol: int, port: int) -> bool:
    """Whether a connection is in the set."""
    point = protocol << 16 | port
    return any(first <= point <= last for first, last in conns)


@lru_cache(maxsize=4096)
def ports(conns: Conns) -> dict[str, tuple[Span, ...]]:
    """The ports of each protocol that has ports, by name; protocols without any are left out."""
    found = {name: _of_protocol(conns, NUMBERS[name]) for name in WITH_PORTS}
    return {name: spans for name, spans in found.items() if spans}


def _of_protocol(conns: Conns, number: int) -> tuple[Span, ...]:
    lowest = 1 if number in _WITH_PORTS else 0
    return tuple((max(first & LAST_PORT, lowest), last & LAST_PORT) for first, last in common(conns, of(number)))


def all_ports(conns: Conns) -> bool:
    """Whether every port of TCP, UDP and SCTP is in the set."""
    return ports(conns) == ports(ALL)


@lru_cache(maxsize=4096)
def shown(conns: Conns) -> str:
    """For people: `everything`, `nothing`, or `TCP 80, 443-445; UDP all`, other protocols by name or number."""
    if conns == ALL:
        return "everything"
    return "; ".join(_shown_protocols(conns)) or "nothing"


def _shown_protocols(conns: Conns) -> Iterator[str]:
    if all_ports(conns):
        yield "TCP, UDP and SCTP"
    else:
        for name, spans in ports(conns).items():
            full = spans == ports(ALL)[name]
            yield f"{name} all" if full else f"{name} {', '.join(_span(span) for span in spans)}"
    touched = {number for first, last in conns for number in range(first >> 16, (last >> 16) + 1)}
    others = sorted(touched - _WITH_PORTS)
    if len(others) > 200:
        yield "other protocols"
    else:
        yield from (NAMES.get(number, f"protocol {number}") for number in others)


def _span(span: Span) -> str:
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"
