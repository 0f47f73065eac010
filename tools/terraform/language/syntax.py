"""Makes the syntax tree of a file, with its comments and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from tools.findings.model import Problem, Where
from tools.terraform.language import tree
from tools.terraform.language.blocks import BodyReader
from tools.terraform.language.converter import inner
from tools.terraform.language.model import Comment, Fault
from tools.terraform.language.places import MalformedError, Text
from tools.terraform.language.templates import Templates, literal
from tools.terraform.language.tokens import template, tokens

READABLE = "terraform-is-readable"
MAX_SIZE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file's top-level attributes and blocks, its comments, its lines, and what is wrong with its syntax."""

    name: str
    body: tree.Section
    comments: tuple[Comment, ...] = ()
    faults: tuple[Fault, ...] = ()
    lines: tuple[str, ...] = ()


def parse(text: str, file: str) -> ParsedFile:
    """Parse a file in Terraform's native syntax. What cannot be parsed is among the faults; the rest is in the tree."""
    lines = tuple(text.split("\n"))
    if len(text) > MAX_SIZE:
        size = f"{len(text) / MAX_SIZE:.1f} MiB"
        return _failed(file, f"the file is {size}, and files are read up to 1 MiB; split it", 1, lines)
    # Terraform reads past a byte order mark.
    text = text.removeprefix("\ufeff")
    source = Text(text, file)
    stream = tokens(text)
    reader = BodyReader(stream, source)
    settings, sections = reader.file()
    body = tree.Section("", (), tuple(settings), tuple(sections), 1, len(lines))
    comments = tuple(_comment(source, remark, offset) for remark, offset in stream.remarks)
    order = sorted((_syntax(source, fault) for fault in reader.faults), key=lambda item: item.problem.where.line)
    return ParsedFile(file, body, comments, tuple(order), lines)


def _failed(file: str, message: str, line: int, lines: tuple[str, ...] = ()) -> ParsedFile:
    return ParsedFile(file, tree.Section("", (), (), (), 1, 1), (), (_fault(file, line, message),), lines)


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
    return inner(tokens(text), 0, Text(text, file).line, 0)


def template_of(text: str, line: int) -> tree.Node:
    """A string of a JSON file as a template, all of it on one line. Raises MalformedError."""
    if "${" not in text and "%{" not in text:
        return tree.Literal(literal(text), line)

    return Templates(inner, lambda offset: line, template(text)).template()
