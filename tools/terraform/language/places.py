"""Places in a text, and what is wrong there."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

# Gives the line of an offset.
Lines: TypeAlias = Callable[[int], int]


class MalformedError(Exception):
    """Text that is not HCL: what is wrong, and the offset of the place."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def characters(text: str) -> str:
    """Text without lone surrogates, which JSON can write and UTF-8 cannot: Go reads each as U+FFFD."""
    if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(slots=True)
class Text:
    """A file's text, which knows the line and column of an offset."""

    text: str
    file: str
    starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.starts = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line(self, offset: int) -> int:
        """The line, from 1."""
        return bisect_right(self.starts, offset)

    def column(self, offset: int) -> int:
        """The column, from 1."""
        return offset - self.starts[self.line(offset) - 1] + 1
