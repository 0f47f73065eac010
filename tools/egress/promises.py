"""What values promise of addresses holds for those that they open: _addresses.tpl says it in the same words.

egress.internal, egress.external and externalCidrs meet neither what no value may open (metadata services, loopback) nor
what cluster.cidrs, cluster.podCidrs, cluster.serviceCidrs and egress.deniedCidrs close; extraEgress opens no such range
whole; and no DNS server, API server or Service of these values is where no value may open. Networks are compared as
numbers, an IPv4 one inside IPv6 too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from tools.manifests.addresses import ALL_IPV4, ALL_IPV6, Net, left, network, within
from tools.manifests.paths import value_at

_LINK_LOCAL = "link-local, with the metadata services"
_FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "a metadata service": (
        *("168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32"),
        *("fd00:ec2::254/128", "fd20:ce::254/128"),
    ),
    _LINK_LOCAL: ("169.254.0.0/16", "fe80::/10"),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "multicast or reserved": ("224.0.0.0/3", "ff00::/8"),
    "this network": ("0.0.0.0/8", "::/128"),
}
# RFC 4291 (compatible, mapped), RFC 2765 (translated), RFC 6052 (NAT64), RFC 3056 (6to4).
_CARRIERS = ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "2002::/16")


def carried(four: IPv4Network, carrier: str) -> IPv6Network:
    """The IPv6 network that carries an IPv4 one behind a carrier's prefix."""
    outer = IPv6Network(carrier)
    shift = 128 - outer.prefixlen - 32
    bits = int(outer.network_address) | (int(four.network_address) << shift)
    return IPv6Network((IPv6Address(bits), outer.prefixlen + four.prefixlen))


def forbidden() -> Iterator[tuple[Net, str]]:
    """Each network that no value may open, and what it is."""
    for meaning, cidrs in _FORBIDDEN.items():
        for cidr in cidrs:
            net = ip_network(cidr)
            yield net, f"{cidr} ({meaning})"
            if not isinstance(net, IPv4Network):
                continue
            for carrier in _CARRIERS:
                yield carried(net, carrier), f"{meaning}, as IPv4 inside IPv6"
    yield ip_network("64:ff9b:1::/48"), "local NAT64, which may lead anywhere"


_NEVER = tuple(forbidden())
_NO_SERVER: tuple[tuple[Net, str], ...] = (
    *(item for item in _NEVER if item[0] != ip_network("169.254.0.0/16")),
    (ip_network("::ffff:0:0/96"), "an IPv4 address inside IPv6"),
    *((ip_network(text), f"{text} (a metadata service)") for text in ("169.254.169.254/32", "169.254.170.2/32")),
)


