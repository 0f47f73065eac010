"""Makes the syntax tree of a file: python-hcl2 parses the pieces, this gives them HCL's meaning.

python-hcl2 accepts what Terraform refuses (a brace on the next line, two attributes on one line, an operator that
starts a line): those are faults here.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from hcl2.parser import parser
from lark.exceptions import UnexpectedInput

from tools.model import Problem, Where
from tools.terraform import tree
from tools.terraform.converter import Converter
from tools.terraform.model import Comment, Fault
from tools.terraform.scan import Piece, Text, expression, scan, template
from tools.terraform.strings import MalformedError

READABLE = "terraform-is-readable"
MAX_SIZE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """A file's top-level settings and blocks, its comments, its lines, and what is wrong with its syntax."""

    name: str
    body: tree.Section
    comments: tuple[Comment, ...] = ()
    faults: tuple[Fault, ...] = ()
    lines: tuple[str, ...] = ()


def parse(text: str, file: str) -> File:
    """Parse a file in Terraform's native syntax. What cannot be parsed is among the faults; the rest is there."""
    lines = tuple(text.split("\n"))
    if len(text) > MAX_SIZE:
        size = f"{len(text) / MAX_SIZE:.1f} MiB"
        return _failed(file, f"the file has {size}, and files are read up to 1 MiB; split it", 1, lines)
    # Terraform reads past a byte order mark.
    text = text.removeprefix("\ufeff")
    source = Text(text, file)
    found = scan(text)
    reader = _Reader(source)
    faults = [_syntax(source, fault) for fault in found.faults]
    for piece in found.pieces:
        try:
            reader.top(piece)
        except MalformedError as fault:
            faults.append(_syntax(source, fault))
        except RecursionError:
            faults.append(_fault(file, source.line(piece.offset(0)), "nested too deep; split it into locals"))
    body = tree.Section("", (), tuple(reader.settings), tuple(reader.sections), 1, len(lines))
    comments = tuple(_comment(source, item.text, item.offset) for item in found.remarks)
    order = sorted((*faults, *reader.faults), key=lambda item: item.problem.where.line)
    return File(file, body, comments, tuple(order), lines)


def _failed(file: str, message: str, line: int, lines: tuple[str, ...] = ()) -> File:
    return File(file, tree.Section("", (), (), (), 1, 1), (), (_fault(file, line, message),), lines)


def _fault(file: str, line: int, message: str) -> Fault:
    return Fault(READABLE, Problem(Where(file, "", line), message))


def _syntax(source: Text, fault: MalformedError) -> Fault:
    where = Where(source.file, "", source.line(fault.offset))
    return Fault(READABLE, Problem(where, f"column {source.column(fault.offset)}: {fault}"))


def _comment(source: Text, text: str, offset: int) -> Comment:
    start = source.starts[source.line(offset) - 1]
    alone = not source.text[start:offset].strip()
    bare = text[2:].removesuffix("*/") if text.startswith("/") else text[1:]
    return Comment(source.file, source.line(offset), bare.strip(), alone)


def expression_of(text: str, file: str) -> tree.Node:
    """Parse one expression. Raises MalformedError."""
    return _Reader(Text(text, file)).inside(0, len(text))


def template_of(text: str, line: int, file: str) -> tree.Node:
    """The string of a JSON file, which is a template; all of it is on that line. Raises MalformedError."""
    if "${" not in text and "%{" not in text:
        return tree.Literal(unicodedata.normalize("NFC", text), line)
    reader = _Reader(_OneLine(text, file, [line]))
    return Converter(reader, Piece("", [(0, 0)], [])).quoted(template(text))


@dataclass(slots=True)
class _OneLine(Text):
    """Text that stands on one line of a file, which `starts` holds."""

    def __post_init__(self) -> None:
        pass

    def line(self, offset: int) -> int:
        return self.starts[0]


@dataclass(slots=True)
class _Reader:
    source: Text
    settings: list[tree.Setting] = field(default_factory=list)
    sections: list[tree.Section] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def top(self, piece: Piece) -> None:
        body = _parsed(piece)
        settings, sections = Converter(self, piece).body(body)
        self.settings.extend(settings)
        self.sections.extend(sections)

    def inside(self, start: int, end: int) -> tree.Node:
        """An expression inside a template."""
        if not self.source.text[start:end].strip():
            raise MalformedError("an empty insertion; write an expression in it", start)
        piece = expression(self.source.text, start, end)
        try:
            body = _parsed(piece)
        except MalformedError as fault:
            raise fault if fault.offset < end else MalformedError("it ends too early", end) from None
        settings, _ = Converter(self, piece).body(body)
        return settings[0].node


def _parsed(piece: Piece) -> Any:
    try:
        return parser().parse(piece.text).children[0]
    except UnexpectedInput as error:
        raise _readable(piece, error) from None


def _readable(piece: Piece, error: UnexpectedInput) -> MalformedError:
    position = getattr(error, "pos_in_stream", None)
    token = getattr(error, "token", None)
    last = len(piece.text.rstrip())
    if position is None or (token is not None and token.type == "$END") or position >= last:
        return MalformedError("it ends too early", piece.offset(max(last - 1, 0)))
    rest = piece.text[position:].split("\n")[0].strip()
    if rest.startswith('"'):
        return MalformedError("a string is not expected here", piece.offset(position))
    shown = rest.split()[0][:30] if rest else "the end of the line"
    return MalformedError(f"`{shown}` is not expected here", piece.offset(position))
