"""Addresses that egress must leave out, and what is left of a network when others are taken from it.

Sources: the IANA special-purpose address registries (RFC 6890), RFC 6052 and RFC 3056 for IPv4 inside IPv6, and the
clouds' own documentation for their metadata services. The documentation ranges are left alone: nothing answers
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Net = IPv4Network | IPv6Network

ALL_IPV4 = IPv4Network("0.0.0.0/0")
ALL_IPV6 = IPv6Network("::/0")

# Where the machines of a company, and the cluster's own, are found.
_INSIDE = {
    "10.0.0.0/8": "private",
    "172.16.0.0/12": "private",
    "192.168.0.0/16": "private",
    "100.64.0.0/10": "shared, CGNAT",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
}
# Where nobody has a reason to go, and where an IPv4 address hides inside an IPv6 one.
_UNUSUAL = {
    "0.0.0.0/8": "this network",
    "192.0.0.0/24": "protocol assignments",
    "198.18.0.0/15": "benchmarking",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::1/128": "loopback",
    "64:ff9b:1::/48": "local NAT64",
    "2001::/32": "Teredo",
    "ff00::/8": "multicast",
}


# NAT64 and 6to4 (RFC 6052, RFC 3056).
CARRIERS = (IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16"))


def _tunnelled(four: IPv4Network) -> Iterator[IPv6Network]:
    """The IPv6 networks that carry an IPv4 one: by NAT64 and by 6to4."""
    bits = int(four.network_address)
    yield IPv6Network((IPv6Address("64:ff9b::").__int__() | bits, 96 + four.prefixlen))
    yield IPv6Network(((0x2002 << 112) | (bits << 80), 16 + four.prefixlen))


INSIDE: tuple[Net, ...] = tuple(ip_network(text) for text in _INSIDE)
UNUSUAL: tuple[Net, ...] = (
    *(ip_network(text) for text in _UNUSUAL),
    *(six for four in INSIDE if isinstance(four, IPv4Network) for six in _tunnelled(four)),
)


def tunnelled(ip: Address) -> tuple[IPv6Network, ...]:
    """The IPv6 networks that lead to an IPv4 address; none for an IPv6 one."""
    return tuple(_tunnelled(IPv4Network(ip))) if isinstance(ip, IPv4Address) else ()


METADATA: tuple[tuple[IPv4Address | IPv6Address, str], ...] = (
    (IPv4Address("169.254.169.254"), "AWS, GCP, Azure and others"),
    (IPv4Address("169.254.170.2"), "AWS, credentials of containers"),
    (IPv6Address("fd00:ec2::254"), "AWS"),
    (IPv6Address("fd20:ce::254"), "GCP"),
    (IPv4Address("168.63.129.16"), "Azure"),
    (IPv4Address("100.100.100.200"), "Alibaba Cloud"),
    (IPv4Address("192.0.0.192"), "Oracle Cloud"),
)


@lru_cache(maxsize=8192)
def network(text: str) -> Net | None:
    """The network that a CIDR or an address names, host bits dropped; None when it is neither."""
    _, slash, length = text.partition("/")
    if "%" in text or (slash and not length.isdecimal()):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def address(text: str) -> IPv4Address | IPv6Address | None:
    """The address before the slash of a CIDR; None when it is none."""
    try:
        return ip_address(text.partition("/")[0])
    except ValueError:
        return None


def mapped(net: Net) -> IPv4Network | None:
    """The IPv4 network that an IPv6 one of ::ffff:0:0/96 is to Go's parser, and so to Kubernetes and Calico."""
    if isinstance(net, IPv6Network) and net.network_address.ipv4_mapped is not None and net.prefixlen >= 96:
        return IPv4Network((net.network_address.ipv4_mapped, net.prefixlen - 96))
    return None


def within(inner: Net, outer: Net) -> bool:
    """Whether all of `inner` lies in `outer`; never across families."""
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


def left(whole: Net, holes: Iterable[Net]) -> tuple[Net, ...]:
    """What is left of `whole` without `holes`."""
    remaining: list[Net] = [whole]
    for hole in holes:
        remaining = [part for net in remaining for part in _without(net, hole)]
    return tuple(remaining)


def _without(net: Net, hole: Net) -> Iterable[Net]:
    if within(net, hole):
        return ()
    if not within(hole, net):
        return (net,)
    if isinstance(net, IPv4Network) and isinstance(hole, IPv4Network):
        return net.address_exclude(hole)
    if isinstance(net, IPv6Network) and isinstance(hole, IPv6Network):
        return net.address_exclude(hole)
    return (net,)


def private(net: Net) -> bool:
    """Whether the network lies wholly where no public address is, so that whoever wrote it meant it."""
    return any(within(net, outer) for outer in (*INSIDE, *UNUSUAL))
