"""Where a path stands that has no line of its own."""

from __future__ import annotations

from collections.abc import Mapping


def nearest(path: str, lines: Mapping[str, int]) -> str:
    """The path itself, or its nearest ancestor that has a line; "" is the root."""
    ancestor = path
    while ancestor not in lines and ancestor:
        ancestor = ancestor[: max(ancestor.rfind("."), ancestor.rfind("["), 0)]
    return ancestor
