"""Objects with one thing wrong: each node of a good one replaced, taken away, or with a stranger beside it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Path = tuple[str | int, ...]
VALUES: tuple[Any, ...] = (
    None,
    7,
    -1,
    1.5,
    True,
    "",
    "word",
    [],
    ["word"],
    [None],
    {},
    {"word": "word"},
    {"word": None},
)


def mutations(body: dict[str, Any], *, below: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """What was done, and the object with it; of what is below one key only, if that is said."""
    for path in nodes(body):
        if below and path[0] != below:
            continue
        for value in VALUES:
            if type(value) is not type(_at(body, path)) or value != _at(body, path):
                yield f"{path} is {value!r}", _with(body, path, value)
        yield f"{path} is not there", _without(body, path)
        if isinstance(_at(body, path), dict):
            yield f"{path} has a stranger", _with(body, (*path, "stranger"), "word")
        if isinstance(_at(body, path), list):
            yield f"{path} has a stranger", _with(body, path, [*_at(body, path), 7])


def nodes(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of everything in a value but itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*path, key)
        yield from nodes(below, (*path, key))


def _at(body: Any, path: Path) -> Any:
    for key in path:
        body = body[key]
    return body


def _with(body: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = deepcopy(body)
    _at(changed, path[:-1])[path[-1]] = deepcopy(value)
    return changed


def _without(body: dict[str, Any], path: Path) -> dict[str, Any]:
    changed = deepcopy(body)
    del _at(changed, path[:-1])[path[-1]]
    return changed
