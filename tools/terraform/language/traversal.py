"""Steps into a value: attributes and elements."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tools.terraform.language.conversion import to_number, to_string
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.values import EvaluationError, MapValue, Series, blend, type_name


def attribute(value: Any, name: str) -> Any:
    """`value.name`. Raises EvaluationError."""
    if isinstance(value, UnknownValue):
        return _inside(value, name)
    if value is None:
        raise EvaluationError(f"null has no attribute {name}")
    if not isinstance(value, MapValue):
        raise EvaluationError(f"{type_name(value)} has no attribute {name}")
    if name not in value.items:
        raise EvaluationError(f"there is no attribute {name}")
    return value.items[name]


def _inside(value: UnknownValue, name: str) -> UnknownValue:
    kind = value.type
    inner: Any = "any"
    if isinstance(kind, tuple) and kind[0] == "object":
        inner = dict(kind[1]).get(name, "any")
    elif isinstance(kind, tuple) and kind[0] in ("map", "list"):
        inner = kind[1]
    return UnknownValue(value.reason, value.refs, type=inner)


def element(value: Any, key: Any) -> Any:
    """`value[key]`. Raises EvaluationError."""
    if isinstance(value, UnknownValue):
        return _inside(value, key if isinstance(key, str) else "")
    if isinstance(key, UnknownValue):
        return blend(key, value)
    if value is None:
        raise EvaluationError("null has no elements")
    if key is None:
        raise EvaluationError("null cannot be an index")
    if isinstance(value, MapValue):
        name = to_string(key)
        if name not in value.items:
            raise EvaluationError(f'there is no element "{name}"')
        return value.items[name]
    if not isinstance(value, Series) or value.kind == "set":
        raise EvaluationError(f"{type_name(value)} has no index")
    number = to_number(key)
    if isinstance(number, UnknownValue):
        return number
    if isinstance(number, Fraction) or not 0 <= number < len(value.items):
        raise EvaluationError(f"there is no element {number} in a list of {len(value.items)}")
    return value.items[number]
