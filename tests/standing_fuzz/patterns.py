"""Text that a regular expression takes, made from the expression."""

from __future__ import annotations

# Python's own parser of expressions: what it reads here are the patterns of the chart's schema.
from functools import cache
from re import _parser
from typing import Any

from tools.cluster.fuzz.dice import Dice

PRINTABLE = "abcxyz09AZ-_./:, "
MOST = 4


def sample(pattern: str, dice: Dice) -> str:
    """A text that the pattern is likely to take: look-arounds and anchors inside it are not looked at."""
    return "".join(_piece(str(name), argument, dice) for name, argument in _parsed(pattern))


@cache
def _parsed(pattern: str) -> Any:
    return _parser.parse(pattern)


def _piece(name: str, argument: Any, dice: Dice) -> str:
    if name == "LITERAL":
        return chr(argument)
    if name == "NOT_LITERAL":
        return dice.pick([each for each in PRINTABLE if ord(each) != argument])
    if name == "ANY":
        return dice.pick(PRINTABLE)
    if name == "IN":
        return _of_class(argument, dice)
    if name == "BRANCH":
        return _sequence(dice.pick(argument[1]), dice)
    if name == "SUBPATTERN":
        return _sequence(argument[3], dice)
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, inner = argument
        times = dice.number(least, max(least, min(int(most), least + MOST)))
        return "".join(_sequence(inner, dice) for _ in range(times))
    return ""


def _sequence(pieces: Any, dice: Dice) -> str:
    return "".join(_piece(str(name), argument, dice) for name, argument in pieces)


def _of_class(items: Any, dice: Dice) -> str:
    if str(items[0][0]) == "NEGATE":
        refused = {each for name, argument in items[1:] for each in _members(str(name), argument)}
        return dice.pick([each for each in PRINTABLE if each not in refused] or ["a"])
    return dice.pick([each for name, argument in items for each in _members(str(name), argument)])


def _members(name: str, argument: Any) -> list[str]:
    if name == "LITERAL":
        return [chr(argument)]
    if name == "RANGE":
        return [chr(code) for code in range(argument[0], argument[1] + 1)]
    return {"CATEGORY_DIGIT": list("0123456789"), "CATEGORY_SPACE": [" ", "\t", "\n"]}.get(str(argument), ["a"])
