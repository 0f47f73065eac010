"""A matrix of very many groups as text: named by the shorter side, counted where it is long, and nobody forgotten."""

from __future__ import annotations

import pytest

from tests.reach.samples.matrices import made
from tools.reach.formats import text
from tools.reach.formats.summary import MOST_NAMES

MANY = 320


def printed(reached: range, ports: str = "TCP 80") -> str:
    """What is said of the first workload, which may reach some of the others."""
    groups = [f"n/w{number:03}[Pod]" for number in range(MANY)] + ["1.0.0.0-1.255.255.255"]
    return "".join(text.matrix(made(groups, {(0, number): ports for number in reached})))


@pytest.mark.parametrize(
    ("reached", "line"),
    [
        (range(1, MANY), "all other workloads"),
        (range(3, MANY), "all other workloads but n/w001[Pod], n/w002[Pod]"),
        (range(1, 4), "n/w001[Pod], n/w002[Pod], n/w003[Pod]"),
        (range(1, MOST_NAMES + 2), ", ".join(f"n/w{number:03}[Pod]" for number in range(1, MOST_NAMES + 2))),
        (range(1, 301), ", ".join([*(f"n/w{number:03}[Pod]" for number in range(1, 7)), "and 294 more"])),
        (range(MANY, MANY + 1), "1.0.0.0/8"),
    ],
)
def test_targets(reached: range, line: str) -> None:
    summary = printed(reached)
    assert f"TCP 80 {line}" in " ".join(summary.split())
    assert summary.startswith("Who may reach whom: 320 workloads in 1 namespace, in 321 groups\n")


def test_whoever_reaches_nobody_is_said() -> None:
    message = " ".join(printed(range(1, 2)).split())
    assert "Reach nobody: n/w001[Pod], n/w002[Pod]" in message
    assert "n/w000[Pod]" not in message.partition("Reach nobody:")[2].partition("Not every group")[0]


def test_what_is_conditional_is_marked() -> None:
    summary = printed(range(1, 2), "? TCP 80 because it depends")
    assert "? TCP 80  n/w001[Pod]" in summary
    assert "? depends on what the input does not say; explain says on what." in summary


def test_addresses_that_send_alike_are_together() -> None:
    groups = [f"n/w{number:03}[Pod]" for number in range(MANY)] + ["1.0.0.0-1.255.255.255", "3.0.0.1"]
    table = {(sender, 0): "UDP 53" for sender in (MANY, MANY + 1)}
    assert "\nall addresses\n  UDP 53  n/w000[Pod]\n" in "".join(text.matrix(made(groups, table)))
