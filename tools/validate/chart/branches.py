"""The branches of Go templates, and text in which each says that it was reached.

A branch is what follows `if`, `with`, `range`, `else` or `define`. Helm has no function that notes anything; but `fail`
ends a render with a message, so a branch that begins with it says so once, and is then left to go on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

MARK = "sark-network reached branch"
_ACTION = re.compile(
    r"""\{\{-?\s*(?P<text>/\*.*?\*/|(?:"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])+'|(?!-?\}\}).)*?)\s*-?\}\}""",
    re.DOTALL,
)
_OPENS = re.compile(r"(?:if|with|range|define|block)\b")
_NAMED = re.compile(r"(?:define|block)\b")
_REFUSES = re.compile(r"\b(?:fail|required)\b")
_REACHED = re.compile(MARK + r" (\d+)")


@dataclass(frozen=True, slots=True)
class TemplateBranch:
    """One branch: its template, its line, what opens it, and where its text begins.

    `refuses`: it ends the render itself, so that no values that are right reach it.
    """

    file: str
    line: int
    opening: str
    start: int
    refuses: bool = False


def branches(text: str, file: str) -> tuple[TemplateBranch, ...]:
    """The branches of a template, in their order."""
    made: list[TemplateBranch] = []
    refusing: set[int] = set()
    opened: list[int] = []
    for action in _ACTION.finditer(text):
        words = action["text"]
        if words.startswith("/*"):
            continue
        if words == "end" and opened:
            opened.pop()
        elif _OPENS.match(words) or re.match(r"else\b", words):
            if words.startswith("else") and opened:
                opened.pop()
            opened.append(len(made))
            made.append(
                TemplateBranch(file, text.count("\n", 0, action.start()) + 1, " ".join(words.split()), action.end())
            )
        elif opened and _REFUSES.search(_without_texts(words)):
            refusing.add(opened[-1])
    return tuple(
        TemplateBranch(
            each.file, each.line, each.opening, each.start, number in refusing and not _NAMED.match(each.opening)
        )
        for number, each in enumerate(made)
    )


def _without_texts(words: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"|`[^`]*`', '""', words)


def instrumented(text: str, numbered: Mapping[int, TemplateBranch]) -> str:
    """The template, in which each of these branches ends the render and gives its number."""
    pieces, end = [], 0
    for number, branch in sorted(numbered.items(), key=lambda item: item[1].start):
        pieces.append(f'{text[end : branch.start]}{{{{ fail "{MARK} {number}" }}}}')
        end = branch.start
    return "".join((*pieces, text[end:]))


def reached(message: str) -> int | None:
    """The number of the branch that a failed render reached, if that is why it failed."""
    match = _REACHED.search(message)
    return int(match[1]) if match else None


_CHAIN = re.compile(r"\.Values(?P<chain>(?:\.[A-Za-z_][\w]*)*)(?P<indexed>(?:\s+\"[^\"]+\")*)")
_WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Reads:
    """What templates read of the values, as far as their text tells: chains of keys, and every word in them."""

    chains: frozenset[tuple[str, ...]]
    words: frozenset[str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Reads:
        """What these templates read."""
        chains = {chain for text in texts for chain in _chains(text)}
        return cls(frozenset(chains), frozenset(word for text in texts for word in _WORD.findall(text)))

    def certainly(self, path: tuple[str, ...]) -> bool:
        """Whether a template names the whole path, or more than it."""
        return any(chain[: len(path)] == path for chain in self.chains)

    def perhaps(self, path: tuple[str, ...]) -> bool:
        """Whether a template takes what the path is in, and its last key is a word of some template."""
        above = any(path[: len(chain)] == chain for chain in self.chains)
        return above and path[-1] in self.words


def _chains(text: str) -> Iterator[tuple[str, ...]]:
    for action in _ACTION.finditer(text):
        for match in _CHAIN.finditer(action["text"]):
            keys = tuple(match["chain"].split(".")[1:])
            before = action["text"][: match.start()].rstrip("$ (")
            if match["indexed"] and before.endswith(("index", "get", "dig", "hasKey")):
                keys += tuple(re.findall(r'"([^"]+)"', match["indexed"]))
            yield keys


def leaves(values: Mapping[str, object], passed_over: Collection[str] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each value that holds no other key; `passed_over` are keys at the top that are somebody else's."""
    for key, value in values.items():
        if key in passed_over or not isinstance(key, str):
            continue
        if isinstance(value, Mapping) and value:
            yield from ((key, *below) for below in leaves(value))
        else:
            yield (key,)


def changed(value: object) -> object:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return [*value, "x"]
    return {"x": "y"} if isinstance(value, Mapping) else "x"
