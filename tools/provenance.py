"""The template line behind a line of rendered YAML, where the text of the two tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_KEY = re.compile(r"(?:- )*(?P<key>[\w./-]+):(?:\s|$)")


def template_line(rendered: Sequence[str], line: int, template: Sequence[str]) -> int:
    """The line (from 1) of `template` that wrote line `line` of `rendered`, or the nearest line above it in the YAML
    tree that is known; 0 when none is. A line is known when its text, or its key, stands in the template once.
    """
    for text in _ancestry(rendered, line):
        if found := _only(text, template):
            return found
    return 0


def _ancestry(rendered: Sequence[str], line: int) -> Iterator[str]:
    """The line itself, then each less indented line above it that holds it, up to its document's start."""
    bound = None
    for text in reversed(rendered[: max(line, 0)]):
        stripped = text.strip()
        if text.startswith("---"):
            return
        indent = len(text) - len(text.lstrip())
        if stripped and not stripped.startswith("#") and (bound is None or indent < bound):
            yield stripped
            bound = indent


def _only(text: str, template: Sequence[str]) -> int:
    key = _KEY.match(text)
    same_text = [number for number, line in enumerate(template, 1) if line.strip() == text]
    same_key = [number for number, line in enumerate(template, 1) if key and _starts(line, key["key"])]
    return next((numbers[0] for numbers in (same_text, same_key) if len(numbers) == 1), 0)


def _starts(line: str, key: str) -> bool:
    return line.strip().removeprefix("- ").startswith(f"{key}:")
