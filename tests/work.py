"""How much work a call is, counted instead of timed: the same number on a busy machine as on a quiet one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines(call: Callable[[], Any]) -> int:
    """The lines of Python that a call executes, each turn of a loop or a comprehension counted. What a function of C
    does within itself, such as a regular expression, is not seen."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def growth(call: Callable[[int], Callable[[], Any]], small: int, times: int = 10) -> float:
    """How many times as much work a call is when its input is `times` as large: about `times` where it is linear,
    about its square where it is quadratic. `call` prepares an input of a size, and returns what is counted."""
    lines(call(small))  # Caches fill, and modules that are read when needed.
    return lines(call(small * times)) / lines(call(small))
