"""Cuts Terraform's text into pieces that python-hcl2 can be trusted with.

It takes out comments, strings and heredocs: their text is read here, by HCL's own rules, and a number in quotes stands
for each in what is left. It splits a file at its top-level items, so that a fault in one leaves the others.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from tools.terraform.strings import CODE, MalformedError, Part, Quoted, bracket, heredoc, heredoc_line, string

_TOP = re.compile(
    r"(?:resource|data|variable|output|locals|module|provider|terraform|moved|removed|import|check|ephemeral)"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|[\w-]+))*[ \t]*\{"
)
_BRACE = re.compile(r"\s*\{")
_BLOCK = re.compile(r"\w[ \t\w\"-]*\s*\Z")


@dataclass(slots=True)
class Piece:
    """Text for the parser; `shifts` are pairs of an offset in it and the offset in the file that it came from."""

    text: str
    shifts: list[tuple[int, int]]
    quoted: list[Quoted]

    def offset(self, position: int) -> int:
        """The offset in the file of a position in the text."""
        at = bisect_right(self.shifts, (position, 1 << 60)) - 1
        ours, theirs = self.shifts[max(at, 0)]
        return theirs + position - ours


@dataclass(slots=True)
class Text:
    """A file's text, with what finds the line and column of an offset."""

    text: str
    file: str
    starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.starts = [0, *(found.end() for found in re.finditer("\n", self.text))]

    def line(self, offset: int) -> int:
        """The line, from 1."""
        return bisect_right(self.starts, offset)

    def column(self, offset: int) -> int:
        """The column, from 1."""
        return offset - self.starts[self.line(offset) - 1] + 1


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment and its offset."""

    text: str
    offset: int


@dataclass(slots=True)
class Scan:
    """The pieces of a file, its comments, and the faults met on the way."""

    pieces: list[Piece] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    faults: list[MalformedError] = field(default_factory=list)


class _Builder:
    def __init__(self) -> None:
        self.out: list[str] = []
        self.size = 0
        self.shifts: list[tuple[int, int]] = []
        self.quoted: list[Quoted] = []

    def add(self, text: str, offset: int) -> None:
        if not self.shifts or offset - self.size != self.shifts[-1][1] - self.shifts[-1][0]:
            self.shifts.append((self.size, offset))
        self.out.append(text)
        self.size += len(text)

    def add_quoted(self, quoted: Quoted) -> None:
        self.add(f'"{len(self.quoted)}"', quoted.start)
        self.quoted.append(quoted)

    def piece(self) -> Piece:
        return Piece("".join(self.out), self.shifts or [(0, 0)], self.quoted)


def scan(text: str) -> Scan:
    """Scan a file."""
    found = Scan()
    position, size = 0, len(text)
    while position < size:
        builder = _Builder()
        try:
            position = _code(text, position, size, builder, found.remarks, top=True)
        except MalformedError as fault:
            found.faults.append(fault)
            missing = fault.offset > position and _TOP.match(text, fault.offset)
            position = fault.offset if missing else _resume(text, max(fault.offset, position) + 1)
            continue
        except RecursionError:
            found.faults.append(MalformedError("strings nested too deep in strings; split them into locals", position))
            position = _resume(text, position + 1)
            continue
        piece = builder.piece()
        if piece.text.strip():
            found.pieces.append(piece)
    return found


def template(text: str) -> Quoted:
    """A string of JSON as a template: backslashes mean nothing more in it. Raises MalformedError."""
    parts: list[Part] = []
    position = 0
    while position < len(text):
        position = heredoc_line(text, position, parts)
    return Quoted(tuple(parts), 0)


def expression(text: str, start: int, end: int) -> Piece:
    """The piece for an expression inside a template, in parentheses, as newlines mean nothing there."""
    builder = _Builder()
    builder.add("x = (", start)
    _code(text, start, end, builder, [], top=False)
    builder.add(")\n", end)
    return builder.piece()


def _resume(text: str, position: int) -> int:
    """Where the next top-level item starts."""
    newline = text.find("\n", position)
    while newline >= 0:
        if _TOP.match(text, newline + 1):
            return newline + 1
        newline = text.find("\n", newline + 1)
    return len(text)


def _code(text: str, position: int, end: int, builder: _Builder, remarks: list[Remark], *, top: bool) -> int:
    """Copy code up to the end, or to the end of a top-level item; gives where it stopped."""
    stack: list[str] = []
    operand = False
    match = CODE.match
    while position < end:
        if text[position] == '"':
            quoted, position = string(text, position)
            builder.add_quoted(quoted)
            operand = True
            continue
        token = match(text, position, end)
        if token is None:
            raise MalformedError("this cannot be read", position)
        kind, word = token.lastgroup, token.group()
        if kind == "comment":
            remarks.append(Remark(word, position))
            if "\n" in word:
                builder.add("\n" if not stack else " ", position)
        elif kind == "heredoc":
            quoted, position = heredoc(text, position, word)
            builder.add_quoted(quoted)
            operand = True
            continue
        elif kind == "newline":
            operand = False
            builder.add("\n", position)
            if top and not stack:
                if _BRACE.match(text, position + 1) and _BLOCK.search("".join(builder.out)):
                    raise MalformedError("the brace of a block stands on the line of its name", position + 1)
                return position + 1
            if top and _TOP.match(text, position + 1):
                raise MalformedError(f"`{stack[-1]}` is missing before this line", position + 1)
        elif kind == "other":
            operand = bracket(word, stack, position, operand)
            # python-hcl2 takes `-20` after an operand for a number.
            spaced = word == "-" and operand and text[position + 1 : position + 2].isdigit()
            builder.add("- " if spaced else word, position)
            operand = word in ")]}"
        else:
            builder.add(word, position)
            operand = operand if kind == "space" else True
        position = token.end()
    if stack and top:
        raise MalformedError(f"`{stack[-1]}` is missing at the end", max(end - 1, 0))
    builder.add("\n", end)
    return end
