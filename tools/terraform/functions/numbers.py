"""Terraform's functions on numbers and booleans."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from tools.terraform.language.arguments import NotEvaluatedError, listed, numeric, whole
from tools.terraform.language.conversion import to_bool, to_number, to_string
from tools.terraform.language.equality import series
from tools.terraform.language.numbers import exact, simple
from tools.terraform.language.values import EvaluationError

MAX_RANGE = 1024


def absolute(value: Any) -> Any:
    """`abs`."""
    return abs(numeric(value))


def ceil(value: Any) -> Any:
    """`ceil`."""
    return math.ceil(numeric(value))


def floor(value: Any) -> Any:
    """`floor`."""
    return math.floor(numeric(value))


def signum(value: Any) -> Any:
    """`signum`."""
    number = whole(value)
    return (number > 0) - (number < 0)


def maximum(*values: Any) -> Any:
    """`max`."""
    return max(map(numeric, values))


def minimum(*values: Any) -> Any:
    """`min`."""
    return min(map(numeric, values))


def sum_(values: Any) -> Any:
    """`sum`."""
    addends = listed(values)
    if not addends.items:
        raise EvaluationError("sum needs at least one number")
    numbers = [numeric(item) for item in addends.items]
    if not exact(*numbers) or not all(isinstance(item, int | Fraction) for item in addends.items):
        raise NotEvaluatedError
    return simple(sum(map(Fraction, numbers), Fraction(0)))


def _booleans(values: Any) -> list[Any]:
    booleans = listed(values)
    made = [None if item is None else to_bool(item) for item in booleans.items]
    if any(item is None for item in made):
        raise NotEvaluatedError
    return made


def alltrue(values: Any) -> Any:
    """`alltrue`."""
    return all(_booleans(values))


def anytrue(values: Any) -> Any:
    """`anytrue`."""
    return any(_booleans(values))


def range_(*bounds: Any) -> Any:
    """`range`."""
    numbers = [numeric(item) for item in bounds]
    if not exact(*numbers):
        raise NotEvaluatedError
    start, end = (0, numbers[0]) if len(numbers) == 1 else numbers[:2]
    step = numbers[2] if len(numbers) == 3 else (1 if end >= start else -1)
    if step == 0 or (step > 0) != (end >= start):
        if end == start:
            raise NotEvaluatedError
        raise EvaluationError("the step of range leads away from its end")
    count = math.ceil(Fraction(end - start) / step)
    if count > MAX_RANGE:
        raise EvaluationError(f"range gives more than {MAX_RANGE} numbers")
    return series("list", [simple(start + at * step) for at in range(count)], "number")


def tonumber(value: Any) -> Any:
    """`tonumber`."""
    return to_number(value)


def tostring(value: Any) -> Any:
    """`tostring`."""
    return to_string(value)


def tobool(value: Any) -> Any:
    """`tobool`."""
    return to_bool(value)
