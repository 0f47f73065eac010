"""Where the attributes and blocks of a file begin and end; python-hcl2 parses what each attribute holds.

A fault affects only the attribute that it is in: the rest of its block is read.
Source: HCL's native syntax specification, and its parser where that says more.
"""

from __future__ import annotations

from tools.terraform.language import tree
from tools.terraform.language.converter import TOO_DEEP, expression
from tools.terraform.language.pieces import CLOSE, MAX_DEPTH, piece, unexpected
from tools.terraform.language.places import MalformedError, Text
from tools.terraform.language.templates import literal
from tools.terraform.language.tokens import BAD, END, ENDLESS, ID, NEWLINE, STRING, TOP, Tokens

_JOINED = "two definitions on one line; write each on a line of its own"
_OPERATORS = ("||", "&&", "==", "!=", ">", ">=", "<", "<=", "+", "-", "*", "/", "%", "?", ":")


class BodyReader:
    """Reads a file's attributes and blocks; what is wrong is among the faults."""

    def __init__(self, tokens: Tokens, source: Text) -> None:
        self.tokens, self.source = tokens, source
        self.kinds, self.texts, self.offsets = tokens.kinds, tokens.texts, tokens.offsets
        self.at = 0
        self.depth = 0
        self.faults: list[MalformedError] = []
        # Only where brackets do not match does a block at the start of a line end those that are open.
        self.balanced = _balanced(tokens)
        self.cut = False

    def file(self) -> tuple[list[tree.BlockSetting], list[tree.Section]]:
        """Everything at the top of the file."""
        settings: list[tree.BlockSetting] = []
        sections: list[tree.Section] = []
        while self.kinds[self.at] != END:
            self._body(settings, sections)
            self.cut = False
            if self.kinds[self.at] == "}":
                self._fault("`}` closes nothing", self.at)
                self.at += 1
        return settings, sections

    def line(self, at: int) -> int:
        """The line of a token."""
        return self.source.line(self.offsets[at])

    def _unexpected(self, closing: str = "") -> MalformedError:
        return unexpected(self.tokens, self.at, closing)

    def _fault(self, message: str, at: int) -> None:
        self.faults.append(MalformedError(message, self.offsets[at]))

    def _missing(self, message: str, at: int) -> None:
        """Note a missing brace, unless a heredoc without an end has swallowed it."""
        if not self.faults or not str(self.faults[-1]).startswith(ENDLESS):
            self._fault(message, at)

    def _body(self, settings: list[tree.BlockSetting], sections: list[tree.Section]) -> None:
        """Read items up to the brace that closes the block, or the end."""
        while not self.cut:
            kind = self.kinds[self.at]
            if kind == NEWLINE:
                self.at += 1
                continue
            if kind in (END, "}"):
                return
            if self.depth and self._starts_anew():
                self._missing("`}` is missing before this line", self.at)
                self.cut = True
                return
            self._item(settings, sections)

    def _starts_anew(self) -> bool:
        """Whether a block of the top of a file starts here, at the start of a line, so that a brace is missing."""
        offset = self.offsets[self.at]
        at_start = offset == 0 or self.source.text[offset - 1] == "\n"
        return not self.balanced and at_start and TOP.match(self.source.text, offset) is not None

    def _item(self, settings: list[tree.BlockSetting], sections: list[tree.Section], brace: int = -1) -> None:
        """Read an attribute or a block; `brace` is that of the block when it begins on the same line."""
        start, depth, faults = self.at, self.depth, len(self.faults)
        try:
            if self.kinds[start] != ID:
                raise self._stray()
            if self.kinds[start + 1] == "=":
                settings.append(self._setting())
                if brace < 0:
                    self._line_ends()
                else:
                    self._lone_ends()
            elif brace >= 0 and self.kinds[start + 1] in (ID, STRING, "{"):
                raise MalformedError(
                    "a block on one line cannot hold another block; write it on several lines", self.offsets[brace]
                )
            else:
                self._section(sections)
                if not self.cut:
                    self._line_ends()
        except (MalformedError, RecursionError) as fault:
            self.depth = depth
            del self.faults[faults:]
            deep = MalformedError(TOO_DEEP, self.offsets[start])
            self.faults.append(fault if isinstance(fault, MalformedError) else deep)
            self.at = self._after(start)
            if self.kinds[start] == ID and self.kinds[start + 1] == "=":
                settings.append(
                    tree.BlockSetting(
                        self.texts[start], tree.Unread("it cannot be read", self.line(start)), self.line(start)
                    )
                )

    def _stray(self) -> MalformedError:
        """What is wrong with a line that does not start with a name."""
        kind = self.kinds[self.at]
        if kind in _OPERATORS:
            return MalformedError(
                f"a line cannot start with `{kind}`; put the whole expression in parentheses", self.offsets[self.at]
            )
        if kind in (")", "]"):
            return MalformedError(f"`{kind}` closes nothing", self.offsets[self.at])
        return self._unexpected()

    def _setting(self) -> tree.BlockSetting:
        name, line = self.texts[self.at], self.line(self.at)
        self.at += 2
        cut = piece(self.tokens, self.at, self.depth)
        node = expression(cut, self.source.line, self.depth, references=name == "providers")
        self.at = cut.end
        return tree.BlockSetting(name, node, line)

    def _line_ends(self) -> None:
        """Expect the end of the line after an attribute or a block."""
        kind = self.kinds[self.at]
        if kind == NEWLINE:
            self.at += 1
            return
        if kind == END:
            return
        if kind == ID or (kind == "}" and self.depth):
            # What follows is read nevertheless.
            self._fault(_JOINED, self.at)
            return
        fault = self._unexpected()
        if kind == BAD or kind not in ("}", ")", "]"):
            self.faults.append(fault)
        else:
            self._fault(f"`{kind}` closes nothing", self.at)
        self._skip_line()

    def _skip_line(self) -> None:
        while self.kinds[self.at] not in (NEWLINE, END, "}"):
            self.at += 1
        if self.kinds[self.at] == "}" and not self.depth:
            self.at += 1

    def _section(self, sections: list[tree.Section]) -> None:
        start = self.at
        name, labels = self.texts[start], []
        self.at += 1
        while (kind := self.kinds[self.at]) != "{":
            if kind == ID:
                labels.append(self.texts[self.at])
            elif kind == STRING:
                labels.append(self._label())
            elif kind == NEWLINE and self._brace_follows():
                self._fault("the opening brace of a block must be on the line of its name", self.at)
                continue
            else:
                raise self._unexpected()
            self.at += 1
        brace = self.at
        self.at += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MalformedError(f"nested deeper than {MAX_DEPTH}; split it into locals", self.offsets[start])
        settings: list[tree.BlockSetting] = []
        inner: list[tree.Section] = []
        if self.kinds[self.at] not in (NEWLINE, END, "}"):
            self._item(settings, inner, brace)
        self._body(settings, inner)
        end = self.at
        self.depth -= 1
        if not self.cut:
            if self.kinds[end] == "}":
                self.at += 1
            else:
                self._missing("`}` is missing at the end", max(end - 1, 0))
                self.cut = True
        line = self.line(end) if not self.cut else self.line(max(end - 1, 0))
        sections.append(tree.Section(name, tuple(labels), tuple(settings), tuple(inner), self.line(start), line))

    def _label(self) -> str:
        text = self.texts[self.at]
        if isinstance(text, str):
            return literal(text)
        if any(part.mark for part in text.parts) or text.heredoc:
            raise MalformedError("a label cannot hold a template; write plain text", self.offsets[self.at])
        return literal("".join(part.text for part in text.parts))

    def _brace_follows(self) -> bool:
        at = self.at
        while self.kinds[at] == NEWLINE:
            at += 1
        if self.kinds[at] == "{":
            self.at = at
            return True
        return False

    def _lone_ends(self) -> None:
        """Expect the brace after the only attribute of a block on one line."""
        kind = self.kinds[self.at]
        if kind == NEWLINE:
            self._fault("a block that begins on one line must end on it; write it on several lines", self.at)
        elif kind == ID:
            self._fault(_JOINED, self.at)
        elif kind != "}":
            raise self._unexpected("}")

    def _after(self, start: int) -> int:
        """Where the next item starts after one that cannot be read."""
        stack: list[str] = []
        at = start
        while (kind := self.kinds[at]) != END:
            if kind in CLOSE:
                stack.append(CLOSE[kind])
            elif kind in (")", "]", "}"):
                if kind in stack:
                    while stack.pop() != kind:
                        pass
                elif kind == "}" and (at > start or self.depth):
                    return at if at > start else at + 1
            elif kind == NEWLINE and self._ends(at, stack):
                return at + 1
            at += 1
        return at

    def _ends(self, at: int, stack: list[str]) -> bool:
        """Whether an item that cannot be read ends with this line."""
        if not stack:
            return True
        following = at + 1
        offset = self.offsets[following]
        if not self.balanced and TOP.match(self.source.text, offset) and self.source.text[offset - 1] == "\n":
            return True
        if "}" in stack or self.kinds[following] != ID:
            return False
        # In parentheses and brackets nothing looks like an attribute or a block.
        return self.kinds[following + 1] in ("=", "{") or (
            self.kinds[following + 1] == STRING and self.kinds[following + 2] in ("{", STRING)
        )


def _balanced(tokens: Tokens) -> bool:
    """Whether every bracket of a file is closed by its own kind, and every string is whole."""
    stack: list[str] = []
    for kind in tokens.kinds:
        if kind in CLOSE:
            stack.append(CLOSE[kind])
        elif kind in (")", "]", "}"):
            if not stack or stack.pop() != kind:
                return False
        elif kind == BAD:
            return False
    return not stack
