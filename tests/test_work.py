"""What counts work counts it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tests.work import growth, lines


def linear(number: int) -> Callable[[], Any]:
    return lambda: [it for it in range(number) if it % 2]


def quadratic(number: int) -> Callable[[], Any]:
    return lambda: [(it, other) for it in range(number) for other in range(number)]


def test_growth_tells_linear_from_quadratic() -> None:
    assert 9 < growth(linear, 100) < 11
    assert growth(quadratic, 20) > 80


def test_counting_is_exact_and_leaves_no_trace_behind() -> None:
    before = sys.gettrace()
    assert {lines(linear(1_000)) for _ in range(3)} == {lines(linear(1_000))}
    assert sys.gettrace() is before
