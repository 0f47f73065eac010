"""Ranges of addresses as a matrix writes them, `first-last` or a single address: reads, refines, joins, writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

# A range of one family: 4 or 6, and its first and last address as numbers.
Range = tuple[int, int, int]


def read(name: str) -> Range | None:
    """The range that a name such as `10.0.0.1-10.0.0.9` means; None for other names."""
    first, dash, last = name.partition("-")
    try:
        start = ip_address(first)
        end = ip_address(last) if dash else start
    except ValueError:
        return None
    same = start.version == end.version and int(start) <= int(end)
    return (start.version, int(start), int(end)) if same else None


def written(span: Range) -> str:
    """A range as a name: `first-last`, or a single address."""
    version, first, last = span
    make = IPv4Address if version == 4 else IPv6Address
    return str(make(first)) if first == last else f"{make(first)}-{make(last)}"


def overlap(span: Range, other: Range) -> Range | None:
    """The intersection of two ranges; None where it is empty."""
    first, last = max(span[1], other[1]), min(span[2], other[2])
    return (span[0], first, last) if span[0] == other[0] and first <= last else None


def refined(ranges: Iterable[Range]) -> Iterator[Range]:
    """The coarsest ranges of which each input range is a union, in order. Addresses outside all inputs are left out."""
    edges: dict[tuple[int, int], int] = {}
    for version, first, last in ranges:
        edges[version, first] = edges.get((version, first), 0) + 1
        edges[version, last + 1] = edges.get((version, last + 1), 0) - 1
    depth, before = 0, (0, 0)
    for edge in sorted(edges):
        if depth:
            yield (*before, edge[1] - 1)
        depth += edges[edge]
        before = edge


def joined(ranges: Iterable[Range]) -> Iterator[Range]:
    """Ranges that do not overlap, in order, with adjacent ones joined."""
    open_range: Range | None = None
    for version, first, last in sorted(ranges):
        if open_range and open_range[0] == version and open_range[2] + 1 == first:
            open_range = (version, open_range[1], last)
            continue
        if open_range:
            yield open_range
        open_range = (version, first, last)
    if open_range:
        yield open_range
