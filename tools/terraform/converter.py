"""Turns python-hcl2's tree of one piece into ours."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from lark import Token, Tree

from tools.terraform import tree
from tools.terraform.numbers import number
from tools.terraform.scan import Piece
from tools.terraform.strings import MalformedError, Quoted
from tools.terraform.templates import Inner, Templates

_JOINED = "write it on a line of its own"


class Converter:
    """Turns python-hcl2's tree of one piece into ours."""

    def __init__(self, reader: Inner, piece: Piece) -> None:
        self.reader = reader
        self.piece = piece

    def offset(self, item: Any) -> int:
        position = item.start_pos if isinstance(item, Token) else getattr(item.meta, "start_pos", 0)
        return self.piece.offset(position or 0)

    def line(self, item: Any) -> int:
        return self.reader.source.line(self.offset(item))

    def end(self, item: Any) -> int:
        position = item.end_pos if isinstance(item, Token) else getattr(item.meta, "end_pos", 0)
        return self.reader.source.line(self.piece.offset(max((position or 1) - 1, 0)))

    def body(self, body: Any) -> tuple[list[tree.Setting], list[tree.Section]]:
        settings: list[tree.Setting] = []
        sections: list[tree.Section] = []
        apart = True
        for child in body.children:
            if child.data == "new_line_or_comment":
                apart = True
                continue
            if not apart:
                raise MalformedError(f"two things on one line; {_JOINED}", self.offset(child))
            if child.data == "attribute":
                settings.append(self.setting(child))
                # An operator takes the newline that follows the whole expression with it.
                apart = _ends_line(child)
            else:
                sections.append(self.section(child))
                apart = False
        return settings, sections

    def setting(self, item: Any) -> tree.Setting:
        name, expr = item.children[0], item.children[-1]
        if newline := next((word for word in _operators(expr) if "\n" in word), None):
            raise MalformedError(
                f"a line that starts with `{newline.strip()}`; end the line before with it, or use parentheses",
                self.piece.offset(newline.end_pos - 1 if newline.end_pos else 0),
            )
        return tree.Setting(_word(name), self.node(expr), self.line(item))

    def section(self, item: Any) -> tree.Section:
        words = [child for child in item.children if not isinstance(child, Token)]
        brace = next(child for child in item.children if isinstance(child, Token) and child == "{")
        body = words[-1]
        names = [word for word in words[:-1] if word.data != "new_line_or_comment"]
        if len(names) != len(words) - 1:
            raise MalformedError("the brace of a block stands on the line of its name", self.offset(brace))
        settings, sections = self.body(body)
        closing = item.children[-1]
        if sections and self.line(brace) == self.line(closing):
            raise MalformedError("a block on one line holds no block; write it on several lines", self.offset(brace))
        labels = tuple(self.label(word) for word in names[1:])
        return tree.Section(
            _word(names[0]), labels, tuple(settings), tuple(sections), self.line(item), self.end(closing)
        )

    def label(self, item: Any) -> str:
        if item.data != "string":
            return _word(item)
        node = self.string(item)
        if isinstance(node, tree.Literal) and isinstance(node.value, str):
            return node.value
        raise MalformedError("a label holds no template; write plain text", self.offset(item))

    def node(self, item: Any) -> tree.Node:
        kind = item.data
        if kind == "expr_term":
            inner = [child for child in item.children if _counts(child)]
            return self.node(inner[0])
        convert = getattr(self, f"_{kind}", None)
        if convert is None:
            raise MalformedError("this expression is not understood", self.offset(item))
        made: tree.Node = convert(item)
        return made

    def _identifier(self, item: Any) -> tree.Node:
        return tree.Name(_word(item), self.line(item))

    def _keyword(self, item: Any) -> tree.Node:
        return tree.Name(_word(item), self.line(item))

    def _literal_value(self, item: Any) -> tree.Node:
        return tree.Literal({"true": True, "false": False}.get(_word(item)), self.line(item))

    def _int_lit(self, item: Any) -> tree.Node:
        return tree.Literal(number(str(item.children[0])), self.line(item))

    _float_lit = _int_lit

    def string(self, item: Any) -> tree.Node:
        index = int(str(item.children[1].children[0]))
        return self.quoted(self.piece.quoted[index])

    _string = string

    def quoted(self, quoted: Quoted) -> tree.Node:
        line = self.reader.source.line(quoted.start)
        if not any(part.mark for part in quoted.parts):
            text = "".join(part.text for part in quoted.parts)
            return tree.Literal(unicodedata.normalize("NFC", text), line)
        return Templates(self.reader, quoted, line).template()

    def _tuple(self, item: Any) -> tree.Node:
        return tree.Tuple(tuple(map(self.node, _parts(item))), self.line(item))

    def _object(self, item: Any) -> tree.Node:
        items = []
        apart = True
        for child in item.children[1:-1]:
            if isinstance(child, Token) or child.data == "new_line_or_comment":
                apart = True
                continue
            if not apart:
                raise MalformedError("two entries on one line; write a comma between them", self.offset(child))
            key, value = _parts(child)
            items.append((self.key(key), self.node(value)))
            apart = _ends_line(child)
        return tree.Object(tuple(items), self.line(item))

    def key(self, item: Any) -> tree.Node:
        inner = item.children[0]
        if inner.data == "keyword":
            return tree.Literal(_word(inner), self.line(inner))
        if inner.data == "expr_term" and len(inner.children) == 1:
            word = inner.children[0]
            if word.data in ("identifier", "literal_value"):
                return tree.Literal(_word(word), self.line(word))
            if word.data == "get_attr_expr_term":
                raise MalformedError("a reference as a key stands in parentheses: (a.b) = …", self.offset(word))
        return self.node(inner)

    def _function_call(self, item: Any) -> tree.Node:
        name = "::".join(_word(child) for child in item.children if not isinstance(child, Token) and _is_word(child))
        arguments = next((child for child in item.children if getattr(child, "data", "") == "arguments"), None)
        spread = arguments is not None and any(child == "..." for child in arguments.children)
        nodes = tuple(map(self.node, _parts(arguments))) if arguments is not None else ()
        return tree.Call(name, nodes, spread, self.line(item))

    def _get_attr_expr_term(self, item: Any) -> tree.Node:
        of, step = _parts(item)
        return self.step(self.node(of), step)

    _index_expr_term = _get_attr_expr_term

    def step(self, of: tree.Node, step: Any) -> tree.Node:
        line = self.line(step)
        if step.data == "get_attr":
            return tree.Attribute(of, _word(step.children[-1]), line)
        if step.data == "short_index":
            return tree.Index(of, tree.Literal(number(str(step.children[-1])), line), line)
        return tree.Index(of, self.node(_parts(step)[0]), line)

    def _full_splat_expr_term(self, item: Any) -> tree.Node:
        """`a[*].b[*].c`: a splat that follows another belongs to each of its elements."""
        of, splat = _parts(item)
        line = self.line(item)
        each: tree.Node = tree.Element(line)
        for step in _parts(splat):
            each = self.step(each, step)
        source = self.node(of)
        if isinstance(source, tree.Splat) and "full_splat_expr_term" in [child.data for child in _parts(of)]:
            return tree.Splat(source.of, _innermost(source.each, each, line), line)
        return tree.Splat(source, each, line)

    def _attr_splat_expr_term(self, item: Any) -> tree.Node:
        """`a.*.b[0]`: only attributes belong to the splat; the index is the result's."""
        of, splat = _parts(item)
        line = self.line(item)
        steps = _parts(splat)
        count = next((at for at, step in enumerate(steps) if step.data != "get_attr"), len(steps))
        each: tree.Node = tree.Element(line)
        for step in steps[:count]:
            each = self.step(each, step)
        whole: tree.Node = tree.Splat(self.node(of), each, line)
        for step in steps[count:]:
            whole = self.step(whole, step)
        return whole

    def _conditional(self, item: Any) -> tree.Node:
        condition, then, other = map(self.node, _parts(item))
        return tree.Conditional(condition, then, other, self.line(item))

    def _binary_op(self, item: Any) -> tree.Node:
        left, term = _parts(item)
        operator, right = _parts(term)
        word = str(operator.children[0]).strip().split("\n")[-1].strip()
        return tree.Binary(word, self.node(left), self.node(right), self.line(item))

    def _unary_op(self, item: Any) -> tree.Node:
        return tree.Unary(str(item.children[0]).strip(), self.node(item.children[1]), self.line(item))

    def _for_tuple_expr(self, item: Any) -> tree.Node:
        intro, value, *rest = _parts(item)
        return self._for(item, intro, None, value, rest)

    def _for_object_expr(self, item: Any) -> tree.Node:
        intro, key, value, *rest = _parts(item)
        return self._for(item, intro, self.node(key), value, rest)

    def _for(self, item: Any, intro: Any, key: tree.Node | None, value: Any, rest: Sequence[Any]) -> tree.Node:
        *names, source = _parts(intro)
        index, name = ("", _word(names[0])) if len(names) == 1 else (_word(names[0]), _word(names[1]))
        condition = self.node(_parts(rest[0])[0]) if rest else None
        grouping = any(isinstance(child, Token) and child == "..." for child in item.children)
        return tree.For(index, name, self.node(source), key, self.node(value), condition, grouping, self.line(item))


