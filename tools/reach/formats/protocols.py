"""Protocols without ports in words, for formats that are made for TCP, UDP and SCTP."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from tools.policies.model import WITH_PORTS
from tools.reach.connections import LAST_PORT, NAMES, NUMBERS, Conns, Span, all_ports, common, of

OTHERS = tuple(sorted(set(range(256)) - {NUMBERS[name] for name in WITH_PORTS}))
WHOLE: tuple[Span, ...] = ((0, LAST_PORT),)


@lru_cache(maxsize=65536)
def others(conns: Conns) -> str:
    """What must be said in addition to the ports: `all`, `none`, `ICMP,protocol 47`, `all but ICMP`.

    "" where nothing must be: for all ports with every other protocol, or for some ports with no other protocol.
    """
    by_number, full = other_spans(conns), all_ports(conns)
    missing = [number for number in OTHERS if by_number.get(number) != WHOLE]
    if not missing:
        return "" if full else "all"
    if not by_number:
        return "none" if full else ""
    if len(missing) < len(OTHERS) / 2:
        return f"all but {','.join(protocol_name(number) for number in missing)}"
    return ",".join(_shown(number, spans) for number, spans in by_number.items())


@lru_cache(maxsize=65536)
def other_spans(conns: Conns) -> Mapping[int, tuple[Span, ...]]:
    """The part of the set for each protocol without ports, by number: WHOLE, or spans of ICMP's `type << 8 | code`."""
    touched = {number for first, last in conns for number in range(first >> 16, (last >> 16) + 1)}
    return {number: _of(conns, number) for number in OTHERS if number in touched}


def _of(conns: Conns, number: int) -> tuple[Span, ...]:
    return tuple((first & LAST_PORT, last & LAST_PORT) for first, last in common(conns, of(number)))


def protocol_name(number: int) -> str:
    """`ICMP`, or `protocol 47`."""
    return NAMES.get(number, f"protocol {number}")


def _shown(number: int, spans: tuple[Span, ...]) -> str:
    """`ICMP`, `ICMP type 8`, `ICMP type 8 code 0`, or `some ICMP`."""
    name = protocol_name(number)
    if spans == WHOLE:
        return name
    first, last = spans[0]
    if len(spans) > 1 or first >> 8 != last >> 8 or (first != last and last - first != 255):
        return f"some {name}"
    return f"{name} type {first >> 8}" + (f" code {first & 255}" if first == last else "")
