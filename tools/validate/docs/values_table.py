"""The table of a chart's values, written from the `# --` comments of its values.yaml.

A `# --` comment stands right above its key and goes on over the comment lines that follow it. A mapping that has one,
or is empty, is one row, whatever it holds; any other mapping is a row for each of its keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.findings.page import between
from tools.manifests.documents import Document, step

BEGIN = "<!-- values: written by `python -m tools.validate.docs` from values.yaml -->"
END = "<!-- end of values -->"


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value: its path, its default, and what values.yaml says of it ("" when it says nothing)."""

    path: str
    default: Any
    meaning: str


def rows(document: Document, text: str) -> Iterator[ValueRow]:
    """The rows of values.yaml, in its order. `text` is what `document` was read from, for the comments."""
    yield from _rows(document.body, "", document.lines, text.splitlines())


def _rows(values: Mapping[str, Any], above: str, lines: Mapping[str, int], text: list[str]) -> Iterator[ValueRow]:
    for key, value in values.items():
        path = step(above, key)
        meaning = _comment(text, lines[path])
        if isinstance(value, Mapping) and value and not meaning:
            yield from _rows(value, path, lines, text)
        else:
            yield ValueRow(path, value, meaning)


def _comment(text: list[str], line: int) -> str:
    """The `# --` comment that ends right above `line` (counted from 1)."""
    comment_lines: list[str] = []
    for above in reversed(text[: line - 1]):
        words = above.strip()
        if not words.startswith("#"):
            return ""
        comment_lines.append(words.removeprefix("#").strip())
        if words.startswith("# -- "):
            return " ".join(reversed(comment_lines)).removeprefix("-- ")
    return ""


def table(rows: tuple[ValueRow, ...]) -> str:
    """The rows as a Markdown table; a default is written as JSON, which is YAML too."""
    lines = ["| Key | Default | Meaning |", "|---|---|---|"]
    for row in rows:
        default = json.dumps(row.default, ensure_ascii=False)
        lines.append(f"| `{row.path}` | `{_cell(default)}` | {_cell(row.meaning)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    # A bar ends a cell, in code too.
    return text.replace("|", "\\|")


def updated(readme: str, written: str) -> str | None:
    """The README with `written` between its two markers; None when it has not exactly one pair of them."""
    return between(readme, BEGIN, END, written)
