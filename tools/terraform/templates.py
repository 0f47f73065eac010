"""Puts the parts of a template together: insertions, `%{ if }` and `%{ for }`."""

from __future__ import annotations

import unicodedata
from typing import Protocol

from tools.terraform import tree
from tools.terraform.scan import Text
from tools.terraform.strings import MalformedError, Part, Quoted


class Inner(Protocol):
    """What parses the expressions inside a file's strings."""

    source: Text

    def inside(self, start: int, end: int) -> tree.Node:
        """The expression at these offsets. Raises MalformedError."""


class Templates:
    """Puts the parts of a template together: insertions, `%{ if }` and `%{ for }`."""

    def __init__(self, reader: Inner, quoted: Quoted, line: int) -> None:
        self.reader = reader
        self.quoted = quoted
        self.line = line
        self.parts = list(_stripped(quoted))
        self.at = 0

    def template(self) -> tree.Template:
        nodes = self._until(())
        lone = len(self.quoted.parts) == 1 and self.quoted.parts[0].mark == "$" and not self.quoted.heredoc
        return tree.Template(nodes, self.line, lone)

    def _until(self, words: tuple[str, ...]) -> tuple[tree.Node, ...]:
        nodes: list[tree.Node] = []
        while self.at < len(self.parts):
            part = self.parts[self.at]
            line = self.reader.source.line(part.start) if part.mark else self.line
            if not part.mark:
                nodes.append(tree.Literal(unicodedata.normalize("NFC", part.text), line))
                self.at += 1
            elif part.mark == "$":
                nodes.append(self.reader.inside(part.start, part.end))
                self.at += 1
            else:
                word = self._text(part).split(maxsplit=1)[0] if self._text(part) else ""
                if word in words:
                    return tuple(nodes)
                nodes.append(self._directive(part, word, line))
        if words:
            raise MalformedError(f"a template without its %{{ {words[-1]} }}", self.quoted.start)
        return tuple(nodes)

    def _text(self, part: Part) -> str:
        return self.reader.source.text[part.start : part.end].strip()

    def _directive(self, part: Part, word: str, line: int) -> tree.Node:
        self.at += 1
        text = self.reader.source.text
        inside = part.start + text[part.start : part.end].find(word) + len(word)
        if word == "if":
            condition = self.reader.inside(inside, part.end)
            then = tree.Template(self._until(("else", "endif")), line)
            other: tuple[tree.Node, ...] = ()
            if self._text(self.parts[self.at]) == "else":
                self.at += 1
                other = self._until(("endif",))
            self.at += 1
            return tree.Branch(condition, then, tree.Template(other, line), line)
        head, found, _ = text[inside : part.end].partition(" in ")
        if word != "for" or not found:
            raise MalformedError(f"`%{{ {word}` is no directive; write %{{ if … }} or %{{ for … in … }}", part.start)
        names = [name.strip() for name in head.split(",")]
        source = self.reader.inside(inside + len(head) + len(found), part.end)
        body = tree.Template(self._until(("endfor",)), line)
        self.at += 1
        return tree.Loop(names[0] if len(names) > 1 else "", names[-1], source, body, line)


def _stripped(quoted: Quoted) -> list[Part]:
    """The parts after their strip markers did their work."""
    parts = list(quoted.parts)
    if quoted.heredoc and any(part.left or part.right for part in parts):
        raise MalformedError("cannot tell: strip markers in a heredoc are not evaluated", quoted.start)
    for at, part in enumerate(quoted.parts):
        if part.left and at and not parts[at - 1].mark:
            parts[at - 1] = Part(parts[at - 1].text.rstrip())
        if part.right and at + 1 < len(parts) and not parts[at + 1].mark:
            parts[at + 1] = Part(parts[at + 1].text.lstrip())
    return parts
