"""Paths inside values and manifests: `spec.egress[0].to`, `metadata.labels["a/b"]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LEADING = re.compile(r'(?P<path>[A-Za-z][\w-]*(?:\.[\w-]+|\[\d+\]|\["[^"]*"\])*): ')


def step(path: str, key: str) -> str:
    """The path of `key` inside the mapping at `path`."""
    if not _is_plain(key):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{key}" if path else key


# A million keys are read of a large cluster, and they are few words.
@lru_cache(maxsize=1024)
def _is_plain(key: str) -> bool:
    return _PLAIN_KEY.fullmatch(key) is not None


def value_at(values: Any, *keys: str) -> Any:
    """What stands below keys, outermost first; None where a mapping is missing on the way."""
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def joined(parts: Iterable[str | int]) -> str:
    """The path of keys and indices, outermost first."""
    path = ""
    for part in parts:
        path = f"{path}[{part}]" if isinstance(part, int) else step(path, part)
    return path


def leading(message: str) -> str:
    """The path that a message begins with (`egress.domains[0]: …`), or ""."""
    match = _LEADING.match(message)
    return match["path"] if match else ""
