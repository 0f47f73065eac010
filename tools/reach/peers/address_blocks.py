"""Cuts all addresses into blocks, so that no rule tells two addresses of one block apart.

Two networks either nest or share no address. In order of their first address, with wider networks first, everything
inside a network follows it without a gap, so the blocks of a network are a range of indexes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address

from tools.manifests.addresses import ALL_IPV4, ALL_IPV6, Address, Net


@dataclass(frozen=True, slots=True)
class AddressBlocks:
    """Block i has the addresses of `nets[i]` that no narrower network has; `ends[i]` is one past its last narrower one.

    A block is empty when narrower networks cover all of its network.
    """

    nets: tuple[Net, ...]
    ends: tuple[int, ...]
    parents: tuple[int, ...] = field(repr=False)
    places: dict[Net, int] = field(repr=False)
    starts: tuple[tuple[int, int], ...] = field(repr=False)

    def within(self, net: Net) -> int:
        """The blocks of a named network, as bits."""
        start = self.places[net]
        return ((1 << (self.ends[start] - start)) - 1) << start

    def holding(self, address: Address) -> int:
        """The index of the block that an address is in."""
        # Its network is the last one that begins at or before the address, or one around that network.
        place = bisect_right(self.starts, (address.version, int(address))) - 1
        while address not in self.nets[place]:
            place = self.parents[place]
        return place

    def overlapping(self, net: Net) -> int:
        """The blocks that share an address with a network, which policies need not name, as bits."""
        first, last = int(net.network_address), int(net.broadcast_address)
        blocks = 0
        for index, other in enumerate(self.nets):
            if other.version == net.version and any(start <= last and end >= first for start, end in self.spans(index)):
                blocks |= 1 << index
        return blocks

    def spans(self, index: int) -> Iterator[tuple[int, int]]:
        """The addresses of a block, as inclusive ranges of numbers."""
        net, at = self.nets[index], index + 1
        start, end = int(net.network_address), int(net.broadcast_address)
        while at < self.ends[index]:
            inner = self.nets[at]
            if start < int(inner.network_address):
                yield start, int(inner.network_address) - 1
            start = int(inner.broadcast_address) + 1
            at = self.ends[at]
        if start <= end:
            yield start, end

    @property
    def ipv4(self) -> int:
        """Every block of IPv4, as bits."""
        return self.within(ALL_IPV4)

    @property
    def ipv6(self) -> int:
        """Every block of IPv6, as bits."""
        return self.within(ALL_IPV6)


def cut(nets: Iterable[Net]) -> AddressBlocks:
    """Cut all addresses into blocks along some networks."""
    ordered = sorted(
        {ALL_IPV4, ALL_IPV6, *nets}, key=lambda net: (net.version, int(net.network_address), net.prefixlen)
    )
    ends, parents, around = [len(ordered)] * len(ordered), [0] * len(ordered), list[int]()
    for index, net in enumerate(ordered):
        while around and not _holds(ordered[around[-1]], net):
            ends[around.pop()] = index
        parents[index] = around[-1] if around else index
        around.append(index)
    starts = tuple((net.version, int(net.network_address)) for net in ordered)
    places = {net: index for index, net in enumerate(ordered)}
    return AddressBlocks(tuple(ordered), tuple(ends), tuple(parents), places, starts)


def _holds(outer: Net, inner: Net) -> bool:
    return outer.version == inner.version and int(inner.network_address) <= int(outer.broadcast_address)


def written(version: int, span: tuple[int, int]) -> str:
    """A range of addresses as `first-last`, or a single address."""
    make = IPv4Address if version == 4 else IPv6Address
    first, last = (str(make(number)) for number in span)
    return first if span[0] == span[1] else f"{first}-{last}"


def is_ipv4(net: Net) -> bool:
    """Whether a network is an IPv4 one."""
    return isinstance(net, IPv4Network)
