"""Reads scripts for `sh -c` as far as their calls matter: simple commands with their variables expanded.

What a script decides at run time is not followed: every command counts, whichever branch it is in. A text is read once
from left to right; a broken one yields what could be read of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product

LONGEST = 100_000
# A loop's variable takes each of its values in turn; these limit the combinations that are tried.
MOST_VALUES = 32
MOST_COMMANDS = 64
KEYWORDS = frozenset(
    (word,) for word in ("if", "then", "elif", "else", "fi", "while", "until", "do", "done", "!", "{", "}", "time")
)
SEPARATORS = "\n;&|()"


@dataclass(frozen=True, slots=True)
class ShellVariable:
    """A variable in a word. `default`: its value where it is not set, as in `${NAME:-default}`; None for none."""

    name: str
    default: str | None = None


Part = str | ShellVariable
Word = tuple[Part, ...]


def commands(script: str, variables: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The simple commands of a script, each as its words. Unknown variables stay as `$NAME`."""
    known: dict[str, tuple[str, ...]] = {name: (value,) for name, value in variables.items()}
    for words in _ScriptReader(script[:LONGEST]).commands():
        yield from islice(_command(list(words), known), MOST_COMMANDS)


def _command(words: list[Word], known: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    while words and words[0] in KEYWORDS:
        words.pop(0)
    if len(words) > 2 and words[0] == ("for",) and words[2] == ("in",):
        values = (value for word in words[3:] for text in _expanded(word, known) for value in text.split())
        known[_literal(words[1])] = tuple(islice(values, MOST_VALUES))
        return
    exporting = bool(words) and words[0] in (("export",), ("local",), ("readonly",))
    rest = words[1:] if exporting else words
    while rest and (name := _assigned(rest[0])):
        if exporting or all(_assigned(word) for word in rest):
            value = (str(rest[0][0]).partition("=")[2], *rest[0][1:])
            known[name] = tuple(_expanded(value, known))
        rest = rest[1:]
    if rest and not exporting:
        yield from product(*(_expanded(word, known) for word in rest))


def _assigned(word: Word) -> str:
    """The variable that a word sets; "" for other words."""
    name, sign, _ = (word[0] if word and isinstance(word[0], str) else "").partition("=")
    return name if sign and name.isidentifier() and name.isascii() else ""


def _literal(word: Word) -> str:
    return "".join(part for part in word if isinstance(part, str))


def _expanded(word: Word, known: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Every text that a word may become."""
    choices: list[Iterable[str]] = []
    for part in word:
        if isinstance(part, str):
            choices.append((part,))
        else:
            otherwise = f"${part.name}" if part.default is None else part.default
            choices.append([value or otherwise for value in known.get(part.name) or ("",)])
    return ["".join(texts) for texts in islice(product(*choices), MOST_VALUES)]


@dataclass(slots=True)
class _ScriptReader:
    """Splits a script into words. `quoted`: whether the reader is between double quotes; `around`: whether it was so at
    each `$(` that is still open.
    """

    text: str
    at: int = 0
    quoted: bool = False
    around: list[bool] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    begun: bool = False
    words: list[Word] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    def commands(self) -> Iterator[tuple[Word, ...]]:
        while self.at < len(self.text):
            if self._step():
                yield from self._separated()
        yield from self._separated()

    def _separated(self) -> Iterator[tuple[Word, ...]]:
        self._end_word()
        if self.words:
            yield tuple(self.words)
        self.words = []

    def _step(self) -> bool:
        """Read the next sign; return whether a command ends here."""
        sign = self.text[self.at]
        self.at += 1
        if sign == "\\":
            self._escape()
        elif sign == "$":
            return self._dollar()
        elif sign == "`":
            return True
        elif sign == '"':
            self.quoted, self.begun = not self.quoted, True
        elif self.quoted:
            self._add(sign)
        elif sign == "'":
            end = self._find("'")
            self._add(self.text[self.at : end])
            self.at = end + 1
        elif sign == "#" and not self.begun:
            self.at = self._find("\n")
        elif sign in "<>":
            self._redirection(sign)
        elif sign in SEPARATORS:
            return self._separator(sign)
        elif sign.isspace():
            self._end_word()
        else:
            self._add(sign)
        return False

    def _escape(self) -> None:
        following = self.text[self.at : self.at + 1]
        self.at += 1
        if following != "\n":
            self._add(following)

    def _dollar(self) -> bool:
        if self.text.startswith("(", self.at):
            self.at += 1
            self.around.append(self.quoted)
            self.quoted = False
            return True
        if self.text.startswith("{", self.at):
            end = self._find("}")
            inner, self.at = self.text[self.at + 1 : end], end + 1
            name = inner[: _identifier(inner, 0)]
            sign, default = inner[len(name) :].partition("-")[::2]
            self._add(ShellVariable(name or "?", default if sign in ("", ":") and "-" in inner else None))
        else:
            end = _identifier(self.text, self.at)
            name, self.at = self.text[self.at : end], end
            self._add(ShellVariable(name) if name else "$")
        return False

    def _redirection(self, sign: str) -> None:
        """Read `<` or `>`. A number just before it is part of the redirection; the word after it is kept as a word."""
        if self.parts and _literal(tuple(self.parts)).isdecimal():
            self.parts, self.begun = [], False
        self._end_word()
        if sign == "<" and self.text.startswith("<<", self.at):
            self.at += 2
        elif sign == "<" and self.text.startswith("<", self.at):
            start = self.at + 1 + self.text.startswith("-", self.at + 1)
            end = start
            while end < len(self.text) and not self.text[end].isspace() and self.text[end] not in SEPARATORS:
                end += 1
            self.ends.append(self.text[start:end].strip("\"'<"))
            self.at = end
        elif self.text.startswith("&", self.at):
            self.at += 1

    def _separator(self, sign: str) -> bool:
        if sign == ")" and self.around:
            self.quoted = self.around.pop()
        if sign == "\n":
            for end in self.ends:
                self._skip_document(end)
            self.ends = []
        return True

    def _skip_document(self, end: str) -> None:
        while end and self.at < len(self.text):
            line_end = self._find("\n")
            line, self.at = self.text[self.at : line_end].strip(), line_end + 1
            if line == end:
                return

    def _add(self, part: Part) -> None:
        self.begun = True
        if isinstance(part, str) and self.parts and isinstance(self.parts[-1], str) and len(self.parts[-1]) < 4096:
            self.parts[-1] += part
        else:
            self.parts.append(part)

    def _end_word(self) -> None:
        if self.begun:
            self.words.append(tuple(self.parts) or ("",))
        self.parts, self.begun = [], False

    def _find(self, sign: str) -> int:
        place = self.text.find(sign, self.at)
        return len(self.text) if place < 0 else place


def _identifier(text: str, start: int) -> int:
    """The end of the variable's name that begins at `start`."""
    end = start
    while end < len(text) and text[end].isascii() and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return end
