"""Terraform's values while an expression is evaluated, and their types.

A value is None, a bool, a Number, a str, a Series, a MapValue or an UnknownValue. A type is "string", "number", "bool",
"any", ("list" | "set" | "map", type), ("tuple", types) or ("object", ((name, type), …)); a variable's constraint may
also be ("record", ((name, type, optional, default), …)). Source: go-cty's `convert` package, which Terraform uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from tools.terraform.language.model import UnknownValue
from tools.terraform.language.numbers import InexactError, number
from tools.terraform.language.places import characters

Type: TypeAlias = Any
Any_ = "any"


# How many elements a value may hold at all depths (sixteen characters count as one), and how deep it may be.
MAX_WEIGHT = 50_000
MAX_HEIGHT = 100


class UndecidedError(InexactError):
    """What Terraform decides by rules that are not implemented here."""


class EvaluationError(Exception):
    """What Terraform would refuse; the message says why."""


@dataclass(slots=True)
class Series:
    """A list, a set (in its order, without repetition) or a tuple; `of` is the type of a list's or set's elements.

    `weight` is how many elements it holds at all depths, `height` how deep it is. A value is never changed once it is
    made.
    """

    kind: str
    items: tuple[Any, ...]
    of: Type = Any_
    weight: int = field(default=1, init=False, compare=False, repr=False)
    height: int = field(default=1, init=False, compare=False, repr=False)
    partly_unknown: bool = field(default=False, init=False, compare=False, repr=False)
    _type: Type = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.weight, self.height, self.partly_unknown = _measured(self.items)

    @property
    def type(self) -> Type:
        """Terraform's type of it, worked out when it is first asked for."""
        if self._type is None:
            self._type = (self.kind, _inner_type(self))
        return self._type


@dataclass(slots=True)
class MapValue:
    """A map or an object, its keys in order; `of` is the type of a map's elements. The rest is as in Series."""

    kind: str
    items: Mapping[str, Any]
    of: Type = Any_
    weight: int = field(default=1, init=False, compare=False, repr=False)
    height: int = field(default=1, init=False, compare=False, repr=False)
    partly_unknown: bool = field(default=False, init=False, compare=False, repr=False)
    _type: Type = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.weight, self.height, self.partly_unknown = _measured(self.items.values())

    @property
    def type(self) -> Type:
        """Terraform's type of it, worked out when it is first asked for."""
        if self._type is None:
            self._type = (self.kind, _inner_type(self))
        return self._type


def _measured(items: Iterable[Any]) -> tuple[int, int, bool]:
    """The weight and the height of a value with these elements, and whether anything in it is unknown.

    An element that is shared counts each time. Raises UndecidedError for a value that is too large.
    """
    weight, height, partly_unknown = 1, 0, False
    for item in items:
        if isinstance(item, Series | MapValue):
            weight += item.weight
            height = max(height, item.height)
            partly_unknown = partly_unknown or item.partly_unknown
        elif isinstance(item, UnknownValue):
            weight += 1
            partly_unknown = True
        else:
            weight += 1 + len(item) // 16 if isinstance(item, str) else 1
    if weight > MAX_WEIGHT or height >= MAX_HEIGHT:
        raise UndecidedError
    return weight, height + 1, partly_unknown


def weight_of(value: Any) -> int:
    """How much a value holds: its elements at all depths, and a sixteenth of its characters."""
    return (
        value.weight if isinstance(value, Series | MapValue) else 1 + len(value) // 16 if isinstance(value, str) else 1
    )


def tuple_of(items: Iterable[Any]) -> Series:
    """A tuple."""
    return Series("tuple", tuple(items))


def object_of(items: Mapping[str, Any]) -> MapValue:
    """An object."""
    return MapValue("object", dict(sorted(items.items())))


def to_data(value: Any) -> Any:
    """The value as plain data (tools/terraform/language/model.py)."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, Series):
        return tuple(map(to_data, value.items))
    if isinstance(value, MapValue):
        return {key: to_data(item) for key, item in value.items.items()}
    return float(value) if isinstance(value, Fraction) else value


def from_data(data: Any) -> Any:
    """The value of JSON-like data: lists are tuples, mappings are objects."""
    if isinstance(data, Mapping):
        return object_of({characters(str(key)): from_data(item) for key, item in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, str):
        return tuple_of(map(from_data, data))
    if isinstance(data, float | Decimal):
        return number(str(data))
    return characters(data) if isinstance(data, str) else data


def is_number(value: Any) -> bool:
    """Whether it is a number; a bool is not one."""
    return isinstance(value, int | Fraction) and not isinstance(value, bool)


def first_unknown(value: Any) -> UnknownValue | None:
    """The first unknown in it, at any depth."""
    while not isinstance(value, UnknownValue):
        if not isinstance(value, Series | MapValue) or not value.partly_unknown:
            return None
        items = value.items if isinstance(value, Series) else value.items.values()
        value = next(item for item in items if isinstance(item, UnknownValue) or getattr(item, "partly_unknown", False))
    return value


def unknowns_in(value: Any) -> Iterator[UnknownValue]:
    """Every unknown in it, at any depth."""
    if isinstance(value, UnknownValue):
        yield value
    elif isinstance(value, Series | MapValue) and value.partly_unknown:
        for item in value.items if isinstance(value, Series) else value.items.values():
            yield from unknowns_in(item)


def blend(*values: Any, reason: str = "") -> UnknownValue:
    """The unknown value that results from these: it has the references of every unknown in them."""
    unknowns = list(dict.fromkeys(unknown for value in values for unknown in unknowns_in(value)))
    refs = frozenset(ref for unknown in unknowns for ref in unknown.refs)
    return UnknownValue(reason or (unknowns[0].reason if unknowns else "it is not known"), refs)


def type_of(value: Any) -> Type:
    """Terraform's type of a value; null and what is unknown have "any"."""
    if isinstance(value, UnknownValue):
        return value.type
    if isinstance(value, bool):
        return "bool"
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Series | MapValue):
        return value.type
    return Any_


def _inner_type(value: Series | MapValue) -> Type:
    if isinstance(value, Series):
        return tuple(map(type_of, value.items)) if value.kind == "tuple" else value.of
    if value.kind == "object":
        return tuple((key, type_of(item)) for key, item in value.items.items())
    return value.of


def type_name(value: Any) -> str:
    """The kind of a value with its article, for a message."""
    type_ = type_of(value)
    name = type_ if isinstance(type_, str) else str(type_[0])
    return "null" if value is None else f"{'an' if name[0] in 'ao' else 'a'} {name}"
