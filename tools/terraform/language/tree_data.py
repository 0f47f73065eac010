"""A parsed file as plain data that can be kept as JSON, and back; the data holds no code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any

from tools.findings.model import Problem, Where
from tools.terraform.language import tree
from tools.terraform.language.model import Comment, Fault
from tools.terraform.language.syntax import ParsedFile

# The mark of each kind of node; its fields follow in order.
_KINDS: Mapping[type, str] = {
    tree.Literal: "l",
    tree.Unread: "u",
    tree.Template: "t",
    tree.Branch: "b",
    tree.Loop: "o",
    tree.Name: "n",
    tree.Attribute: "a",
    tree.Index: "i",
    tree.Splat: "s",
    tree.Element: "e",
    tree.FunctionCall: "c",
    tree.Unary: "y",
    tree.Binary: "2",
    tree.Conditional: "?",
    tree.Tuple: "[",
    tree.Object: "{",
    tree.For: "f",
}


def encoded(file: ParsedFile) -> Any:
    """The data of a file; its name and its lines are not in it."""
    return [
        _section(file.body),
        [[item.line, item.text, item.alone] for item in file.comments],
        [[item.kind, item.problem.where.path, item.problem.where.line, item.problem.message] for item in file.faults],
    ]


def decoded(data: Any, name: str, text: str) -> ParsedFile:
    """The file of that name and text. Raises ValueError, TypeError, KeyError or IndexError for anything else."""
    body, comments, faults = data
    return ParsedFile(
        name,
        _made_section(body),
        tuple(Comment(name, line, words, alone) for line, words, alone in comments),
        tuple(Fault(kind, Problem(Where(name, path, line), words)) for kind, path, line, words in faults),
        tuple(text.split("\n")),
    )


def _section(section: tree.Section) -> Any:
    return [
        section.type,
        section.labels,
        [[item.name, _node(item.node), item.line] for item in section.settings],
        [_section(inner) for inner in section.sections],
        section.line,
        section.end,
    ]


def _node(node: Any) -> Any:
    if isinstance(node, tree.Literal):
        value = node.value
        if isinstance(value, Fraction):
            return ["q", str(value.numerator), str(value.denominator), node.line]
        return ["l", value, node.line]
    return [_KINDS[type(node)], *(_part(getattr(node, item.name)) for item in fields(node))]


def _part(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_part(item) for item in value]
    return _node(value) if type(value) in tree.NODES else value


def _made_section(data: Sequence[Any]) -> tree.Section:
    kind, labels, settings, sections, line, end = data
    return tree.Section(
        kind,
        tuple(labels),
        tuple([tree.BlockSetting(name, _made(node), number) for name, node, number in settings]),
        tuple([_made_section(inner) for inner in sections]),
        line,
        end,
    )


def _made(data: Any) -> Any:
    return _MAKERS[data[0]](data)


def _all(items: Any) -> tuple[Any, ...]:
    return tuple([_MAKERS[item[0]](item) for item in items])


def _or_none(data: Any) -> Any:
    return None if data is None else _made(data)


_MAKERS: Mapping[str, Callable[[Any], Any]] = {
    "l": lambda d: tree.Literal(d[1], d[2]),
    "q": lambda d: tree.Literal(Fraction(int(d[1]), int(d[2])), d[3]),
    "u": lambda d: tree.Unread(d[1], d[2]),
    "t": lambda d: tree.Template(_all(d[1]), d[2], d[3]),
    "b": lambda d: tree.Branch(_made(d[1]), _made(d[2]), _made(d[3]), d[4]),
    "o": lambda d: tree.Loop(d[1], d[2], _made(d[3]), _made(d[4]), d[5]),
    "n": lambda d: tree.Name(d[1], d[2]),
    "a": lambda d: tree.Attribute(_made(d[1]), d[2], d[3]),
    "i": lambda d: tree.Index(_made(d[1]), _made(d[2]), d[3]),
    "s": lambda d: tree.Splat(_made(d[1]), _made(d[2]), d[3]),
    "e": lambda d: tree.Element(d[1]),
    "c": lambda d: tree.FunctionCall(d[1], _all(d[2]), d[3], d[4]),
    "y": lambda d: tree.Unary(d[1], _made(d[2]), d[3]),
    "2": lambda d: tree.Binary(d[1], _made(d[2]), _made(d[3]), d[4]),
    "?": lambda d: tree.Conditional(_made(d[1]), _made(d[2]), _made(d[3]), d[4]),
    "[": lambda d: tree.Tuple(_all(d[1]), d[2]),
    "{": lambda d: tree.Object(tuple([(_made(key), _made(value)) for key, value in d[1]]), d[2]),
    "f": lambda d: tree.For(d[1], d[2], _made(d[3]), _or_none(d[4]), _made(d[5]), _or_none(d[6]), d[7], d[8]),
}