def broken(values: Mapping[str, Any], parts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each address that the values open against what they promise: its path, and a sentence that names both places."""
    closed = [*_closed(values)]
    services = [*_listed(value_at(values, "cluster", "serviceCidrs"), "cluster.serviceCidrs")]
    for path, text, net in opened(values, parts):
        for never, meaning in _NEVER:
            if _meet(net, never):
                yield path, f"{text} reaches {meaning}; write the servers' own addresses, without it"
                break
        else:
            for place, other, outer in (*closed, *services):
                if _meet(net, outer):
                    never_reached = "which this list must never reach; narrow one of the two"
                    yield path, f"{text} overlaps with {other} of {place}, {never_reached}"
                    break
    yield from _blocks(values, parts, closed)
    yield from _no_servers(values, closed)
    yield from _everything(values)


def _closed(values: Mapping[str, Any]) -> Iterator[tuple[str, str, Net]]:
    for block, key in (("cluster", "cidrs"), ("cluster", "podCidrs"), ("egress", "deniedCidrs")):
        yield from _listed(value_at(values, block, key), f"{block}.{key}")


def _blocks(
    values: Mapping[str, Any], parts: tuple[str, ...], closed: list[tuple[str, str, Net]]
) -> Iterator[tuple[str, str]]:
    """Each block of extraEgress that opens all of a range that values close, or lies where nobody is reached."""
    for path, text, net, holes in extra_egress(values, parts):
        never = next((meaning for outer, meaning in _NO_SERVER if within(net, outer)), "")
        if never and "multicast" not in never:
            yield path, f"{text} reaches {never}; take it out"
            continue
        for place, other, outer in closed:
            if within(outer, net) and not any(within(outer, hole) for hole in holes):
                advice = "select pods by podSelector, or leave the range out with except"
                yield path, f"{text} opens all of {other}, which is {place}; {advice}"
                break


def inside_the_cluster(values: Mapping[str, Any], parts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each block of extraEgress that meets a range of cluster.cidrs or cluster.podCidrs without opening all of it."""
    closed = [item for item in _closed(values) if item[0].startswith("cluster.")]
    for path, text, net, holes in extra_egress(values, parts):
        for place, other, outer in closed:
            if _meet(net, outer) and not any(within(inner, hole) for inner in (net, outer) for hole in holes):
                if not within(outer, net):
                    yield path, f"{text} lies in {other} of {place}: addresses of pods change; write a podSelector"
                break


def _no_servers(values: Mapping[str, Any], closed: list[tuple[str, str, Net]]) -> Iterator[tuple[str, str]]:
    """Each address where a server cannot be, and each range of servers that reaches more. Link-local ones may be a
    node's cache.
    """
    for path, text, net, server, write in _servers(values):
        for never, meaning in _NO_SERVER:
            if within(net, never):
                place = f"in {meaning}" if meaning.endswith(")") else meaning
                yield path, f"{text} is {place}, and no {server}; write {write}"
                break
            if within(never, net):
                yield path, f"{text} reaches {meaning}; write {write}"
                break
        else:
            for place, other, outer in closed:
                if within(outer, net) and outer != net:
                    yield path, f"{text} opens all of {other}, which is {place}; write {write}"
                    break


def _servers(values: Mapping[str, Any]) -> Iterator[tuple[str, str, Net, str, str]]:
    """Where values say that a server is: its path, text, network, what it is, and what to write there."""
    for path, text, net in resolvers(values):
        yield path, text, net, "DNS server", "the server's own address, or none for cluster DNS"
    for path, text, net in dns_ranges(values):
        yield path, text, net, "DNS server", "the server's own address"
    for path, text, net in _listed(
        value_at(values, "proxy", "push", "apiServer", "cidrs"), "proxy.push.apiServer.cidrs"
    ):
        yield path, text, net, "API server", "the servers' own addresses"
    for path, text in _fixed(values):
        address = network(text) if isinstance(text, str) else None
        if address is not None:
            yield path, text, address, "Service", "a free address of the Services' range"


def _fixed(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    addresses = value_at(values, "dnsGuard", "addresses")
    if isinstance(addresses, Mapping):
        yield from ((f"dnsGuard.addresses.{part}", text) for part, text in addresses.items())
    yield "proxy.service.clusterIP", value_at(values, "proxy", "service", "clusterIP")


def _everything(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The list of ranges with which every address of a family is closed, so that no name can be reached."""
    closed: list[Net] = []
    for place, _, net in _closed(values):
        closed.append(net)
        if not left(ALL_IPV4 if net.version == 4 else ALL_IPV6, closed):
            message = f"every IPv{net.version} address is closed by these ranges together, so no listed name is reached"
            yield place.partition("[")[0], f"{message}; write those that you mean"
            return


def opened(values: Mapping[str, Any], parts: tuple[str, ...]) -> Iterator[tuple[str, str, Net]]:
    """The addresses that values open by CIDR: path, text, network. What the schema refuses is left out."""
    for key in ("internal", "external"):
        for index, entry in enumerate(_list(value_at(values, "egress", key))):
            yield from _listed(value_at(entry, "cidrs"), f"egress.{key}[{index}].cidrs")
    yield from external(values, parts)


def external(values: Mapping[str, Any], parts: tuple[str, ...]) -> Iterator[tuple[str, str, Net]]:
    """The same of each part's externalCidrs."""
    for path, block in blocks(values, parts):
        yield from _listed(value_at(block, "externalCidrs"), f"{path}.externalCidrs")


def ranges(values: Mapping[str, Any], parts: tuple[str, ...]) -> Iterator[tuple[str, str, Net]]:
    """Every range that values write by CIDR and the chart renders as a network."""
    yield from _closed(values)
    yield from dns_ranges(values)
    yield from opened(values, parts)


def extra_egress(values: Mapping[str, Any], parts: tuple[str, ...]) -> Iterator[tuple[str, str, Net, tuple[Net, ...]]]:
    """The blocks of each part's extraEgress, and what each leaves out."""
    for path, block in blocks(values, parts):
        for rule, body in enumerate(_list(value_at(block, "extraEgress"))):
            for peer, item in enumerate(_list(value_at(body, "to"))):
                cidr = value_at(item, "ipBlock", "cidr")
                net = network(cidr) if isinstance(cidr, str) else None
                if net is not None:
                    holes = tuple(hole for _, _, hole in _listed(value_at(item, "ipBlock", "except"), ""))
                    yield f"{path}.extraEgress[{rule}].to[{peer}].ipBlock.cidr", cidr, net, holes


def resolvers(values: Mapping[str, Any]) -> Iterator[tuple[str, str, Net]]:
    """The DNS servers of proxy.resolvers."""
    for index, text in enumerate(_list(value_at(values, "proxy", "resolvers"))):
        net = network(text) if isinstance(text, str) else None
        if net is not None:
            yield f"proxy.resolvers[{index}]", text, net


def dns_ranges(values: Mapping[str, Any]) -> Iterator[tuple[str, str, Net]]:
    """The ranges of cluster DNS's servers in dns.cidrs."""
    yield from _listed(value_at(values, "dns", "cidrs"), "dns.cidrs")


def blocks(values: Mapping[str, Any], parts: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The values block of each part, and its path."""
    own = value_at(values, "extraParts")
    extra = own if isinstance(own, Mapping) else {}
    for part in parts:
        yield (f"extraParts.{part}", extra[part]) if part in extra else (part, values.get(part))


def _listed(items: Any, path: str) -> Iterator[tuple[str, str, Net]]:
    for index, text in enumerate(_list(items)):
        net = network(text) if isinstance(text, str) and "/" in text else None
        if net is not None:
            yield f"{path}[{index}]", text, net


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _meet(left: Net, other: Net) -> bool:
    return left.version == other.version and left.overlaps(other)
