"""Turns python-hcl2's tree of one expression into ours.

python-hcl2 accepts some text that HCL refuses, and groups splats differently; both are corrected here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hcl2.parser import parser
from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from tools.terraform.language import tree
from tools.terraform.language.numbers import InexactError, number
from tools.terraform.language.pieces import Piece, piece, unexpected
from tools.terraform.language.places import Lines, MalformedError
from tools.terraform.language.templates import Templates, literal
from tools.terraform.language.tokens import END, Tokens

# How deep the tree of one expression may be.
MAX_TREE = 180
TOO_DEEP = "nested too deep; split it into locals"
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE]([+-]?[0-9]+))?")
# The largest exponent of Go's big numbers, in powers of ten.
MAX_EXPONENT = 646_456_990
_WORDS = {"true": True, "false": False, "null": None}
_STEPS = ("get_attr_expr_term", "index_expr_term")
_CHAINED = ("get_attr_expr_term", "index_expr_term", "attr_splat_expr_term", "full_splat_expr_term")


def expression(cut: Piece, line: Lines, depth: int, *, references: bool = False) -> tree.Node:
    """The expression of a piece; keys may be references where `references` says so. Raises MalformedError."""
    try:
        body: Any = parser().parse(" ".join(cut.text) + "\n").children[0]
    except UnexpectedInput as error:
        position = getattr(error, "pos_in_stream", None)
        at = cut.end if position is None else cut.token(position)
        if at == cut.end and cut.fault:
            raise cut.fault from None
        raise unexpected(cut.tokens, at) from None
    if cut.fault:
        raise cut.fault
    return _Converter(cut, line, depth, references).node(body.children[0].children[-1])


def inner(tokens: Tokens, start: int, line: Lines, depth: int) -> tree.Node:
    """The expression of an interpolation, from a token on. Raises MalformedError."""
    cut = piece(tokens, start, depth + 1, inside=True)
    if tokens.kinds[cut.end] != END and not cut.fault:
        cut.fault = unexpected(tokens, cut.end)
    return expression(cut, line, depth + 1)


class _Converter:
    """Turns python-hcl2's tree of one piece into ours."""

    def __init__(self, cut: Piece, line: Lines, depth: int, references: bool) -> None:
        self.cut, self.line_of, self.depth, self.references = cut, line, depth, references
        self.height = depth

    def position(self, item: Any) -> int:
        position = item.start_pos if isinstance(item, Token) else getattr(item.meta, "start_pos", 0)
        return position or 0

    def offset(self, item: Any) -> int:
        return self.cut.offset(self.position(item))

    def line(self, item: Any) -> int:
        return self.line_of(self.offset(item))

    def text(self, item: Any) -> Any:
        """The text of the token in this place."""
        return self.cut.tokens.texts[self.cut.token(self.position(item))]

    def node(self, item: Any) -> tree.Node:
        kind = item.data
        if kind == "expr_term":
            [held] = _parts(item)
            return self.node(held)
        convert = getattr(self, f"_{kind}", None)
        if convert is None:
            raise MalformedError("this expression is not understood", self.offset(item))
        self.height += 1
        if self.height > MAX_TREE:
            raise MalformedError(TOO_DEEP, self.offset(item))
        made: tree.Node = convert(item)
        self.height -= 1
        return made

    def _identifier(self, item: Any) -> tree.Node:
        return tree.Name(self.text(item), self.line(item))

    def _literal_value(self, item: Any) -> tree.Node:
        return tree.Literal(_WORDS[self.text(item)], self.line(item))

    def _int_lit(self, item: Any) -> tree.Node:
        text, line = self.text(item), self.line(item)
        written = _NUMBER.fullmatch(text)
        if not written or abs(int((written[1] or "0")[:20])) > MAX_EXPONENT:
            raise MalformedError(f"`{text[:30]}` is not a number", self.offset(item))
        try:
            return tree.Literal(number(text), line)
        except InexactError:
            return tree.Unread("a number with so many digits is not evaluated", line)

    def _string(self, item: Any) -> tree.Node:
        quoted = self.text(item)
        if isinstance(quoted, str):
            return tree.Literal(literal(quoted), self.line(item))
        return Templates(inner, self.line_of, quoted, self.height).template()

    def _tuple(self, item: Any) -> tree.Node:
        return tree.Tuple(tuple(map(self.node, _parts(item))), self.line(item))

    def _object(self, item: Any) -> tree.Node:
        items = []
        apart = True
        for child in item.children[1:-1]:
            if isinstance(child, Token):
                apart = True
                continue
            if not apart:
                raise MalformedError("two entries on one line; write a comma between them", self.offset(child))
            key, value = _parts(child)
            items.append((self.key(key.children[0]), self.node(value)))
            apart = False
        return tree.Object(tuple(items), self.line(item))

    def key(self, item: Any) -> tree.Node:
        """The key of an entry: a lone word is text, a reference must be in parentheses."""
        word = _lone(item)
        if word.data in ("identifier", "keyword", "literal_value"):
            return tree.Literal(self.text(word), self.line(word))
        if not self.references and word.data in _STEPS and self.is_reference(word):
            raise MalformedError("a reference as a key must be in parentheses: (a.b) = …", self.offset(word))
        return self.node(item)

    def is_reference(self, item: Any) -> bool:
        """Whether it is a name with constant steps, none of them in parentheses."""
        while item.data in _STEPS:
            of, step = _parts(item)
            if step.data not in ("get_attr", "short_index"):
                key = _lone(_parts(step)[0])
                if key.data != "int_lit" and not (key.data == "string" and isinstance(self.text(key), str)):
                    return False
            item = _lone(of)
        return item.data in ("identifier", "keyword")

    def _function_call(self, item: Any) -> tree.Node:
        parts = _parts(item)
        arguments = parts.pop() if parts[-1].data == "arguments" else None
        spread = arguments is not None and any(child == "..." for child in arguments.children)
        nodes = tuple(map(self.node, _parts(arguments))) if arguments is not None else ()
        first = self.cut.token(self.position(item))
        return tree.FunctionCall(self.cut.names.get(first, self.text(item)), nodes, spread, self.line(item))

    def _chain(self, item: Any) -> tree.Node:
        """`of` and the steps after it, each a Tree, or the Token of a splat."""
        steps: list[Any] = []
        of = item
        while of.data in _CHAINED:
            of, step = _parts(of)
            steps.extend(reversed(step.children if step.data in ("attr_splat", "full_splat") else [step]))
            of = _lone(of)
        if len(steps) > MAX_TREE:
            raise MalformedError(TOO_DEEP, self.offset(item))
        return self.steps(self.node(of), steps[::-1])

    _get_attr_expr_term = _index_expr_term = _attr_splat_expr_term = _full_splat_expr_term = _chain

    def steps(self, node: tree.Node, steps: Sequence[Any]) -> tree.Node:
        """`a[*]` applies every following step to each element, `a.*` only those that begin with a dot."""
        for at, step in enumerate(steps):
            line = self.line(step)
            if step == "[*]":
                return tree.Splat(node, self.steps(tree.Element(line), steps[at + 1 :]), line)
            if step == ".*":
                pointed = at + 1
                while pointed < len(steps) and getattr(steps[pointed], "data", "") in ("get_attr", "short_index"):
                    pointed += 1
                if pointed < len(steps) and steps[pointed] == ".*":
                    raise MalformedError("`.*` after `.*`; write [*]", self.offset(steps[pointed]))
                each = self.steps(tree.Element(line), steps[at + 1 : pointed])
                return self.steps(tree.Splat(node, each, line), steps[pointed:])
            node = self.step(node, step)
        return node

    def step(self, of: tree.Node, step: Any) -> tree.Node:
        line = self.line(step)
        if step.data == "get_attr":
            return tree.Attribute(of, self.text(step.children[-1]), line)
        if step.data == "short_index":
            return tree.Index(of, self._int_lit(step.children[-1]), line)
        return tree.Index(of, self.node(_parts(step)[0]), line)

    def _conditional(self, item: Any) -> tree.Node:
        condition, then, other = map(self.node, _parts(item))
        return tree.Conditional(condition, then, other, self.line(item))

    def _binary_op(self, item: Any) -> tree.Node:
        left, term = _parts(item)
        operator, right = _parts(term)
        return tree.Binary(self.text(operator), self.node(left), self.node(right), self.line(item))

    def _unary_op(self, item: Any) -> tree.Node:
        signs = self.cut.signs[self.cut.token(self.position(item))]
        if self.height + len(signs) > MAX_TREE:
            raise MalformedError(TOO_DEEP, self.offset(item))
        self.height += len(signs)
        made = tree.Unary(self.text(item), self.node(item.children[1]), self.line(item))
        self.height -= len(signs)
        for at in reversed(signs):
            made = tree.Unary(self.cut.tokens.kinds[at], made, self.line_of(self.cut.tokens.offsets[at]))
        return made

    def _for_tuple_expr(self, item: Any) -> tree.Node:
        intro, value, *rest = _parts(item)
        return self._for(item, intro, None, value, rest)

    def _for_object_expr(self, item: Any) -> tree.Node:
        intro, key, value, *rest = _parts(item)
        return self._for(item, intro, self.node(key), value, rest)

    def _for(self, item: Any, intro: Any, key: tree.Node | None, value: Any, rest: Sequence[Any]) -> tree.Node:
        *names, source = _parts(intro)
        index = self.text(names[0]) if len(names) > 1 else ""
        condition = self.node(_parts(rest[0])[0]) if rest else None
        grouping = any(isinstance(child, Token) and child == "..." for child in item.children)
        line = self.line(item)
        return tree.For(
            index, self.text(names[-1]), self.node(source), key, self.node(value), condition, grouping, line
        )


def _lone(item: Any) -> Any:
    """The item without the wrapping of a term; parentheses stay."""
    while item.data == "expr_term" and len(item.children) == 1:
        item = item.children[0]
    return item


def _parts(item: Any) -> list[Any]:
    return [child for child in item.children if isinstance(child, Tree) and child.data != "new_line_or_comment"]
