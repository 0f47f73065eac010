"""Terraform's values while an expression is evaluated, their types, and how one becomes another.

A value is None, a bool, a Number, a str, a Sequence, a Record or an Unknown. A type is "string", "number", "bool",
"any", ("list" | "set" | "map", type), ("tuple", types) or ("object", ((name, type), …)); a variable's constraint may
also be ("record", ((name, type, optional, default), …)). Source: go-cty's `convert` package, which Terraform uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from tools.terraform.language.model import Unknown
from tools.terraform.language.numbers import InexactError, number
from tools.terraform.language.places import characters

Type: TypeAlias = Any
Any_ = "any"


# How many elements a value may hold at all depths (sixteen characters count as one), and how deep it may be.
MAX_WEIGHT = 50_000
MAX_HEIGHT = 100


class UndecidedError(InexactError):
    """What Terraform decides by rules that are not followed here."""


class EvaluationError(Exception):
    """What Terraform would refuse, and why."""


@dataclass(frozen=True, slots=True)
class Series:
    """A list, a set (in its order, without repetition) or a tuple; `of` is the type of a list's or set's elements."""

    kind: str
    items: tuple[Any, ...]
    of: Type = Any_
    weight: int = field(default=1, init=False, compare=False, repr=False)
    height: int = field(default=1, init=False, compare=False, repr=False)
    # Whether something in it is unknown, and its type once it was asked for.
    veiled: bool = field(default=False, init=False, compare=False, repr=False)
    type: Type = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        _weigh(self, self.items)


@dataclass(frozen=True, slots=True)
class Record:
    """A map or an object, its keys in order; `of` is the type of a map's elements."""

    kind: str
    items: Mapping[str, Any]
    of: Type = Any_
    weight: int = field(default=1, init=False, compare=False, repr=False)
    height: int = field(default=1, init=False, compare=False, repr=False)
    # Whether something in it is unknown, and its type once it was asked for.
    veiled: bool = field(default=False, init=False, compare=False, repr=False)
    type: Type = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        _weigh(self, self.items.values())


def _weigh(value: Series | Record, items: Iterable[Any]) -> None:
    """Note how much a value holds. What is shared counts each time. Raises UndecidedError for one that is too large."""
    weight, height, veiled = 1, 0, False
    for item in items:
        if isinstance(item, Series | Record):
            weight += item.weight
            height = max(height, item.height)
            veiled = veiled or item.veiled
        elif isinstance(item, Unknown):
            weight += 1
            veiled = True
        else:
            weight += 1 + len(item) // 16 if isinstance(item, str) else 1
    if weight > MAX_WEIGHT or height >= MAX_HEIGHT:
        raise UndecidedError
    object.__setattr__(value, "weight", weight)
    object.__setattr__(value, "height", height + 1)
    object.__setattr__(value, "veiled", veiled)


def weight_of(value: Any) -> int:
    """How much a value holds: its elements at all depths, and a sixteenth of its characters."""
    return value.weight if isinstance(value, Series | Record) else 1 + len(value) // 16 if isinstance(value, str) else 1


def tuple_of(items: Iterable[Any]) -> Series:
    """A tuple."""
    return Series("tuple", tuple(items))


def object_of(items: Mapping[str, Any]) -> Record:
    """An object."""
    return Record("object", dict(sorted(items.items())))


def to_data(value: Any) -> Any:
    """The value as plain data (tools/terraform/language/model.py)."""
    if isinstance(value, Series):
        return tuple(map(to_data, value.items))
    if isinstance(value, Record):
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
    """Whether it is a number; a bool is none."""
    return isinstance(value, int | Fraction) and not isinstance(value, bool)


def hidden(value: Any) -> Unknown | None:
    """The first unknown in it, at any depth."""
    while not isinstance(value, Unknown):
        if not isinstance(value, Series | Record) or not value.veiled:
            return None
        items = value.items if isinstance(value, Series) else value.items.values()
        value = next(item for item in items if isinstance(item, Unknown) or getattr(item, "veiled", False))
    return value


def veils(value: Any) -> Iterator[Unknown]:
    """Every unknown in it, at any depth."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Series | Record) and value.veiled:
        for item in value.items if isinstance(value, Series) else value.items.values():
            yield from veils(item)


def blend(*values: Any, reason: str = "") -> Unknown:
    """The unknown that comes of these values: it has the references of every unknown in them."""
    unknowns = list(dict.fromkeys(unknown for value in values for unknown in veils(value)))
    refs = frozenset(ref for unknown in unknowns for ref in unknown.refs)
    return Unknown(reason or (unknowns[0].reason if unknowns else "it cannot be told"), refs)


def type_of(value: Any) -> Type:
    """Terraform's type of a value; null and what is unknown have "any"."""
    if isinstance(value, Unknown):
        return value.type
    if isinstance(value, bool):
        return "bool"
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Series | Record):
        if value.type is None:
            object.__setattr__(value, "type", (value.kind, _inner_type(value)))
        return value.type
    return Any_


def _inner_type(value: Series | Record) -> Type:
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
