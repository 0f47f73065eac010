"""Cuts Terraform's text into pieces that python-hcl2 can be trusted with.

It takes out comments, strings and heredocs: their text is read here, by HCL's own rules, and a number in quotes stands
for each in what is left. It splits a file at its top-level items, so that a fault in one leaves the others.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

MAX_DEPTH = 60

_CODE = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<heredoc><<-?[^\W\d][\w-]*\r?\n)
    |(?P<name>[^\W\d][\w-]*)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<space>[ \t\r]+)
    |(?P<newline>\n)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_TOP = re.compile(
    r"(?:resource|data|variable|output|locals|module|provider|terraform|moved|removed|import|check|ephemeral)"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|[\w-]+))*[ \t]*\{"
)
_BRACE = re.compile(r"\s*\{")
_BLOCK = re.compile(r"\w[ \t\w\"-]*\s*\Z")
_OPEN = {"{": "}", "(": ")", "[": "]"}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class MalformedError(Exception):
    """Text that is no HCL: what is wrong, and the offset of the place."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a template: literal text, `${…}` (mark "$") or `%{…}` (mark "%") with the span of its inside.

    `left` and `right` are its strip markers.
    """

    text: str = ""
    mark: str = ""
    start: int = 0
    end: int = 0
    left: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Quoted:
    """A string or heredoc: its parts, and where it starts."""

    parts: tuple[Part, ...]
    start: int
    heredoc: bool = False


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
        position = _heredoc_line(text, position, parts)
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
    match = _CODE.match
    while position < end:
        if text[position] == '"':
            quoted, position = _string(text, position)
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
            quoted, position = _heredoc(text, position, word)
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
            operand = _bracket(word, stack, position, operand)
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


def _bracket(word: str, stack: list[str], position: int, operand: bool) -> bool:
    if word in _OPEN:
        stack.append(_OPEN[word])
        if len(stack) > MAX_DEPTH:
            raise MalformedError(f"nested deeper than {MAX_DEPTH}; split it into locals", position)
    elif word in ")]}" and stack:
        if stack[-1] != word:
            raise MalformedError(f"`{word}` where `{stack[-1]}` should be", position)
        stack.pop()
    elif word in ")]}":
        raise MalformedError(f"`{word}` closes nothing", position)
    return operand


def _string(text: str, start: int) -> tuple[Quoted, int]:
    parts: list[Part] = []
    literal: list[str] = []
    position = start + 1
    while True:
        char = text[position : position + 1]
        if char in ("", "\n"):
            raise MalformedError('a string that does not end on its line; write " or a heredoc', start)
        if char == '"':
            break
        if char == "\\":
            value, position = _escape(text, position)
            literal.append(value)
        elif char in "$%" and text.startswith(char + "{", position + 1):
            literal.append(char + "{")
            position += 3
        elif char in "$%" and text[position + 1 : position + 2] == "{":
            if literal:
                parts.append(Part("".join(literal)))
                literal = []
            part, position = _insertion(text, position)
            parts.append(part)
        else:
            literal.append(char)
            position += 1
    if literal:
        parts.append(Part("".join(literal)))
    return Quoted(tuple(parts), start), position + 1


def _escape(text: str, position: int) -> tuple[str, int]:
    char = text[position + 1 : position + 2]
    if char in _ESCAPES:
        return _ESCAPES[char], position + 2
    digits = {"u": 4, "U": 8}.get(char, 0)
    code = text[position + 2 : position + 2 + digits]
    if not digits or not re.fullmatch(r"[0-9a-fA-F]+", code) or len(code) != digits or int(code, 16) > 0x10FFFF:
        raise MalformedError(f"`\\{char}` is no escape; a backslash is written \\\\", position)
    return chr(int(code, 16)), position + 2 + digits


def _insertion(text: str, position: int) -> tuple[Part, int]:
    """A `${…}` or `%{…}` and where it ends."""
    mark, start = text[position], position + 2
    left = text[start : start + 1] == "~"
    end = _closing(text, start + left)
    right = text[end - 1] == "~" and end - 1 > start
    return Part("", mark, start + left, end - right, left, right), end + 1


def _closing(text: str, position: int) -> int:
    """The offset of the brace that closes an insertion."""
    begun, stack, size = position, ["}"], len(text)
    while position < size:
        if text[position] == '"':
            _, position = _string(text, position)
            continue
        token = _CODE.match(text, position)
        if token is None:
            break
        word = token.group()
        if token.lastgroup == "heredoc":
            _, position = _heredoc(text, position, word)
            continue
        if token.lastgroup == "other":
            _bracket(word, stack, position, False)
            if not stack:
                return position
        position = token.end()
    raise MalformedError("a template insertion that does not end; write }", begun)


def _heredoc(text: str, start: int, marker: str) -> tuple[Quoted, int]:
    """A heredoc. The newline after its closing marker is not part of it."""
    flush, name = marker.startswith("<<-"), marker.strip("<-\r\n")
    position = start + len(marker)
    close = re.compile(rf"[ \t]*{re.escape(name)}[ \t]*(?=\r?\n|\Z)")
    parts: list[Part] = []
    while True:
        if found := close.match(text, position):
            break
        if position >= len(text):
            raise MalformedError(f"a heredoc without its closing {name}", start)
        position = _heredoc_line(text, position, parts)
    return Quoted(_flushed(parts) if flush else tuple(parts), start, True), found.end()


def _heredoc_line(text: str, position: int, parts: list[Part]) -> int:
    """Read one line of a heredoc, as the parts that HCL makes of it: no literal part spans two lines."""
    literal: list[str] = []
    while position < len(text):
        char = text[position]
        if char in "$%" and text.startswith(char + "{", position + 1):
            literal.append(char + "{")
            position += 3
        elif char in "$%" and text[position + 1 : position + 2] == "{":
            if literal:
                parts.append(Part("".join(literal)))
                literal = []
            part, position = _insertion(text, position)
            parts.append(part)
        else:
            literal.append(char)
            position += 1
            if char == "\n":
                break
    if literal:
        parts.append(Part("".join(literal)))
    return position


def _flushed(parts: list[Part]) -> tuple[Part, ...]:
    """Take the smallest indentation from each line, as `<<-` does; lines that are blank do not count."""
    firsts = [at for at, _ in enumerate(parts) if at == 0 or parts[at - 1].text.endswith("\n")]
    spaces: dict[int, int] = {}
    for at in firsts:
        part = parts[at]
        if part.mark:
            spaces[at] = 0
        elif part.text.strip() or not part.text.endswith("\n"):
            spaces[at] = len(part.text) - len(part.text.lstrip())
    least = min(spaces.values(), default=0)
    return tuple(Part(part.text[least:]) if at in spaces and not part.mark else part for at, part in enumerate(parts))
