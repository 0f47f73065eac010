"""Values merged as Helm merges them: maps merge, lists and scalars replace, `null` takes a key away.

Source: Helm's chartutil (coalesce). pyhelm3 concatenates lists and ignores null, so it is given one mapping only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def overlay(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Two values files laid over each other, `null`s kept: they act on the chart's own values, which come below."""
    merged = dict(base)
    for key, value in override.items():
        below = merged.get(key)
        merged[key] = overlay(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def merge(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a chart sees: its own below, the user's on top. A `null` deletes a key that the chart has."""
    merged = dict(base)
    for key, value in override.items():
        below = merged.get(key)
        if value is None and key in base:
            del merged[key]
        elif isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged
