"""Cuts Terraform's text into tokens, by HCL's own rules; strings and heredocs hold the tokens of their interpolations.

A fault affects only the string or the line that it is in: it becomes a token that says what is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tools.terraform.language.places import MalformedError

# How deep strings may be nested in each other's interpolations.
MAX_STRINGS = 30
ENDLESS = "a heredoc without its closing marker"
ID, NUMBER, STRING, NEWLINE, END, BAD = "name", "number", "string", "newline", "end", "bad"

_NAME = r"[^\W\d](?:[\w-]|[\u0300-\u036f])*"
_CODE = re.compile(
    rf"""(?P<space>[ \t]+)
    |(?P<newline>\r?\n)
    |(?P<name>{_NAME})
    |(?P<number>[0-9](?:(?:[0-9.]|[eE][+-]?[0-9])*(?:[0-9]|[eE][+-]?[0-9]))?)
    |"(?P<plain>[^"\\$%\r\n]*)"
    |(?P<quote>")
    |(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<heredoc><<-?{_NAME}\r?\n)
    |(?P<sign>\.\.\.|==|!=|>=|<=|&&|\|\||=>|::|~\}}|[-+*/%!<>=?:.,{{}}()\[\]])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
# What counts as white space in HCL's templates.
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_WHOLE = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_LITERAL = re.compile(r'[^"\\$%\r\n]+')
_LINE = re.compile(r"[^$%\n]+")
_STRAY = re.compile(r"\r(?!\n)")
# A line that starts one of the blocks that stand at the top of a file.
TOP = re.compile(
    r"(?:resource|data|variable|output|locals|module|provider|terraform|moved|removed|import|check|ephemeral|action)"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|[\w-]+))*[ \t]*\{"
)


@dataclass(slots=True)
class Tokens:
    """The tokens of a text: of each its kind (a sign is its own), what it holds, and its offset. The last one is END.

    A string holds its Quoted, or the text itself where it is plain; a BAD token holds its MalformedError.
    """

    kinds: list[str] = field(default_factory=list)
    texts: list[Any] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    remarks: list[tuple[str, int]] = field(default_factory=list)
    # The markers of heredocs that have no end in the rest of the text.
    endless: set[str] = field(default_factory=set)

    def add(self, kind: str, text: Any, offset: int) -> None:
        """Add a token."""
        self.kinds.append(kind)
        self.texts.append(text)
        self.offsets.append(offset)


@dataclass(slots=True)
class TemplatePart:
    """A piece of a template: literal text, or `${…}` (mark "$") or `%{…}` (mark "%") with the tokens of its inside.

    `left` and `right` are its strip markers.
    """

    text: str
    mark: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    start: int = 0
    left: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Quoted:
    """A string or heredoc: its parts, and where it starts. `flush` is for `<<-`, which takes indentation away."""

    parts: tuple[TemplatePart, ...]
    start: int
    heredoc: bool = False
    flush: bool = False


def tokens(text: str, start: int = 0) -> Tokens:
    """The tokens of a text from there to its end."""
    stream = Tokens()
    end = _read(text, start, stream, 0, top=True)
    stream.add(END, "", end)
    return stream


def template(text: str) -> Quoted:
    """A string of JSON as a template: its backslashes are resolved already. Raises MalformedError."""
    parts: list[TemplatePart] = []
    position = 0
    while position < len(text):
        position = _heredoc_line(text, position, parts, 0)
    return Quoted(tuple(parts), 0)


def _read(text: str, position: int, tokens: Tokens, depth: int, *, top: bool = False) -> int:
    """Read tokens to the end of the text, or to the brace that closes an interpolation; gives where it stopped."""
    match, size, add = _CODE.match, len(text), tokens.add
    opened = 0
    while position < size:
        token = match(text, position)
        if token is None:
            break
        kind = token.lastgroup
        if kind == "space":
            position = token.end()
            continue
        if kind == "quote" or kind == "heredoc":
            position = _string(text, position, token.group(), tokens, depth, top=top)
            continue
        if kind == "plain":
            add(STRING, token["plain"], position)
        elif kind == "comment":
            tokens.remarks.append((token.group(), position))
        elif kind == "sign":
            word = token.group()
            if not top:
                if word == "{":
                    opened += 1
                elif word in ("}", "~}"):
                    opened -= 1
                    if opened < 0:
                        add(END, "", position)
                        return position
            add(BAD if word == "~}" else word, _strange("~", position) if word == "~}" else word, position)
        elif kind == "other":
            add(BAD, _strange(token.group(), position), position)
        else:
            add(str(kind), token.group(), position)
        position = token.end()
    return size


def _strange(char: str, offset: int) -> MalformedError:
    return MalformedError(f"`{char}` is not expected here" if char.isprintable() else "this cannot be read", offset)


def _string(text: str, position: int, word: str, tokens: Tokens, depth: int, *, top: bool) -> int:
    """Read a string or a heredoc; at the top level a fault in it becomes a token."""
    if depth > MAX_STRINGS:
        raise MalformedError("strings nested too deep in strings; split them into locals", position)
    try:
        quoted, end = _quoted(text, position, depth) if word == '"' else _heredoc(text, position, word, tokens, depth)
    except MalformedError as fault:
        if not top:
            raise
        tokens.add(BAD, fault, position)
        return _after(text, position, word)
    tokens.add(STRING, quoted, position)
    return end


def _after(text: str, position: int, word: str) -> int:
    """Where to go on after a string that cannot be read."""
    if word != '"':
        name = word.removeprefix("<<").removeprefix("-").strip("\r\n")
        if closing := re.compile(rf"(?m)^[ \t]*{re.escape(name)}[ \t]*(?=\r?$)").search(text, position + len(word)):
            return closing.end()
        newline = text.find("\n", position)
        while newline >= 0 and not TOP.match(text, newline + 1):
            newline = text.find("\n", newline + 1)
        return len(text) if newline < 0 else newline
    whole = _WHOLE.match(text, position)
    newline = text.find("\n", position)
    if whole and "${" not in whole.group() and "%{" not in whole.group():
        return whole.end()
    return len(text) if newline < 0 else newline


def _quoted(text: str, start: int, depth: int) -> tuple[Quoted, int]:
    literal: list[str] = []
    parts: list[TemplatePart] = []
    position = start + 1
    while True:
        if match := _LITERAL.match(text, position):
            literal.append(match.group())
            position = match.end()
        char = text[position : position + 1]
        if char in ("", "\n", "\r"):
            raise MalformedError('a string that does not end on its line; close it with ", or write a heredoc', start)
        if char == '"':
            break
        if char == "\\":
            value, position = _escape(text, position)
            literal.append(value)
        else:
            position = _template(text, position, literal, parts, depth)
    _settle(literal, parts)
    return Quoted(tuple(parts), start), position + 1


def _template(text: str, position: int, literal: list[str], parts: list[TemplatePart], depth: int) -> int:
    """Read a character, an escaped mark or a whole template sequence; gives where the next one begins."""
    char = text[position]
    if char in "$%" and text.startswith(char + "{", position + 1):
        literal.append(char + "{")
        return position + 3
    if char in "$%" and text[position + 1 : position + 2] == "{":
        _settle(literal, parts)
        part, position = _insertion(text, position, depth)
        parts.append(part)
        return position
    literal.append(char)
    return position + 1


def _settle(literal: list[str], parts: list[TemplatePart]) -> None:
    """End the literal part that is being read, if there is one."""
    if literal:
        parts.append(TemplatePart("".join(literal)))
        literal.clear()


def _escape(text: str, position: int) -> tuple[str, int]:
    char = text[position + 1 : position + 2]
    if char in _ESCAPES:
        return _ESCAPES[char], position + 2
    digits = {"u": 4, "U": 8}.get(char, 0)
    code = text[position + 2 : position + 2 + digits]
    if not digits or not re.fullmatch(r"[0-9a-fA-F]+", code) or len(code) != digits or int(code, 16) > 0x10FFFF:
        raise MalformedError(f"`\\{char}` is not an escape sequence; write a backslash as \\\\", position)
    if 0xD800 <= int(code, 16) <= 0xDFFF:
        raise MalformedError(f"`\\{char}{code}` is half of a character; write the whole character", position)
    return chr(int(code, 16)), position + 2 + digits


def _insertion(text: str, position: int, depth: int) -> tuple[TemplatePart, int]:
    """A `${…}` or `%{…}` and where it ends."""
    mark, start = text[position], position + 2
    left = text[start : start + 1] == "~"
    inside = Tokens()
    end = _read(text, start + left, inside, depth + 1)
    if not inside.kinds or inside.kinds[-1] != END or end >= len(text):
        raise MalformedError("a template sequence without its closing brace; write }", start + left)
    right = text[end] == "~"
    return TemplatePart("", mark, inside, start + left, left, right), end + 1 + right


def _heredoc(text: str, start: int, marker: str, tokens: Tokens, depth: int) -> tuple[Quoted, int]:
    """A heredoc. The newline after its closing marker is not part of it."""
    flush, name = marker.startswith("<<-"), marker.removeprefix("<<").removeprefix("-").strip("\r\n")
    position = start + len(marker)
    if name in tokens.endless or not re.compile(rf"(?m)^\s*{re.escape(name)}\s*$").search(text, position):
        tokens.endless.add(name)
        raise MalformedError(f"{ENDLESS} {name}", start)
    parts: list[TemplatePart] = []
    while (newline := text.find("\n", position)) >= 0:
        if text[position:newline].strip(SPACES) == name:
            if stray := _STRAY.search(text, start + len(marker) - 1, newline + 1):
                raise MalformedError("a carriage return in the middle of a line; remove it", stray.start())
            return Quoted(tuple(parts), start, True, flush), newline - (text[newline - 1] == "\r")
        position = _heredoc_line(text, position, parts, depth)
    raise MalformedError(f"{ENDLESS} {name}", start)


def _heredoc_line(text: str, position: int, parts: list[TemplatePart], depth: int) -> int:
    """Read one line of a heredoc, as the parts that HCL makes of it: no literal part spans two lines."""
    literal: list[str] = []
    size = len(text)
    while position < size:
        if match := _LINE.match(text, position):
            literal.append(match.group())
            position = match.end()
            continue
        char = text[position]
        position = _template(text, position, literal, parts, depth)
        if char == "\n":
            break
    _settle(literal, parts)
    return position