def _innermost(outer: tree.Node, each: tree.Node, line: int) -> tree.Node:
    """The splat that goes on where another one ends."""
    if isinstance(outer, tree.Splat):
        return tree.Splat(outer.of, _innermost(outer.each, each, line), line)
    return tree.Splat(outer, each, line)


def _parts(item: Any) -> list[Any]:
    return [child for child in item.children if _counts(child)]


def _counts(child: Any) -> bool:
    return isinstance(child, Tree) and child.data != "new_line_or_comment"


def _is_word(child: Any) -> bool:
    return child.data in ("identifier", "keyword", "literal_value")


def _word(item: Any) -> str:
    return str(item if isinstance(item, Token) else item.children[0])


def _ends_line(item: Any) -> bool:
    """Whether the last thing inside is a newline, which operators take from the body."""
    while isinstance(item, Tree) and item.children:
        item = item.children[-1]
        if isinstance(item, Tree) and item.data == "new_line_or_comment":
            return True
    return False


_CLOSED = {"tuple", "function_call", "braces_index", "for_tuple_expr", "object", "for_object_expr"}


def _operators(item: Any) -> list[Token]:
    """The operators of an expression that stand outside every bracket."""
    found: list[Token] = []
    pending = [item]
    while pending:
        node = pending.pop()
        if isinstance(node, Token):
            if node.type not in ("EQ", "LPAR") and node.type != "NL_OR_COMMENT":
                found.append(node)
        elif node.data in ("new_line_or_comment", *_CLOSED) or (
            node.data == "expr_term" and isinstance(node.children[0], Token)
        ):
            continue
        else:
            pending.extend(node.children)
    return found
