"""Parses Terraform's expressions, by HCL's own grammar.

Newlines end an expression, but in parentheses, brackets, calls and insertions, where they mean nothing, and in
objects, where they part the entries. Source: HCL's native syntax specification, and its parser where that says more.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tools.terraform import tree
from tools.terraform.numbers import InexactError, number
from tools.terraform.places import MalformedError
from tools.terraform.templates import Templates, literal
from tools.terraform.tokens import BAD, END, ID, NEWLINE, NUMBER, STRING, Tokens

# How deep brackets and blocks stand in each other, and how deep the tree of one expression may be.
MAX_DEPTH = 60
MAX_TREE = 180
TOO_DEEP = "nested too deep; split it into locals"
LEVELS = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, ">": 4, ">=": 4, "<": 4, "<=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE]([+-]?[0-9]+))?")
# What the exponent of two of Go's large numbers may be, in powers of ten.
MAX_EXPONENT = 646_456_990
_WORDS = {"true": True, "false": False, "null": None}
_CLOSE = {"(": ")", "[": "]", "{": "}"}


class Expressions:
    """A parser of the expressions among these tokens; `line` gives the line of an offset."""

    def __init__(self, tokens: Tokens, line: Callable[[int], int], depth: int = 0) -> None:
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.offsets = tokens.offsets
        self.line_of = line
        self.at = 0
        self.newlines = False
        self.depth = depth
        # Whether keys may be references, as those of `providers` are.
        self.references = False

    def peek(self) -> str:
        """The kind of the next token."""
        kind = self.kinds[self.at]
        if not self.newlines:
            while kind == NEWLINE:
                self.at += 1
                kind = self.kinds[self.at]
        return kind

    def line(self, at: int) -> int:
        """The line of a token."""
        return self.line_of(self.offsets[at])

    def unexpected(self, closing: str = "") -> MalformedError:
        """What is wrong with the next token, where another one should be."""
        kind, text, offset = self.peek(), self.texts[self.at], self.offsets[self.at]
        if kind == BAD:
            assert isinstance(text, MalformedError)
            return text
        if kind in (END, NEWLINE):
            return MalformedError("it ends too early", offset)
        if kind == STRING:
            return MalformedError("a string is not expected here", offset)
        if closing and kind in (")", "]", "}"):
            return MalformedError(f"`{kind}` where `{closing}` should be", offset)
        return MalformedError(f"`{text[:30]}` is not expected here", offset)

    def take(self, kind: str) -> int:
        """Take a token of that kind, and say which it was. Raises MalformedError."""
        if self.peek() != kind:
            raise self.unexpected(kind)
        self.at += 1
        return self.at - 1

    def name(self) -> str:
        """Take a name. Raises MalformedError."""
        return str(self.texts[self.take(ID)])

    def finish(self) -> None:
        """Raises MalformedError where something is left."""
        if self.peek() != END:
            raise self.unexpected()

    def whole(self) -> tree.Node:
        """The one expression that the tokens are. Raises MalformedError."""
        node = self.expression()
        self.finish()
        return node

    def expression(self) -> tree.Node:
        """Take an expression. Raises MalformedError."""
        start = self.at
        condition = self._binary(1)
        if self.peek() != "?":
            return condition
        self.at += 1
        self._deeper(self.at - 1)
        then = self.expression()
        self.take(":")
        other = self.expression()
        self.depth -= 1
        return tree.Conditional(condition, then, other, self.line(start))

    def _deeper(self, at: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MalformedError(f"nested deeper than {MAX_DEPTH}; split it into locals", self.offsets[at])

    def _binary(self, level: int) -> tree.Node:
        self.peek()
        start = self.at
        left = self._operand()
        count = 0
        while (found := LEVELS.get(self.peek(), 0)) >= level:
            operator = self.kinds[self.at]
            self.at += 1
            count += 1
            if count > MAX_TREE:
                raise MalformedError(TOO_DEEP, self.offsets[self.at - 1])
            left = tree.Binary(operator, left, self._binary(found + 1), self.line(start))
        return left

    def _operand(self) -> tree.Node:
        kind, start = self.peek(), self.at
        if kind in ("-", "!"):
            self.at += 1
            self._deeper(start)
            node = self._operand()
            self.depth -= 1
            return tree.Unary(kind, node, self.line(start))
        return self._steps(self._term())

    def _steps(self, node: tree.Node) -> tree.Node:
        count = 0
        while (kind := self.peek()) in (".", "["):
            count += 1
            if count > MAX_TREE:
                raise MalformedError(TOO_DEEP, self.offsets[self.at])
            self.at += 1
            if kind == ".":
                node = self._attribute_splat(node) if self.peek() == "*" else self._attribute(node)
            elif self.kinds[self.at] == "*":
                line = self.line(self.at)
                self.at += 1
                self.take("]")
                return tree.Splat(node, self._steps(tree.Element(line)), line)
            else:
                line = self.line(self.at - 1)
                key = self._inside(self.at - 1, self.expression)
                self._close("[")
                node = tree.Index(node, key, line)
        return node

    def _attribute(self, node: tree.Node) -> tree.Node:
        kind, line = self.peek(), self.line(self.at)
        text = self.texts[self.at]
        if kind == ID:
            self.at += 1
            return tree.Attribute(node, text, line)
        if kind != NUMBER:
            raise self.unexpected()
        if "." in text:
            raise MalformedError(f"`.{text}` is no index; write [{text.replace('.', '][')}]", self.offsets[self.at])
        self.at += 1
        return tree.Index(node, self._number(self.at - 1), line)

    def _attribute_splat(self, node: tree.Node) -> tree.Node:
        """`a.*.b.0[1]`: what follows points belongs to the splat; an index in brackets is the result's."""
        line = self.line(self.at)
        self.at += 1
        each: tree.Node = tree.Element(line)
        count = 0
        while self.peek() == ".":
            count += 1
            if count > MAX_TREE:
                raise MalformedError(TOO_DEEP, self.offsets[self.at])
            self.at += 1
            each = self._attribute(each)
        return tree.Splat(node, each, line)

    def _inside(self, opened: int, parse: Callable[[], tree.Node], *, newlines: bool = False) -> tree.Node:
        """Parse what stands inside a bracket, up to what closes it."""
        self._deeper(opened)
        before, self.newlines = self.newlines, newlines
        node = parse()
        # What closes it is looked for with the newlines of the inside.
        self.peek()
        self.newlines = before
        self.depth -= 1
        return node

    def _close(self, opening: str) -> None:
        kind = self.kinds[self.at]
        if kind != _CLOSE[opening]:
            raise self.unexpected(_CLOSE[opening])
        self.at += 1

    def _term(self) -> tree.Node:
        kind, at = self.peek(), self.at
        text, line = self.texts[at], self.line(at)
        self.at += 1
        if kind == ID:
            if self.peek() in ("(", "::"):
                return self._call(text, line)
            return tree.Literal(_WORDS[text], line) if text in _WORDS else tree.Name(text, line)
        if kind == STRING:
            if isinstance(text, str):
                return tree.Literal(literal(text), line)
            return Templates(self._inner, self.line_of, text).template()
        if kind == NUMBER:
            return self._number(at)
        if kind == "(":
            node = self._inside(at, self.expression)
            self._close("(")
            return node
        if kind == "[":
            node = self._inside(at, lambda: self._tuple(line))
            self._close("[")
            return node
        if kind == "{":
            node = self._braces(at, line)
            self._close("{")
            return node
        self.at = at
        raise self.unexpected()

    def _inner(self, tokens: Tokens) -> Expressions:
        return Expressions(tokens, self.line_of, self.depth + 1)

    def _number(self, at: int) -> tree.Node:
        text, line = self.texts[at], self.line(at)
        found = _NUMBER.fullmatch(text)
        if not found or abs(int((found[1] or "0")[:20])) > MAX_EXPONENT:
            raise MalformedError(f"`{text[:30]}` is no number", self.offsets[at])
        try:
            return tree.Literal(number(text), line)
        except InexactError:
            return tree.Unread("a number with so many digits is not worked out", line)

    def _call(self, name: str, line: int) -> tree.Node:
        while self.peek() == "::":
            self.at += 1
            name = f"{name}::{self.name()}"
        opened = self.take("(")
        arguments: list[tree.Node] = []
        spread = False

        def inside() -> tree.Node:
            nonlocal spread
            while self.peek() != ")":
                arguments.append(self.expression())
                if self.peek() == "...":
                    self.at += 1
                    spread = True
                    break
                if self.peek() != ",":
                    break
                self.at += 1
            return tree.Element(line)

        self._inside(opened, inside)
        self._close("(")
        return tree.Call(name, tuple(arguments), spread, line)

    def _is_for(self) -> bool:
        return self.peek() == ID and self.texts[self.at] == "for"

    def _tuple(self, line: int) -> tree.Node:
        if self._is_for():
            return self._for("[", line)
        items: list[tree.Node] = []
        while self.peek() != "]":
            items.append(self.expression())
            if self.peek() != ",":
                break
            self.at += 1
        return tree.Tuple(tuple(items), line)

    def _braces(self, at: int, line: int) -> tree.Node:
        start = self.at
        before, self.newlines = self.newlines, False
        loops = self._is_for()
        self.newlines = before
        if loops:
            return self._inside(at, lambda: self._for("{", line))
        self.at = start
        return self._inside(at, lambda: self._object(line), newlines=True)

    def _object(self, line: int) -> tree.Node:
        items: list[tuple[tree.Node, tree.Node]] = []
        while True:
            while self.peek() == NEWLINE:
                self.at += 1
            if self.peek() == "}":
                break
            key = self._key()
            if self.peek() not in ("=", ":"):
                raise self.unexpected("}")
            self.at += 1
            items.append((key, self.expression()))
            kind = self.peek()
            if kind in (",", NEWLINE):
                self.at += 1
            elif kind in (ID, STRING, NUMBER, "("):
                raise MalformedError("two entries on one line; write a comma between them", self.offsets[self.at])
            else:
                break
        return tree.Object(tuple(items), line)

    def _key(self) -> tree.Node:
        """The key of an entry: a lone word is text, a reference stands in parentheses."""
        at = self.at
        node = self.expression()
        if isinstance(node, tree.Name) and self.kinds[at] == ID:
            return tree.Literal(node.name, node.line)
        if isinstance(node, tree.Literal) and self.kinds[at] == ID:
            return tree.Literal(self.texts[at], node.line)
        if isinstance(node, tree.Attribute) and self.kinds[at] == ID and not self.references:
            raise MalformedError("a reference as a key stands in parentheses: (a.b) = …", self.offsets[at])
        return node

    def _for(self, opening: str, line: int) -> tree.Node:
        self.at += 1
        names = [self.name()]
        if self.peek() == ",":
            self.at += 1
            names.append(self.name())
        at = self.at
        if self.name() != "in":
            raise MalformedError("a `for` without its `in`; write for … in … : …", self.offsets[at])
        source = self.expression()
        self.take(":")
        key, value = None, self.expression()
        if opening == "{":
            self.take("=>")
            key, value = value, self.expression()
        grouping = self.peek() == "..." and key is not None
        if grouping:
            self.at += 1
        condition = None
        if self.peek() == ID and self.texts[self.at] == "if":
            self.at += 1
            condition = self.expression()
        index = names[0] if len(names) > 1 else ""
        return tree.For(index, names[-1], source, key, value, condition, grouping, line)
