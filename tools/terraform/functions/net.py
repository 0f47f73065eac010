"""Terraform's functions on addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, TypeAlias

from tools.terraform.language.arguments import NotEvaluatedError, textual, whole
from tools.terraform.language.equality import series
from tools.terraform.language.values import EvaluationError

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
# Terraform accepts leading zeros in an address, which programs read differently.
_ZEROS = re.compile(r"(?:^|\.)0\d")


def _network(prefix: Any) -> Network:
    text = textual(prefix)
    if _ZEROS.search(text) or "%" in text:
        raise NotEvaluatedError
    if not re.fullmatch(r"[0-9a-fA-F:.]+/\d{1,3}", text):
        raise EvaluationError(f"`{text}` is not a CIDR")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise EvaluationError(f"`{text}` is not a CIDR") from None
    if network.version == 6 and ("." in text or int(network.network_address) < 1 << 48):
        raise NotEvaluatedError
    return network


def cidrhost(prefix: Any, number: Any) -> str:
    """`cidrhost`: a negative number counts from the end."""
    network, host = _network(prefix), whole(number)
    if not -network.num_addresses <= host < network.num_addresses:
        raise EvaluationError(f"{network} has no host {host}")
    base = int(network.network_address)
    return str(type(network.network_address)(base + (host if host >= 0 else network.num_addresses + host)))


def cidrnetmask(prefix: Any) -> str:
    """`cidrnetmask`: IPv4 alone."""
    network = _network(prefix)
    if network.version == 6:
        raise EvaluationError("IPv6 has no netmasks")
    return str(network.netmask)


def cidrsubnet(prefix: Any, bits: Any, number: Any) -> str:
    """`cidrsubnet`."""
    network, more, at = _network(prefix), whole(bits), whole(number)
    length = network.prefixlen + more
    if more < 0 or at < 0:
        raise NotEvaluatedError
    if length > network.max_prefixlen or at >= 1 << more:
        raise EvaluationError(f"{network} has no subnet number {at} with {more} more bits")
    start = int(network.network_address) + (at << (network.max_prefixlen - length))
    return f"{type(network.network_address)(start)}/{length}"


def cidrsubnets(prefix: Any, *bits: Any) -> Any:
    """`cidrsubnets`: one after the other, each at the next boundary."""
    network = _network(prefix)
    position = int(network.network_address)
    end = position + network.num_addresses
    subnets: list[str] = []
    for more in map(whole, bits):
        length = network.prefixlen + more
        if more < 1 or length > network.max_prefixlen:
            raise NotEvaluatedError
        size = 1 << (network.max_prefixlen - length)
        position = -(-position // size) * size
        if position + size > end:
            raise EvaluationError(f"{network} has no room for so many subnets")
        subnets.append(f"{type(network.network_address)(position)}/{length}")
        position += size
    return series("list", subnets, "string")
