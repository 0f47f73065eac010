"""The template line behind a line of rendered YAML, where the text of the two tells."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

_KEY = re.compile(r"(?:- )*(?P<key>[\w./-]+):(?:\s|$)")


_DEFINE = re.compile(r"\{\{-?\s*define\s+\"([^\"]+)\"")
_INCLUDE = re.compile(r"include\s+\"([^\"]+)\"")
Helpers = Mapping[str, Sequence[str]]


def helpers(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The lines of each named template in some files, each up to the next."""
    helpers_of: dict[str, list[str]] = {}
    for text in texts:
        lines: list[str] = []
        for line in text.splitlines():
            if name := _DEFINE.search(line):
                lines = helpers_of.setdefault(name[1], [])
            lines.append(line)
    return {name: tuple(lines) for name, lines in helpers_of.items()}


def document_starts(rendered: Sequence[str]) -> list[int]:
    """Where the documents of a rendered text begin, counted from 0, and where the last one ends."""
    return [0, *(number for number, text in enumerate(rendered) if text.startswith("---")), len(rendered)]


def template_line(
    rendered: Sequence[str],
    line: int,
    template: Sequence[str],
    helpers: Helpers | None = None,
    starts: Sequence[int] | None = None,
) -> int:
    """The line (from 1) of `template` that wrote line `line` of `rendered`, or the nearest line above it in the YAML
    tree that is known; 0 when none is. A line is known when its text, or its key, stands in the template once. What
    came from a named template is at the line that includes the one that has most of the document's lines. `starts`:
    those of the documents, where they are known already.
    """
    for text in _ancestry(rendered, line):
        if number := _only(text, template):
            return number
    document = _document(rendered, line, starts or document_starts(rendered))
    return _including(document, template, helpers or {})


def _including(lines: Sequence[str], template: Sequence[str], helpers: Helpers) -> int:
    document = {text.strip() for text in lines} - {""}
    likeness: dict[int, tuple[int, int]] = {}
    for number, text in enumerate(template, 1):
        own = {inner.strip() for name in _INCLUDE.findall(text) for inner in helpers.get(name, ()) if "{{" not in inner}
        # Of two with as many of its lines, the one that has fewer others.
        likeness[number] = len(own & document), -len(own - document)
    best = max(likeness.values(), default=(0, 0))
    alike = [number for number, score in likeness.items() if score == best]
    return alike[0] if best[0] and len(alike) == 1 else 0


def _document(rendered: Sequence[str], line: int, starts: Sequence[int]) -> Sequence[str]:
    first = starts[max(bisect_left(starts, max(line, 1)) - 1, 0)]
    after = bisect_right(starts, first)
    return rendered[first : starts[after] if after < len(starts) else len(rendered)]


def _ancestry(rendered: Sequence[str], line: int) -> Iterator[str]:
    """The line itself, then each less indented line above it that holds it, up to its document's start."""
    bound = None
    for number in range(min(max(line, 0), len(rendered)) - 1, -1, -1):
        text = rendered[number]
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
