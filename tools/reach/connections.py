"""Sets of connections: pairs of an IP protocol and a port, as sorted intervals of one number line.

A point is `protocol << 16 | port`, with the protocol's IANA number. TCP, UDP and SCTP have ports; port 0 does not
exist and always goes with port 1. ICMP and ICMPv6 have `type << 8 | code` instead of a port. A set is a tuple of
inclusive intervals that neither overlap nor touch, so that equal sets are equal tuples.
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
    """The connections of one protocol on the ports `first` to `last`; by default on all ports."""
    if protocol in _WITH_PORTS:
        first = 0 if first == 1 else max(first, 0)
        if last == 0:
            return NONE
    return ((protocol << 16 | first, protocol << 16 | last),) if first <= last else NONE


def union(conns: Conns, other: Conns) -> Conns:
    """The connections in at least one of the two sets."""
    if not conns or not other:
        return conns or other
    return _cached_union(conns, other) if len(conns) + len(other) < MOST_CACHED else merged((*conns, *other))


def common(conns: Conns, other: Conns) -> Conns:
    """The connections in both sets."""
    if conns is other or conns == other or other == ALL:
        return conns
    if conns == ALL:
        return other
    return _cached_common(conns, other) if len(conns) + len(other) < MOST_CACHED else tuple(_common(conns, other))


def minus(conns: Conns, other: Conns) -> Conns:
    """The connections in `conns` that are not in `other`."""
    return common(conns, _outside(other)) if other else conns


# Results for sets of fewer intervals are cached, because the same sets meet again and again. Larger sets are rare and
# would fill the memory.
MOST_CACHED = 64


@lru_cache(maxsize=16384)
def _cached_union(conns: Conns, other: Conns) -> Conns:
    return merged((*conns, *other))


@lru_cache(maxsize=16384)
def _cached_common(conns: Conns, other: Conns) -> Conns:
    return tuple(_common(conns, other))


def merged(spans: Iterable[Span]) -> Conns:
    """The set that intervals in any order, overlapping or not, make."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


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
    gaps, start = [], 0
    for first, last in conns:
        if start < first:
            gaps.append((start, first - 1))
        start = last + 1
    if start <= _END:
        gaps.append((start, _END))
    return tuple(gaps)


_END = 255 << 16 | LAST_PORT
_WITH_PORTS = frozenset(NUMBERS[name] for name in WITH_PORTS)
ALL: Conns = ((0, _END),)


def includes(conns: Conns, protocol: int, port: int) -> bool:
    """Whether a connection is in the set."""
    point = protocol << 16 | port
    return any(first <= point <= last for first, last in conns)


@lru_cache(maxsize=4096)
def ports(conns: Conns) -> dict[str, tuple[Span, ...]]:
    """The ports in the set for TCP, UDP and SCTP, by the protocol's name; protocols with none are left out."""
    by_name = {name: _of_protocol(conns, NUMBERS[name]) for name in WITH_PORTS}
    return {name: spans for name, spans in by_name.items() if spans}


def _of_protocol(conns: Conns, number: int) -> tuple[Span, ...]:
    lowest = 1 if number in _WITH_PORTS else 0
    return tuple((max(first & LAST_PORT, lowest), last & LAST_PORT) for first, last in common(conns, of(number)))


def all_ports(conns: Conns) -> bool:
    """Whether every port of TCP, UDP and SCTP is in the set."""
    return ports(conns) == ports(ALL)


@lru_cache(maxsize=4096)
def shown(conns: Conns) -> str:
    """The set in words: `everything`, `nothing`, or `TCP 80, 443-445; UDP all`; other protocols by name or number."""
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
