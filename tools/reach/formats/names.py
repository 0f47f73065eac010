"""Peers' names as people read them: safe to print, and short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_network, summarize_address_range
from itertools import pairwise

from tools.findings.escaping import printable
from tools.manifests.addresses import INSIDE, METADATA, UNUSUAL
from tools.reach.model import Group, NamedPeer
from tools.reach.ranges import Range, joined, overlap, read, refined, written

__all__ = ["LONGEST", "ORDER", "Titled", "addresses", "is_addresses", "named_addresses", "printable", "titled"]

ORDER = ("workload", "ingress", "node", "address")
LONGEST = 46


def is_addresses(name: str) -> bool:
    """Whether a name in a matrix means addresses: workloads' names end in `]`, and `{node}` and the like in `}`."""
    return not name.endswith(("]", "}"))


def named(names: Iterable[str], most: int = 4) -> str:
    """A list of peers in words, with addresses as networks where they are such; the first few if there are many."""
    shown = [addresses([name]) if is_addresses(name) else printable(name) for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return f"{', '.join(shown[:most])}{more}" if more else " and ".join(shown)


@dataclass(frozen=True, slots=True)
class Titled:
    """A group with a title. `holds`: what is in it, in words, or "" where the title says that already."""

    index: int
    title: str
    holds: str
    peers: tuple[NamedPeer, ...]

    @property
    def kind(self) -> str:
        """The kind of its peers."""
        return self.peers[0].kind

    @property
    def name(self) -> str:
        """The name of the first peer, which the reasons mention."""
        return self.peers[0].name


def titled(groups: Sequence[Group]) -> tuple[Titled, ...]:
    """Every group with a unique title: workloads by name, then {ingress-controller}, {node} and addresses."""
    places = sorted(range(len(groups)), key=lambda index: _place(groups[index]))
    titleds = [_titled(index, groups[index]) for index in places]
    often = Counter(titled.title for titled in titleds)
    letters = {title: iter(_LETTERS) for title in often}
    return tuple(
        replace(group, title=f"{group.title} {next(letters[group.title], group.index)}")
        if often[group.title] > 1
        else group
        for group in titleds
    )


def _place(group: Group) -> tuple[int, bool, tuple[int, int], str]:
    """The sort key of a group. Among addresses, the groups with the most addresses come last."""
    first = min(group.peers, key=lambda peer: peer.name)
    size = (0, 0)
    if group.kind == "address":
        ranges = [span for peer in group.peers if (span := read(peer.name))]
        size = (min((version for version, _, _ in ranges), default=0), sum(last - start for _, start, last in ranges))
    return ORDER.index(group.kind), size[0] == 6, size, first.name


def _titled(index: int, group: Group) -> Titled:
    peers = group.peers
    if group.kind == "address":
        return Titled(index, *named_addresses([peer.name for peer in peers]), peers)
    names = [printable(peer.name) for peer in peers]
    title = names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"
    return Titled(index, title, ", ".join(names) if len(names) > 1 else "", peers)


def named_addresses(names: Sequence[str]) -> tuple[str, str]:
    """A title for ranges of addresses, and what is in it in words: "" where the title says that already."""
    holds = addresses(names)
    return (holds, "") if len(holds) <= LONGEST else (_sort(names), holds)


def _sort(names: Iterable[str]) -> str:
    """A title for many ranges."""
    ranges = [span for name in names if (span := read(name))]
    family = " and ".join(f"IPv{version}" for version in sorted({range_[0] for range_ in ranges})) or "addresses"
    if not any(overlap(range_, other) for range_ in ranges for other in _RESERVED):
        return f"public {family}"
    if all(any(_within(span, other) for other in _RESERVED) for span in ranges):
        return f"non-public {family}"
    return f"some {family}"


def _within(inner: Range, outer: Range) -> bool:
    return inner[0] == outer[0] and outer[1] <= inner[1] and inner[2] <= outer[2]


def addresses(names: Iterable[str]) -> str:
    """Ranges as people write them: `8.8.8.8`, `10.0.0.0/8`, `all IPv4 but 10.0.0.0/8`, `all IPv4 and IPv6`."""
    listed = tuple(names)
    ranges = [span for name in listed if (span := read(name))]
    if len(ranges) < len(listed):
        return ", ".join(map(printable, listed))
    if list(joined(ranges)) == [_everything(4), _everything(6)]:
        return "all IPv4 and IPv6"
    families = [[span for span in joined(ranges) if span[0] == version] for version in (4, 6)]
    return "; ".join(_family(family) for family in families if family)


def _family(ranges: Sequence[Range]) -> str:
    """Ranges of one IP version: a list, or all of a network but some, where that is shorter."""
    net = _around(ranges)
    missing = tuple(_between(ranges))
    if len(ranges) == 1 or net[1:] != (ranges[0][1], ranges[-1][2]) or len(missing) >= len(ranges):
        return ", ".join(map(_span, ranges))
    return f"{_span(net)} but {', '.join(map(_span, missing))}"


def _around(ranges: Sequence[Range]) -> Range:
    """The narrowest network around all of the ranges."""
    version, first, last = ranges[0][0], ranges[0][1], ranges[-1][2]
    size = 1 << (first ^ last).bit_length()
    return version, first - first % size, first - first % size + size - 1


def _between(ranges: Sequence[Range]) -> Iterable[Range]:
    """The gaps between the ranges."""
    for (version, _, before), (_, after, _) in pairwise(ranges):
        yield version, before + 1, after - 1


def _everything(version: int) -> Range:
    return version, 0, (1 << (32 if version == 4 else 128)) - 1


def _span(span: Range) -> str:
    """A range, written as a network where it is one."""
    version, first, last = span
    if span == _everything(version):
        return f"all IPv{version}"
    size = last - first + 1
    if size == 1 or size & (size - 1) or first % size:
        return written(span)
    make = IPv4Address if version == 4 else IPv6Address
    [net] = summarize_address_range(make(first), make(last))
    return str(net)


# Ranges of addresses that no host on the internet has, with adjacent ones joined.
_RESERVED = tuple(
    joined(
        refined(
            (net.version, int(net.network_address), int(net.broadcast_address))
            for net in (*INSIDE, *UNUSUAL, *(ip_network(str(address)) for address, _ in METADATA))
        )
    )
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
