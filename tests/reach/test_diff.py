"""What differs between two matrices, however each of them cuts addresses and groups workloads."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.reach.samples.matrices import Supplied
from tests.work import growth
from tools.reach.connections import ALL, NUMBERS, Conns, of
from tools.reach.diff import Alone, Changed, alone, changes
from tools.reach.model import Cell, Group, Matrix, NamedPeer, Verdict
from tools.reach.ranges import Range, joined, read, refined, written

WEB = of(NUMBERS["TCP"], 443, 443)
DNS = of(NUMBERS["UDP"], 53, 53)
EVERYTHING = "0.0.0.0-255.255.255.255"


def matrix(*groups: str, cells: Mapping[tuple[int, int], Conns | Verdict] = {}) -> Matrix:
    """Groups as names with blanks between; cells by index."""
    made = tuple(Group(tuple(peer(name) for name in group.split())) for group in groups)
    verdicts = {pair: it if isinstance(it, Verdict) else Verdict(it) for pair, it in cells.items()}
    return Supplied(made, tuple(Cell(*pair, verdict) for pair, verdict in verdicts.items()))


def peer(name: str) -> NamedPeer:
    return NamedPeer(name, "address" if read(name) else "workload")


def shown(before: Matrix, after: Matrix) -> list[tuple[str, str, Conns, Conns]]:
    return [(it.src, it.dst, it.before.allowed, it.after.allowed) for it in changes(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(matrix(), matrix(), [], id="nothing"),
        pytest.param(
            matrix("a", "b", cells={(0, 1): WEB}),
            matrix("b", "a", cells={(1, 0): WEB}),
            [],
            id="the order of groups is no difference",
        ),
        pytest.param(
            matrix("a b", "c", cells={(0, 1): WEB, (0, 0): DNS}),
            matrix("a", "b", "c", cells={(0, 2): WEB, (1, 2): WEB, (0, 1): DNS, (1, 0): DNS}),
            [],
            id="nor is how they are grouped",
        ),
        pytest.param(
            matrix("a", "b", cells={(0, 1): WEB}),
            matrix("a", "b", cells={(1, 0): WEB}),
            [("a", "b", WEB, ()), ("b", "a", (), WEB)],
            id="one went and one came",
        ),
        pytest.param(
            matrix("a b c", cells={(0, 0): WEB}),
            matrix("a b", "c", cells={(0, 0): WEB}),
            [("a", "c", WEB, ()), ("b", "c", WEB, ()), ("c", "a", WEB, ()), ("c", "b", WEB, ())],
            id="a group that fell apart, and nobody to himself",
        ),
        pytest.param(
            matrix("a", "b", cells={(0, 1): WEB}),
            matrix("a", "b", cells={(0, 1): Verdict((), WEB, ("perhaps",))}),
            [("a", "b", WEB, ())],
            id="allowed became conditional",
        ),
        pytest.param(
            matrix("a", "b", cells={(0, 1): Verdict((), WEB, ("one reason",))}),
            matrix("a", "b", cells={(0, 1): Verdict((), WEB, ("another",))}),
            [],
            id="another reason is no difference",
        ),
        pytest.param(
            matrix("a", EVERYTHING, cells={(0, 1): WEB}),
            matrix(
                "a",
                "0.0.0.0-9.255.255.255 11.0.0.0-255.255.255.255",
                "10.0.0.0-10.255.255.255",
                cells={(0, 1): WEB, (0, 2): WEB},
            ),
            [],
            id="addresses cut on one side",
        ),
        pytest.param(
            matrix("a", EVERYTHING, cells={(0, 1): WEB}),
            matrix(
                "a", "0.0.0.0-9.255.255.255 11.0.0.0-255.255.255.255", "10.0.0.0-10.255.255.255", cells={(0, 1): WEB}
            ),
            [("a", "10.0.0.0-10.255.255.255", WEB, ())],
            id="and a part of them closed",
        ),
        pytest.param(
            matrix("a", "10.0.0.0-10.0.0.7", "10.0.0.8-10.0.0.15", cells={(0, 1): WEB, (0, 2): WEB}),
            matrix("a", "10.0.0.0-10.0.0.3", "10.0.0.4-10.0.0.11", "10.0.0.12-10.0.0.15"),
            [("a", "10.0.0.0-10.0.0.15", WEB, ())],
            id="alike differences beside each other are one",
        ),
        pytest.param(
            matrix("a", "10.0.0.1 ::1", cells={(1, 0): WEB}),
            matrix("a", "10.0.0.1", "::1", cells={(2, 0): DNS}),
            [("10.0.0.1", "a", WEB, ()), ("::1", "a", WEB, DNS)],
            id="two families, towards a workload",
        ),
        pytest.param(
            matrix("a", "b", cells={(0, 1): ALL}),
            matrix("a", "c", cells={(0, 1): ALL}),
            [("a", "b", ALL, ()), ("a", "c", (), ALL)],
            id="who is on one side only",
        ),
    ],
)
def test_what_differs(before: Matrix, after: Matrix, expected: list[tuple[str, str, Conns, Conns]]) -> None:
    assert shown(before, after) == expected
    assert shown(after, before) == [(src, dst, later, former) for src, dst, former, later in expected]


def test_a_change_says_both_answers() -> None:
    before = matrix("a", "b", cells={(0, 1): Verdict(WEB, DNS, ("perhaps",))})
    after = matrix("a", "b")
    assert changes(before, after) == (Changed("a", "b", Verdict(WEB, DNS, ("perhaps",)), Verdict()),)


def test_who_is_on_one_side_only() -> None:
    assert alone(matrix("a b", "10.0.0.1"), matrix("b", "c", "10.0.0.2")) == Alone(("a",), ("c",))


def test_ranges_are_read_and_written() -> None:
    for text in ("10.0.0.1", "0.0.0.0-255.255.255.255", "::", "2001:db8::-2001:db8::ffff"):
        span = read(text)
        assert span
        assert written(span) == text
    assert [read(text) for text in ("sark/api[Deployment]", "{node}", "a-b", "10.0.0.2-10.0.0.1", "::-1.1.1.1")] == [
        None
    ] * 5


@pytest.mark.parametrize("seed", range(20))
def test_the_refinement_is_exact(seed: int) -> None:
    """By the definition, address by address, on a line of sixty."""
    dice = random.Random(seed)
    given = [_range(dice) for _ in range(dice.randint(0, 6))]
    cuts = list(refined(given))
    for version in (4, 6):
        for at in range(64):
            holding = [cut for cut in cuts if cut[0] == version and cut[1] <= at <= cut[2]]
            assert len(holding) == any(it[0] == version and it[1] <= at <= it[2] for it in given)
    for it in given:
        assert {cut for cut in cuts if cut[0] == it[0] and cut[1] <= it[2] and cut[2] >= it[1]} == {
            cut for cut in cuts if cut[0] == it[0] and it[1] <= cut[1] and cut[2] <= it[2]
        }
    assert list(joined(cuts)) == list(joined(joined(cuts)))


def _range(dice: random.Random) -> Range:
    first = dice.randrange(60)
    return (dice.choice((4, 6)), first, dice.randrange(first, 60))


def test_alike_workloads_cost_little() -> None:
    """Groups are compared, not pairs: workloads that did not change are one comparison, however many."""

    def comparing(number: int) -> Callable[[], Any]:
        names = " ".join(f"w{index}" for index in range(number))
        before, after = matrix(names, cells={(0, 0): ALL}), matrix(names, cells={(0, 0): ALL})
        return lambda: changes(before, after)

    assert comparing(2_000)() == ()
    assert growth(comparing, 200) < 12
