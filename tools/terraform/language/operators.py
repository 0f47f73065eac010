"""Terraform's operators on numbers and booleans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from tools.terraform.language.conversion import to_bool
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.numbers import exact, simple
from tools.terraform.language.values import EvaluationError, blend


def blend_as(kind: Any, *values: Any) -> UnknownValue:
    """The unknown value that results from these, of a known type."""
    return replace(blend(*values), type=kind)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def computed(operator: str, left: Any, right: Any) -> Any:
    if operator in "/%" and right == 0:
        return UnknownValue("a division by zero is not evaluated", type="number")
    if not exact(left, right):
        return UnknownValue("a number that Terraform would round is not evaluated", type="number")
    ours, theirs = Fraction(left), Fraction(right)
    if operator in "*/%" and (ours < 0 or theirs < 0) and not (ours and theirs and (operator != "%" or ours % theirs)):
        return UnknownValue("a negative zero is not evaluated", type="number")
    if operator == "%":
        quotient = ours / theirs
        result = ours - theirs * (abs(quotient) // 1) * (1 if quotient >= 0 else -1)
    elif operator == "/":
        result = ours / theirs
    elif operator == "*":
        result = ours * theirs
    else:
        result = ours + theirs if operator == "+" else ours - theirs
    if not exact(result):
        return UnknownValue("a number that Terraform would round is not evaluated", type="number")
    return simple(result)


def decided(value: Any) -> Any:
    if value is None:
        raise EvaluationError("true or false is needed, but this is null")
    return to_bool(value)
