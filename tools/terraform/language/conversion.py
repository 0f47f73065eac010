"""Converts values to other types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tools.terraform.language.equality import ordered, series
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.numbers import InexactError, Number, number, text
from tools.terraform.language.unification import flat, unify
from tools.terraform.language.values import (
    Any_,
    EvaluationError,
    MapValue,
    Series,
    Type,
    UndecidedError,
    blend,
    is_number,
    object_of,
    tuple_of,
    type_name,
    type_of,
)


def alike(values: Sequence[Any], kind: str) -> Series | UnknownValue:
    """A list or set of these values, converted to one type. Raises EvaluationError when there is none."""
    inner = unify([type_of(item) for item in values])
    if inner is None:
        raise EvaluationError(f"the elements of a {kind} must have one type; these do not")
    if any(isinstance(item, UnknownValue) and item.type == Any_ for item in values) and inner not in ("string", Any_):
        items: tuple[Any, ...] = tuple(item if isinstance(item, UnknownValue) else blend(*values) for item in values)
        return series(kind, items, Any_)
    return series(kind, tuple(convert(item, inner) for item in values), inner)


# How deep a value may be whose type has to be inferred.
MAX_LOOSE = 8
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")


_NUMERIC = re.compile(r"[-+.\d][\w.+-]*|[+-]?inf.*|nan", re.IGNORECASE)


def to_string(value: Any) -> Any:
    """A primitive as a string. Raises EvaluationError."""
    if value is None or isinstance(value, str | UnknownValue):
        return replace(value, type="string") if isinstance(value, UnknownValue) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return written(value)
    raise EvaluationError(f"a string is needed, but this is {type_name(value)}")


def written(value: Number) -> str | UnknownValue:
    """A number as text."""
    try:
        return text(value)
    except InexactError:
        return UnknownValue("a number with endless decimals is not written as text", type="string")


def to_number(value: Any) -> Any:
    """A number from a number or a string. Raises EvaluationError."""
    if value is None or is_number(value):
        return value
    if isinstance(value, UnknownValue):
        return replace(value, type="number")
    if isinstance(value, str):
        if _NUMBER.fullmatch(value) and value.isascii() and (number(value) or not value.startswith("-")):
            return number(value)
        if _NUMERIC.fullmatch(value):
            return UnknownValue(f"`{value}` as a number is not evaluated", type="number")
        raise EvaluationError("a number is needed, but this string is not one")
    raise EvaluationError(f"a number is needed, but this is {type_name(value)}")


def to_bool(value: Any) -> Any:
    """A bool from a bool or a string. Raises EvaluationError."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, UnknownValue):
        return replace(value, type="bool")
    if isinstance(value, str) and value in ("true", "1", "false", "0"):
        return value in ("true", "1")
    raise EvaluationError(f"true or false is needed, but this is {type_name(value)}")


_PRIMITIVES = {"string": to_string, "number": to_number, "bool": to_bool}


def convert(value: Any, target: Type) -> Any:
    """The value, converted to the target type. Raises EvaluationError when it cannot be."""
    if target == Any_:
        return value
    if isinstance(target, str):
        return _PRIMITIVES[target](value)
    if value is None:
        return None
    if isinstance(value, UnknownValue):
        return replace(value, type=bare_type(target))
    if type_of(value) == target:
        return value
    kind, inner = target
    if isinstance(value, Series | MapValue) and value.height > MAX_LOOSE and Any_ in flat(bare_type(target)):
        # Each level of an inferred type is visited twice.
        raise UndecidedError
    if kind in ("list", "set"):
        return _to_series(value, kind, inner)
    if kind == "tuple":
        return _to_tuple(value, inner)
    return _to_record(value, kind, inner)


def bare_type(target: Type) -> Type:
    """The type of a value that fits a constraint: without optional attributes."""
    if isinstance(target, str):
        return target
    kind, inner = target
    if kind == "record":
        return ("object", tuple((name, bare_type(field_type)) for name, field_type, _, _ in inner))
    if kind == "object":
        return ("object", tuple((name, bare_type(field_type)) for name, field_type in inner))
    return (kind, tuple(map(bare_type, inner)) if kind == "tuple" else bare_type(inner))


def _to_series(value: Any, kind: str, inner: Type) -> Any:
    if not isinstance(value, Series):
        raise EvaluationError(f"a {kind} is needed, but this is {type_name(value)}")
    if kind == "list" and not ordered(value):
        return blend(value, reason="the order of a set of lists or objects is not known")
    items = [convert(item, inner) for item in value.items]
    if inner == Any_ or Any_ in flat(bare_type(inner)):
        return alike(items, kind)
    return series(kind, items, bare_type(inner))


def _to_tuple(value: Any, inner: Sequence[Type]) -> Any:
    if not isinstance(value, Series) or value.kind == "set" or len(value.items) != len(inner):
        raise EvaluationError(f"a tuple of {len(inner)} elements is needed")
    return tuple_of(convert(item, item_type) for item, item_type in zip(value.items, inner, strict=True))


def _to_record(value: Any, kind: str, inner: Type) -> Any:
    if not isinstance(value, MapValue):
        needed = "a map" if kind == "map" else "an object"
        raise EvaluationError(f"{needed} is needed, but this is {type_name(value)}")
    if kind == "map":
        items = {key: convert(item, inner) for key, item in value.items.items()}
        if inner == Any_ or Any_ in flat(bare_type(inner)):
            return _alike_map(items)
        return MapValue("map", items, bare_type(inner))
    expected = {entry[0]: entry for entry in inner}
    attributes: dict[str, Any] = {}
    for name, entry in expected.items():
        if name in value.items and (value.items[name] is not None or kind != "record" or entry[3] is None):
            attributes[name] = convert(value.items[name], entry[1])
        elif kind == "record" and entry[2]:
            attributes[name] = convert(entry[3], entry[1])
        elif name in value.items:
            attributes[name] = None
        else:
            raise EvaluationError(f"the attribute {name} is missing")
    return object_of(attributes)


def _alike_map(items: Mapping[str, Any]) -> Any:
    made = alike(tuple(items.values()), "list")
    if isinstance(made, UnknownValue):
        return made
    return MapValue("map", dict(zip(items, made.items, strict=True)), made.of)


def to_map(value: Any) -> Any:
    """`tomap`: the elements are converted to one type. Raises EvaluationError."""
    if isinstance(value, MapValue):
        return _alike_map(value.items)
    raise EvaluationError(f"a map is needed, but this is {type_name(value)}")
