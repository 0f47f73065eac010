"""Takes a function's arguments as the types that it needs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tools.terraform.language.conversion import to_number, to_string
from tools.terraform.language.equality import ordered
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.values import EvaluationError, MapValue, Series, type_name


class NotEvaluatedError(ValueError):
    """Arguments that Terraform accepts and this evaluator does not."""


def listed(value: Any) -> Series:
    """A list, tuple or set. Raises EvaluationError."""
    if not isinstance(value, Series):
        raise EvaluationError(f"a list is needed, but this is {type_name(value)}")
    if not ordered(value):
        raise NotEvaluatedError
    return value


def sequence(value: Any) -> Series:
    """A list or a tuple. Raises EvaluationError for a set."""
    series = listed(value)
    if series.kind == "set":
        raise EvaluationError("a list is needed, but this is a set; write tolist(…)")
    return series


def mapped(value: Any) -> MapValue:
    """A map or an object. Raises EvaluationError."""
    if not isinstance(value, MapValue):
        raise EvaluationError(f"a map is needed, but this is {type_name(value)}")
    return value


def numeric(value: Any) -> Any:
    """A number. Raises EvaluationError."""
    if value is None:
        raise EvaluationError("a number is needed, but this is null")
    number = to_number(value)
    if isinstance(number, UnknownValue):
        raise NotEvaluatedError
    return number


def whole(value: Any) -> int:
    """A whole number. Raises EvaluationError."""
    number = numeric(value)
    if isinstance(number, Fraction):
        raise EvaluationError("a whole number is needed")
    return int(number)


def textual(value: Any) -> str:
    """A string. Raises EvaluationError."""
    if value is None:
        raise EvaluationError("a string is needed, but this is null")
    string = to_string(value)
    if isinstance(string, UnknownValue):
        raise NotEvaluatedError
    return str(string)
