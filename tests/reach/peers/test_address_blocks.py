"""Addresses cut into blocks, held against the networks themselves."""

import random
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import pairwise

import pytest

from tools.manifests.addresses import Net
from tools.reach.peers.address_blocks import cut, written
from tools.reach.sets import indexes


def drawn(seed: int) -> list[Net]:
    random_ = random.Random(seed)
    found: list[Net] = []
    for _ in range(random_.randint(0, 12)):
        length = random_.choice((0, 1, 7, 8, 16, 24, 31, 32))
        base = random_.choice(("10.0.0.0", "10.128.0.0", "192.168.1.4", "255.255.255.255", "0.0.0.0"))
        found.append(ip_network(f"{base}/{length}", strict=False))
    if random_.random() < 0.3:
        found.append(ip_network("fd00::/8"))
    return found


def edges(nets: list[Net]) -> list[IPv4Address | IPv6Address]:
    """The first and last address of each network, and those beside them."""
    numbers = {0, 2**32 - 1}
    for net in nets:
        if net.version == 4:
            first, last = int(net.network_address), int(net.broadcast_address)
            numbers |= {first, last, max(first - 1, 0), min(last + 1, 2**32 - 1)}
    return [*map(IPv4Address, numbers), IPv6Address("fd00::1"), IPv6Address("::")]


@pytest.mark.parametrize("seed", range(100))
def test_a_block_is_in_a_network_or_outside_of_it(seed: int) -> None:
    nets = drawn(seed)
    blocks = cut(nets)
    for address in edges(nets):
        own = 1 << blocks.holding(address)
        for net in nets:
            assert bool(blocks.within(net) & own) == (address in net), (address, net)


@pytest.mark.parametrize("seed", range(100))
def test_the_spans_of_all_blocks_are_all_addresses_once(seed: int) -> None:
    blocks = cut(drawn(seed))
    spans = sorted(span for index in indexes(blocks.ipv4) for span in blocks.spans(index))
    assert spans[0][0] == 0
    assert spans[-1][1] == 2**32 - 1
    assert all(before[1] + 1 == after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("seed", range(50))
def test_a_span_is_in_the_block_that_holds_it(seed: int) -> None:
    blocks = cut(drawn(seed))
    for index in indexes(blocks.ipv4):
        for first, last in blocks.spans(index):
            assert blocks.holding(IPv4Address(first)) == blocks.holding(IPv4Address(last)) == index


def test_a_network_overlaps_the_blocks_that_it_reaches_into() -> None:
    blocks = cut([ip_network("10.0.0.0/8"), ip_network("10.1.0.0/16")])
    named = {str(blocks.nets[index]) for index in indexes(blocks.overlapping(ip_network("10.1.2.0/24")))}
    assert named == {"10.1.0.0/16"}
    named = {str(blocks.nets[index]) for index in indexes(blocks.overlapping(ip_network("10.0.0.0/7")))}
    assert named == {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"}


def test_one_address_is_written_as_itself() -> None:
    assert written(4, (0, 255)) == "0.0.0.0-0.0.0.255"
    assert written(4, (1, 1)) == "0.0.0.1"
    assert written(6, (0, 1)) == "::-::1"
