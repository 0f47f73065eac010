"""Terraform's JSON syntax, as the same tree: a string is a template, and an object a block where one must be.

Inside a resource, JSON does not distinguish a nested block from a map: both are attributes (`Body.each` reads both).
Source: Terraform's documentation of its JSON configuration syntax.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tools.findings.model import Problem, Where
from tools.terraform.language import tree
from tools.terraform.language.model import Fault, UnknownValue
from tools.terraform.language.numbers import InexactError, number
from tools.terraform.language.places import MalformedError, Text, characters
from tools.terraform.language.syntax import MAX_SIZE, READABLE, ParsedFile, expression_of, template_of

MAX_DEPTH = 60
# Blocks at the top: their type, and how many labels each has.
_LABELS = {
    "resource": 2,
    "data": 2,
    "variable": 1,
    "output": 1,
    "locals": 0,
    "module": 1,
    "provider": 1,
    "terraform": 0,
}
_NESTED = {"terraform": ("required_providers", "backend", "cloud"), "variable": ("validation",)}
_TOKEN = re.compile(r"(?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>true|false|null)")
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


def parse_json(text: str, file: str) -> ParsedFile:
    """Parse a `.tf.json` file. What is wrong with it is among the faults."""
    source = Text(text, file)
    empty = tree.Section("", (), (), (), 1, len(source.starts))
    lines = tuple(text.split("\n"))
    try:
        if text.startswith("\ufeff"):
            raise MalformedError("a byte order mark; save the file as UTF-8 without one", 0)
        if len(text) > MAX_SIZE:
            raise MalformedError("the file is larger than 1 MiB, which is not read; split it", 0)
        reader = _Json(source)
        root = reader.document()
        if not isinstance(root, tree.Object):
            raise MalformedError("the file does not hold a JSON object", 0)
        sections = tuple(section for key, value in root.items for section in _top(_name(key), value))
    except MalformedError as error:
        return ParsedFile(file, empty, (), (_fault(source, error),), lines)
    faults = tuple(_fault(source, error) for error in reader.faults)
    return ParsedFile(file, tree.Section("", (), (), sections, 1, len(lines)), (), faults, lines)


def _fault(source: Text, error: MalformedError) -> Fault:
    where = Where(source.file, "", source.line(error.offset))
    return Fault(READABLE, Problem(where, f"column {source.column(error.offset)}: {error}"))


def constants(text: str, file: str) -> Any:
    """The data of a JSON file of variables. Raises MalformedError."""
    try:
        return json.loads(text, parse_float=_measured, parse_int=_measured, parse_constant=_refused)
    except json.JSONDecodeError as error:
        raise MalformedError(f"not JSON: {error.msg}", error.pos) from None
    except RecursionError:
        raise MalformedError("it is nested too deep", 0) from None


def _measured(text: str) -> Any:
    try:
        return number(text)
    except InexactError:
        return UnknownValue("a number with so many digits is not evaluated")


def _refused(word: str) -> Any:
    raise MalformedError(f"not JSON: {word}", 0)


def _name(key: tree.Node) -> str:
    return str(key.value) if isinstance(key, tree.Literal) else ""


def _top(kind: str, value: tree.Node) -> Iterator[tree.Section]:
    if kind == "//":
        return
    yield from _labelled(kind, _LABELS.get(kind, 0), (), value)


def _labelled(kind: str, left: int, labels: tuple[str, ...], value: tree.Node) -> Iterator[tree.Section]:
    for item in value.items if isinstance(value, tree.Tuple) else (value,):
        if not isinstance(item, tree.Object):
            continue
        if left:
            for key, inner in item.items:
                if _name(key) != "//":
                    yield from _labelled(kind, left - 1, (*labels, _name(key)), inner)
        else:
            yield _section(kind, labels, item)


def _section(kind: str, labels: tuple[str, ...], item: tree.Object) -> tree.Section:
    settings: list[tree.BlockSetting] = []
    sections: list[tree.Section] = []
    for key, value in item.items:
        name = _name(key)
        if name == "//":
            continue
        if name in _NESTED.get(kind, ()):
            sections.extend(_labelled(name, 0, (), value))
        elif kind == "variable" and name == "type" and isinstance(value, tree.Literal):
            settings.append(tree.BlockSetting(name, _type(value), value.line))
        else:
            settings.append(tree.BlockSetting(name, value, key.line))
    end = max([item.line, *(setting.line for setting in settings)])
    return tree.Section(kind, labels, tuple(settings), tuple(sections), item.line, end)


def _type(value: tree.Literal) -> tree.Node:
    try:
        return expression_of(str(value.value), "")
    except MalformedError:
        return value


class _Json:
    """A JSON reader that records lines, and the places of faults."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        # Faults that affect one value only.
        self.faults: list[MalformedError] = []

    def document(self) -> tree.Node:
        value = self.value(0)
        self.space()
        if self.at < len(self.text):
            raise MalformedError("text after the end of the JSON", self.at)
        return value

    def space(self) -> str:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> tree.Node:
        if depth > MAX_DEPTH:
            raise MalformedError(f"nested deeper than {MAX_DEPTH}", self.at)
        char = self.space()
        line = self.source.line(self.at)
        if char == "{":
            return tree.Object(tuple(self.entries(depth)), line)
        if char == "[":
            return tree.Tuple(tuple(self.items(depth)), line)
        if char == '"':
            start = self.at
            text = self.string()
            try:
                return template_of(text, line)
            except MalformedError as error:
                self.faults.append(MalformedError(str(error), start))
            except RecursionError:
                self.faults.append(MalformedError("strings nested too deep in strings", start))
            return tree.Unread("it cannot be read", line)
        match = _TOKEN.match(self.text, self.at)
        if not match:
            raise MalformedError("a JSON value is missing here", self.at)
        self.at = match.end()
        if match["word"]:
            return tree.Literal({"true": True, "false": False}.get(match["word"]), line)
        try:
            return tree.Literal(number(match["number"]), line)
        except InexactError:
            return tree.Unread("a number with so many digits is not evaluated", line)

    def string(self) -> str:
        start = self.at
        try:
            value, self.at = _DECODER.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            raise MalformedError(f"not a JSON string: {error.msg}", start) from None
        return characters(str(value))

    def entries(self, depth: int) -> Iterator[tuple[tree.Node, tree.Node]]:
        self.at += 1
        if self.space() == "}":
            self.at += 1
            return
        while True:
            if self.space() != '"':
                raise MalformedError("a JSON key is missing here", self.at)
            line = self.source.line(self.at)
            key = tree.Literal(self.string(), line)
            self.expect(":")
            yield key, self.value(depth + 1)
            if self.more("}"):
                return

    def items(self, depth: int) -> Iterator[tree.Node]:
        self.at += 1
        if self.space() == "]":
            self.at += 1
            return
        while True:
            yield self.value(depth + 1)
            if self.more("]"):
                return

    def more(self, closing: str) -> bool:
        """Whether the object or list goes on (after a comma) or ends here."""
        char = self.space()
        if char not in (",", closing) or not char:
            raise MalformedError(f"`,` or `{closing}` is missing here", self.at)
        self.at += 1
        return char == closing

    def expect(self, char: str) -> None:
        if self.space() != char:
            raise MalformedError(f"`{char}` is missing here", self.at)
        self.at += 1
