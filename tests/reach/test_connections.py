"""Sets of connections, held against sets of points."""

import random
from itertools import pairwise

import pytest

from tools.reach import connections as conns
from tools.reach.connections import ALL, NONE, Conns, common, includes, merged, minus, of, ports, shown, union

EDGES = (0, 1, 2, 79, 80, 81, 65534, 65535)


def drawn(random_: random.Random) -> Conns:
    """A few spans of a few protocols, at ports where things go wrong."""
    spans: list[tuple[int, int]] = []
    for _ in range(random_.randint(0, 4)):
        first, last = sorted(random_.choices(EDGES, k=2))
        spans.extend(of(random_.choice((1, 5, 6, 7, 17, 132)), first, last))
    return merged(spans)


def points(conns: Conns) -> set[tuple[int, int]]:
    """Which of the edges are in it."""
    protocols = (0, 1, 5, 6, 7, 17, 132, 255)
    return {(number, port) for number in protocols for port in EDGES if includes(conns, number, port)}


@pytest.mark.parametrize("seed", range(200))
def test_sets_behave_as_sets(seed: int) -> None:
    random_ = random.Random(seed)
    first, second = drawn(random_), drawn(random_)
    assert points(union(first, second)) == points(first) | points(second)
    assert points(common(first, second)) == points(first) & points(second)
    assert points(minus(first, second)) == points(first) - points(second)
    assert union(minus(first, second), common(first, second)) == first, "equal sets are not equal tuples"
    assert minus(ALL, minus(ALL, first)) == first


@pytest.mark.parametrize("seed", range(50))
def test_spans_neither_overlap_nor_touch(seed: int) -> None:
    drawn_spans = drawn(random.Random(seed))
    assert all(before[1] + 1 < after[0] for before, after in pairwise(drawn_spans))


@pytest.mark.parametrize(
    ("conns", "text"),
    [
        (NONE, "nothing"),
        (ALL, "everything"),
        (of(6, 80, 80), "TCP 80"),
        (union(of(6, 80, 80), of(6, 443, 445)), "TCP 80, 443-445"),
        (of(17), "UDP all"),
        (union(of(6, 53, 53), of(17, 53, 53)), "TCP 53; UDP 53"),
        (union(of(6), union(of(17), of(132))), "TCP, UDP and SCTP"),
        (of(1), "ICMP"),
        (of(47), "protocol 47"),
        (minus(ALL, of(6, 22, 22)), "TCP 1-21, 23-65535; UDP all; SCTP all; other protocols"),
    ],
)
def test_shown(conns: Conns, text: str) -> None:
    assert shown(conns) == text


def test_every_port_is_every_port_whether_it_is_written_or_not() -> None:
    assert of(6, 1, 65535) == of(6)
    assert of(6, 0, 65535) == of(6)
    assert ports(of(6)) == {"TCP": ((1, 65535),)}


def test_port_0_is_none() -> None:
    assert of(6, 0, 0) == NONE


def test_protocols_without_ports_have_no_ports() -> None:
    assert ports(union(of(1), of(47))) == {}
    assert not conns.all_ports(of(6))
    assert conns.all_ports(ALL)
