"""The syntax tree of Terraform's language: what is written, before it is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, get_args


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: null, a bool, a number or a string."""

    value: Any
    line: int


@dataclass(frozen=True, slots=True)
class Unread:
    """An expression that cannot be read, and why: its value is unknown."""

    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class Template:
    """A string with interpolations. A lone interpolation is the value itself, not text."""

    parts: tuple[Node, ...]
    line: int
    lone: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """`%{ if }` of a template."""

    condition: Node
    then: Template
    other: Template
    line: int


@dataclass(frozen=True, slots=True)
class Loop:
    """`%{ for }` of a template."""

    key: str
    value: str
    source: Node
    body: Template
    line: int


@dataclass(frozen=True, slots=True)
class Name:
    """The first word of a traversal."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """`of.name`."""

    of: Node
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Index:
    """`of[key]`."""

    of: Node
    key: Node
    line: int


@dataclass(frozen=True, slots=True)
class Splat:
    """`of[*]` with what follows it, applied to each element: `each` has Element in place of the element."""

    of: Node
    each: Node
    line: int


@dataclass(frozen=True, slots=True)
class Element:
    """The element inside a splat."""

    line: int


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function call; `spread` when the last argument has `...`."""

    name: str
    arguments: tuple[Node, ...]
    spread: bool
    line: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `!x`."""

    operator: str
    operand: Node
    line: int


@dataclass(frozen=True, slots=True)
class Binary:
    """An operation on two operands."""

    operator: str
    left: Node
    right: Node
    line: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? then : other`."""

    condition: Node
    then: Node
    other: Node
    line: int


@dataclass(frozen=True, slots=True)
class Tuple:
    """`[a, b]`."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Object:
    """`{a = b}`."""

    items: tuple[tuple[Node, Node], ...]
    line: int


@dataclass(frozen=True, slots=True)
class For:
    """A `for` expression; `key` is None for one that makes a list."""

    index: str
    item: str
    source: Node
    key: Node | None
    value: Node
    condition: Node | None
    grouping: bool
    line: int


Node: TypeAlias = (
    Literal
    | Unread
    | Template
    | Branch
    | Loop
    | Name
    | Attribute
    | Index
    | Splat
    | Element
    | FunctionCall
    | Unary
    | Binary
    | Conditional
    | Tuple
    | Object
    | For
)


@dataclass(frozen=True, slots=True)
class BlockSetting:
    """`name = expression`. `file` is the override file that it is in, "" for the file of its block."""

    name: str
    node: Node
    line: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A block: its type, its labels, what is inside, its first and last line, and `file` as for a BlockSetting."""

    type: str
    labels: tuple[str, ...]
    settings: tuple[BlockSetting, ...]
    sections: tuple[Section, ...]
    line: int
    end: int
    file: str = ""

    def setting(self, name: str) -> BlockSetting | None:
        """The last setting of that name."""
        return next((item for item in reversed(self.settings) if item.name == name), None)


NODES: frozenset[type] = frozenset(get_args(Node))
_FIELDS: dict[type, tuple[str, ...]] = {}


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside a node."""
    kind = type(node)
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(item.name for item in fields(node) if item.name not in ("line", "name", "operator"))
    for name in _FIELDS[kind]:
        yield from _nodes(getattr(node, name))


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
    elif type(value) in NODES:
        yield value


def walk(node: Node) -> Iterator[Node]:
    """The node and everything inside it."""
    pending = [node]
    while pending:
        nodes = pending.pop()
        yield nodes
        pending.extend(children(nodes))
