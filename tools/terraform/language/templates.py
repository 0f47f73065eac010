"""Puts the parts of a template together: interpolations, `%{ if }` and `%{ for }`.

Source: HCL's template parser, in its order: strip markers first, then the indentation of `<<-`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from tools.terraform.language import tree
from tools.terraform.language.places import Lines, MalformedError
from tools.terraform.language.tokens import ID, NEWLINE, SPACES, Quoted, TemplatePart, Tokens

# Parses the expression of an interpolation, from a token on, at a depth. Raises MalformedError.
Inner: TypeAlias = Callable[[Tokens, int, Lines, int], tree.Node]


def literal(text: str) -> str:
    """Text as Terraform holds it: in Unicode's composed form."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


class Templates:
    """Puts the parts of one template together, which is `depth` deep in an expression."""

    def __init__(self, inner: Inner, line: Lines, quoted: Quoted, depth: int = 0) -> None:
        self.inner, self.line_of, self.depth = inner, line, depth
        self.quoted = quoted
        self.line = line(quoted.start)
        self.parts = _flushed(_stripped(quoted.parts)) if quoted.flush else _stripped(quoted.parts)
        self.at = 0

    def template(self) -> tree.Node:
        """The template; one without interpolations is a plain string."""
        if not any(part.mark for part in self.parts):
            return tree.Literal(literal("".join(part.text for part in self.parts)), self.line)
        nodes = self._until(())
        lone = len(self.quoted.parts) == 1 and self.quoted.parts[0].mark == "$" and not self.quoted.heredoc
        return tree.Template(nodes, self.line, lone)

    def _until(self, words: tuple[str, ...]) -> tuple[tree.Node, ...]:
        nodes: list[tree.Node] = []
        while self.at < len(self.parts):
            part = self.parts[self.at]
            if not part.mark:
                if part.text:
                    nodes.append(tree.Literal(literal(part.text), self.line))
                self.at += 1
            elif part.mark == "$":
                nodes.append(self._insertion(part))
                self.at += 1
            else:
                at = _first(part.tokens)
                word = part.tokens.texts[at] if part.tokens.kinds[at] == ID else ""
                if word in words:
                    return tuple(nodes)
                nodes.append(self._directive(part, word))
        if words:
            raise MalformedError(f"a template without its %{{ {words[-1]} }}", self.quoted.start)
        return tuple(nodes)

    def _insertion(self, part: TemplatePart) -> tree.Node:
        if len(part.tokens.kinds) == 1:
            raise MalformedError("an empty interpolation; write an expression in it", part.start)
        return self._expression(part, 0)

    def _expression(self, part: TemplatePart, start: int) -> tree.Node:
        return self.inner(part.tokens, start, self.line_of, self.depth)

    def _directive(self, part: TemplatePart, word: str) -> tree.Node:
        line = self.line_of(part.start)
        self.at += 1
        if word not in ("if", "for"):
            raise MalformedError(f"`%{{ {word}` is not a directive; write %{{ if … }} or %{{ for … in … }}", part.start)
        if word == "if":
            condition = self._expression(part, _first(part.tokens) + 1)
            then = tree.Template(self._until(("else", "endif")), line)
            other: tuple[tree.Node, ...] = ()
            if self._ended() == "else":
                other = self._until(("endif",))
                self._ended()
            return tree.Branch(condition, then, tree.Template(other, line), line)
        words = [at for at, kind in enumerate(part.tokens.kinds) if kind != NEWLINE]
        texts = [part.tokens.texts[at] for at in words]
        kinds = [part.tokens.kinds[at] for at in words]
        pair = kinds[2] == ","
        head = [ID, ID, ",", ID, ID] if pair else [ID, ID, ID]
        if kinds[: len(head)] != head or texts[len(head) - 1] != "in":
            raise MalformedError("a `%{ for` without its `in`; write %{ for … in … }", part.start)
        source = self._expression(part, words[len(head)])
        body = tree.Template(self._until(("endfor",)), line)
        self._ended()
        return tree.Loop(texts[1] if pair else "", texts[3] if pair else texts[1], source, body, line)

    def _ended(self) -> str:
        """Take the directive that ends a part of the template; it is a single word."""
        part = self.parts[self.at]
        word, *more = [text for text, kind in zip(part.tokens.texts, part.tokens.kinds, strict=True) if kind != NEWLINE]
        if len(more) > 1:
            raise MalformedError(f"`%{{ {word}` takes nothing after it", part.start)
        self.at += 1
        return str(word)


def _first(tokens: Tokens) -> int:
    """The first token that is no newline."""
    return next(at for at, kind in enumerate(tokens.kinds) if kind != NEWLINE)


def _stripped(parts: tuple[TemplatePart, ...]) -> list[TemplatePart]:
    """The parts with their strip markers applied: each removes white space from the literal part beside it."""
    if not any(part.left or part.right for part in parts):
        return list(parts)
    stripped = list(parts)
    for at, part in enumerate(parts):
        if part.left and at and not stripped[at - 1].mark:
            stripped[at - 1] = replace(stripped[at - 1], text=stripped[at - 1].text.rstrip(SPACES))
        if part.right and at + 1 < len(stripped) and not stripped[at + 1].mark:
            stripped[at + 1] = replace(stripped[at + 1], text=stripped[at + 1].text.lstrip(SPACES))
    return stripped


def _flushed(parts: list[TemplatePart]) -> list[TemplatePart]:
    """Remove the smallest indentation from each line, as `<<-` does; blank lines do not count."""
    begins, least, lines = True, -1, []
    for at, part in enumerate(parts):
        if begins:
            begins, spaces = False, 0
            if not part.mark:
                trimmed = part.text.lstrip(SPACES)
                if not trimmed and part.text.endswith("\n"):
                    spaces = -1
                else:
                    spaces = len(part.text) - len(trimmed)
                    lines.append(at)
            if spaces >= 0:
                least = spaces if least < 0 else min(least, spaces)
        if not part.mark and part.text.endswith("\n"):
            begins = True
    for at in lines:
        parts[at] = replace(parts[at], text=parts[at].text[max(least, 0) :])
    return parts
