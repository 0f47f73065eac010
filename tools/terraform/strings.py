"""Reads strings, heredocs and what is inserted in them, by HCL's own rules."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_DEPTH = 60


CODE = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<heredoc><<-?[^\W\d][\w-]*\r?\n)
    |(?P<name>[^\W\d][\w-]*)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<space>[ \t\r]+)
    |(?P<newline>\n)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


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


def bracket(word: str, stack: list[str], position: int, operand: bool) -> bool:
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


def string(text: str, start: int) -> tuple[Quoted, int]:
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
        else:
            position = _template(text, position, literal, parts)
    _settle(literal, parts)
    return Quoted(tuple(parts), start), position + 1


def _template(text: str, position: int, literal: list[str], parts: list[Part]) -> int:
    """Read a character, an escaped mark or a whole insertion, and say where the next one begins."""
    char = text[position]
    if char in "$%" and text.startswith(char + "{", position + 1):
        literal.append(char + "{")
        return position + 3
    if char in "$%" and text[position + 1 : position + 2] == "{":
        _settle(literal, parts)
        part, position = _insertion(text, position)
        parts.append(part)
        return position
    literal.append(char)
    return position + 1


def _settle(literal: list[str], parts: list[Part]) -> None:
    """End the literal part that is being read, if there is one."""
    if literal:
        parts.append(Part("".join(literal)))
        literal.clear()


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
            _, position = string(text, position)
            continue
        token = CODE.match(text, position)
        if token is None:
            break
        word = token.group()
        if token.lastgroup == "heredoc":
            _, position = heredoc(text, position, word)
            continue
        if token.lastgroup == "other":
            bracket(word, stack, position, False)
            if not stack:
                return position
        position = token.end()
    raise MalformedError("a template insertion that does not end; write }", begun)


def heredoc(text: str, start: int, marker: str) -> tuple[Quoted, int]:
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
        position = heredoc_line(text, position, parts)
    return Quoted(_flushed(parts) if flush else tuple(parts), start, True), found.end()


def heredoc_line(text: str, position: int, parts: list[Part]) -> int:
    """Read one line of a heredoc, as the parts that HCL makes of it: no literal part spans two lines."""
    literal: list[str] = []
    while position < len(text):
        char = text[position]
        position = _template(text, position, literal, parts)
        if char == "\n":
            break
    _settle(literal, parts)
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
