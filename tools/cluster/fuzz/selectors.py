"""Random selectors: Kubernetes' label selectors, and Calico's grammar."""

from __future__ import annotations

from typing import Any

from tools.cluster.fuzz.dice import Dice
from tools.cluster.fuzz.topology import Labels

ABSENT = "absent"


def kubernetes(dice: Dice, labels: Labels, *, empty: float = 0.3) -> dict[str, Any]:
    """A label selector: matchLabels, matchExpressions, both, or, in the share `empty`, neither."""
    if dice.chance(empty):
        return {}
    made: dict[str, Any] = {}
    if dice.chance(0.5):
        names = dice.some(list(labels), 1)
        made["matchLabels"] = {name: dice.pick(labels[name]) for name in names}
    if not made or dice.chance(0.3):
        made["matchExpressions"] = [_requirement(dice, labels) for _ in dice.times(1, 2)]
    return made


def _requirement(dice: Dice, labels: Labels) -> dict[str, Any]:
    name = dice.pick(list(labels))
    operator = dice.weighted({"In": 3, "NotIn": 3, "Exists": 2, "DoesNotExist": 2})
    if operator in ("Exists", "DoesNotExist"):
        return {"key": name, "operator": operator}
    return {"key": name, "operator": operator, "values": dice.some(labels[name], 2)}


def calico(dice: Dice, labels: Labels, depth: int = 2) -> str:
    """An expression of Calico's grammar, of at most that many levels."""
    if depth and dice.chance(0.35):
        sign = dice.pick((" && ", " || ", "||", "&&"))
        return sign.join(_operand(dice, labels, depth - 1) for _ in dice.times(2, 2))
    return _operand(dice, labels, depth)


def _operand(dice: Dice, labels: Labels, depth: int) -> str:
    bangs = dice.weighted({"": 12, "!": 4, "! ": 1, "!!": 1})
    if depth and dice.chance(0.25):
        return f"{bangs}({calico(dice, labels, depth - 1)})"
    return bangs + _operation(dice, labels)


def _operation(dice: Dice, labels: Labels) -> str:
    name = ABSENT if dice.chance(0.06) else dice.pick(list(labels))
    values = labels.get(name, ("nothing",))
    value = dice.pick(values)
    quote = dice.pick(("'", "'", '"'))
    operation = f"{quote}{value}{quote}"
    several = ", ".join(f"{quote}{it}{quote}" for it in dice.some(values, 2))
    # Parts as long as the shortest value: another value may hold one where this one begins or ends with it.
    size = min(len(it) for it in values)
    head, tail = value[:size], value[-size:]
    choices = {
        f"{name} == {operation}": 6,
        f"{name}=={operation}": 1,
        f"{name} != {operation}": 4,
        f"{name} in {{{several}}}": 4,
        f"{name} not in {{{several}}}": 3,
        f"{name} notin {{ {several} }}": 1,
        f"has({name})": 4,
        f"{name} contains {quote}{head[1:]}{quote}": 3,
        f"{name} starts with {quote}{head}{quote}": 4,
        f"{name} startswith {quote}{head}{quote}": 1,
        f"{name} ends with {quote}{tail}{quote}": 4,
        "all()": 2,
    }
    return dice.weighted(choices)
