"""A failing input made smaller: keys, items, lines and characters are left out while the same thing fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

Shows = Callable[[Any], bool]


def shrunk(value: Any, shows: Shows, *, tries: int = 300, seconds: float = 40) -> Any:
    """The smallest input that was come upon and still shows it."""
    deadline = time.monotonic() + seconds
    while True:
        for smaller in reductions(value):
            if tries <= 0 or time.monotonic() > deadline:
                return value
            tries -= 1
            if shows(smaller):
                value = smaller
                break
        else:
            return value


def reductions(value: Any) -> Iterator[Any]:
    """Every value that is one step smaller, large steps first."""
    if isinstance(value, dict):
        yield from ({key: item for key, item in value.items() if key != left} for left in value)
        for key, item in value.items():
            yield from ({**value, key: smaller} for smaller in reductions(item))
    elif isinstance(value, list):
        yield from _without_some(value)
        for index, item in enumerate(value):
            yield from ([*value[:index], smaller, *value[index + 1 :]] for smaller in reductions(item))
    elif isinstance(value, str) and value:
        lines = value.splitlines(keepends=True)
        yield from map("".join, _without_some(lines)) if len(lines) > 1 else _without_some(value)


def _without_some(items: Any) -> Iterator[Any]:
    size = len(items)
    while size:
        yield from (items[:start] + items[start + size :] for start in range(0, len(items), size))
        size //= 2
