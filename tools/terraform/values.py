"""Terraform's values while an expression is evaluated, their types, and how one becomes another.

A value is None, a bool, a Number, a str, a Sequence, a Record or an Unknown. A type is "string", "number", "bool",
"any", ("list" | "set" | "map", type), ("tuple", types) or ("object", ((name, type), …)); a variable's constraint may
also be ("record", ((name, type, optional, default), …)). Source: go-cty's `convert` package, which Terraform uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from tools.terraform.model import Unknown, unknowns
from tools.terraform.numbers import InexactError, Number, number, text

Type: TypeAlias = Any
# How many values are compared each with each other.
MAX_COMPARED = 1000
Any_ = "any"


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


@dataclass(frozen=True, slots=True)
class Record:
    """A map or an object, its keys in order; `of` is the type of a map's elements."""

    kind: str
    items: Mapping[str, Any]
    of: Type = Any_


def tuple_of(items: Iterable[Any]) -> Series:
    """A tuple."""
    return Series("tuple", tuple(items))


def object_of(items: Mapping[str, Any]) -> Record:
    """An object."""
    return Record("object", dict(sorted(items.items())))


def plain(value: Any) -> Any:
    """The value as plain data (tools/terraform/model.py)."""
    if isinstance(value, Series):
        return tuple(map(plain, value.items))
    if isinstance(value, Record):
        return {key: plain(item) for key, item in value.items.items()}
    return float(value) if isinstance(value, Fraction) else value


def from_plain(data: Any) -> Any:
    """The value of JSON-like data: lists are tuples, mappings are objects."""
    if isinstance(data, Mapping):
        return object_of({str(key): from_plain(item) for key, item in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, str):
        return tuple_of(map(from_plain, data))
    if isinstance(data, float | Decimal):
        return number(str(data))
    return data


def is_number(value: Any) -> bool:
    """Whether it is a number; a bool is none."""
    return isinstance(value, int | Fraction) and not isinstance(value, bool)


def hidden(value: Any) -> Unknown | None:
    """The first unknown in it, at any depth."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Series):
        return next((found for item in value.items if (found := hidden(item))), None)
    if isinstance(value, Record):
        return next((found for item in value.items.values() if (found := hidden(item))), None)
    return None


def blend(*values: Any, reason: str = "") -> Unknown:
    """The unknown that comes of these values: it has the references of every unknown in them."""
    found = [one for value in values for one in unknowns(plain(value))]
    refs = frozenset(ref for one in found for ref in one.refs)
    return Unknown(reason or (found[0].reason if found else "it cannot be told"), refs)


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
    if isinstance(value, Series):
        inner = tuple(map(type_of, value.items)) if value.kind == "tuple" else value.of
        return (value.kind, inner)
    if isinstance(value, Record):
        fields = tuple((key, type_of(item)) for key, item in value.items.items())
        return (value.kind, fields if value.kind == "object" else value.of)
    return Any_


def type_name(value: Any) -> str:
    """The kind of a value with its article, for a message."""
    found = type_of(value)
    name = found if isinstance(found, str) else str(found[0])
    return "null" if value is None else f"{'an' if name[0] in 'ao' else 'a'} {name}"


def unify(types: Sequence[Type]) -> Type | None:
    """The type that values of all these types become where they must be alike; None when there is none.

    Raises UndecidedError where null or an unknown leaves it open.
    """
    known = [item for item in types if item != Any_]
    if not known:
        return Any_
    if all(item == known[0] for item in known) and (len(known) == len(types) or known[0] == "string"):
        return known[0]
    if len(known) < len(types):
        raise UndecidedError
    shared = _unify_known(known)
    if shared is None and any(Any_ in _flat(item) for item in known):
        raise UndecidedError
    return shared


def textual(kind: Type) -> bool:
    """Whether nothing of that type could be made into anything else: text, or what is unknown."""
    if isinstance(kind, str):
        return kind in ("string", Any_)
    if kind[0] == "object":
        return all(textual(inner) for _, inner in kind[1])
    return all(map(textual, kind[1])) if kind[0] == "tuple" else textual(kind[1])


def _unify_known(types: Sequence[Type]) -> Type | None:
    if all(isinstance(item, str) for item in types):
        return "string" if "string" in types else None
    if any(isinstance(item, str) for item in types):
        return None
    kinds = {item[0] for item in types}
    if len(kinds) == 1 and kinds <= {"list", "set", "map"}:
        return _within(kinds.pop(), [item[1] for item in types])
    if kinds <= {"map", "object"}:
        return _unify_records(types, kinds)
    if kinds <= {"list", "tuple"}:
        return _unify_series(types, kinds)
    if kinds <= {"list", "set", "tuple"}:
        raise UndecidedError
    return None


def _within(kind: str, types: Sequence[Type]) -> Type | None:
    inner = unify(types)
    return None if inner is None else (kind, inner)


def _unify_records(types: Sequence[Type], kinds: set[str]) -> Type | None:
    if kinds == {"object"} and len({tuple(name for name, _ in item[1]) for item in types}) == 1:
        names = [name for name, _ in types[0][1]]
        inner = [unify([item[1][at][1] for item in types]) for at, _ in enumerate(names)]
        return None if None in inner else ("object", tuple(zip(names, inner, strict=True)))
    every = [one for item in types for one in ([t for _, t in item[1]] if item[0] == "object" else [item[1]])]
    return _within("map", every)


def _unify_series(types: Sequence[Type], kinds: set[str]) -> Type | None:
    if kinds == {"tuple"} and len({len(item[1]) for item in types}) == 1:
        inner = [unify([item[1][at] for item in types]) for at, _ in enumerate(types[0][1])]
        return None if None in inner else ("tuple", tuple(inner))
    every = [one for item in types for one in (item[1] if item[0] == "tuple" else (item[1],))]
    return _within("list", every)


def alike(values: Sequence[Any], kind: str) -> Series | Unknown:
    """A list or set of these values, made to be of one type. Raises EvaluationError when they cannot be."""
    inner = unify([type_of(item) for item in values])
    if inner is None:
        raise EvaluationError(f"the elements of a {kind} are of one type; these are not")
    if any(isinstance(item, Unknown) and item.type == Any_ for item in values) and inner not in ("string", Any_):
        items: tuple[Any, ...] = tuple(item if isinstance(item, Unknown) else blend(*values) for item in values)
        return series(kind, items, Any_)
    return series(kind, tuple(convert(item, inner) for item in values), inner)


def series(kind: str, items: Sequence[Any], of: Type) -> Series:
    """A list, or a set: sorted as Terraform sorts, each element once."""
    if kind != "set":
        return Series(kind, tuple(items), of)
    if of in ("string", "number", "bool") and _primitive(items):
        return Series("set", tuple(sorted(set(items))), of)
    if len(items) > MAX_COMPARED:
        raise UndecidedError
    distinct: list[Any] = []
    for item in items:
        if not any(same(item, other) is True for other in distinct):
            distinct.append(item)
    if (
        all(isinstance(item, str) for item in distinct)
        or all(map(is_number, distinct))
        or all(isinstance(item, bool) for item in distinct)
    ):
        distinct.sort()
    return Series("set", tuple(distinct), of)


def _primitive(items: Iterable[Any]) -> bool:
    return not any(isinstance(item, Series | Record | Unknown) or item is None for item in items)


def ordered(value: Series) -> bool:
    """Whether the order of its elements is Terraform's: a set of anything but primitives has one that is not known."""
    if value.kind != "set" or len(value.items) < 2:
        return True
    return _primitive(value.items)


def same(left: Any, right: Any) -> bool | Unknown:
    """Terraform's `==`."""
    if left is None or right is None:
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return blend(left, right)
        return left is None and right is None
    if hidden(left) or hidden(right):
        return blend(left, right)
    ours, theirs = type_of(left), type_of(right)
    if isinstance(ours, str) or isinstance(theirs, str):
        return bool(ours == theirs and left == right)
    if ours[0] != theirs[0]:
        return blend() if _untyped(left) or _untyped(right) else False
    return _same_inside(left, right, ours, theirs)


def _untyped(value: Series | Record) -> bool:
    """Whether it is empty and of a kind that is not sure."""
    return not value.items and value.kind not in ("tuple", "object") and value.of == Any_


def _same_inside(left: Any, right: Any, ours: Type, theirs: Type) -> bool | Unknown:
    if Any_ in _flat(ours) or Any_ in _flat(theirs):
        if not left.items and left == right:
            return True
        return Unknown("values with null or of an unknown type are not compared")
    if ours != theirs or len(left.items) != len(right.items):
        return False
    if isinstance(left, Record):
        if list(left.items) != list(right.items):
            return False
        return _all(same(item, right.items[key]) for key, item in left.items.items())
    if left.kind == "set":
        return _all(_any(same(one, other) for other in right.items) for one in left.items)
    return _all(same(one, other) for one, other in zip(left.items, right.items, strict=True))


def _all(verdicts: Iterable[bool | Unknown]) -> bool | Unknown:
    """Whether all hold: False when one surely does not, Unknown when one cannot be told."""
    found = tuple(verdicts)
    if any(verdict is False for verdict in found):
        return False
    return next((verdict for verdict in found if isinstance(verdict, Unknown)), True)


def _any(verdicts: Iterable[bool | Unknown]) -> bool | Unknown:
    found = tuple(verdicts)
    if any(verdict is True for verdict in found):
        return True
    return next((verdict for verdict in found if isinstance(verdict, Unknown)), False)


def _flat(found: Type) -> Iterable[str]:
    if isinstance(found, str):
        yield found
    elif found[0] == "object":
        for _, inner in found[1]:
            yield from _flat(inner)
    elif found[0] == "tuple":
        for inner in found[1]:
            yield from _flat(inner)
    else:
        yield from _flat(found[1])


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")
_NUMERIC = re.compile(r"[-+.\d][\w.+-]*|[+-]?inf.*|nan", re.IGNORECASE)


def to_string(value: Any) -> Any:
    """A primitive as a string. Raises EvaluationError."""
    if value is None or isinstance(value, str | Unknown):
        return replace(value, type="string") if isinstance(value, Unknown) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return written(value)
    raise EvaluationError(f"a string is needed, and this is {type_name(value)}")


def written(value: Number) -> str | Unknown:
    """A number as text."""
    try:
        return text(value)
    except InexactError:
        return Unknown("a number without an end is not written out", type="string")


def to_number(value: Any) -> Any:
    """A number from a number or a string. Raises EvaluationError."""
    if value is None or is_number(value):
        return value
    if isinstance(value, Unknown):
        return replace(value, type="number")
    if isinstance(value, str):
        if _NUMBER.fullmatch(value) and value.isascii() and (number(value) or not value.startswith("-")):
            return number(value)
        if _NUMERIC.fullmatch(value):
            return Unknown(f"`{value}` as a number is not evaluated", type="number")
        raise EvaluationError("a number is needed, and this string is none")
    raise EvaluationError(f"a number is needed, and this is {type_name(value)}")


def to_bool(value: Any) -> Any:
    """A bool from a bool or a string. Raises EvaluationError."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Unknown):
        return replace(value, type="bool")
    if isinstance(value, str) and value in ("true", "1", "false", "0"):
        return value in ("true", "1")
    raise EvaluationError(f"true or false is needed, and this is {type_name(value)}")


_PRIMITIVES = {"string": to_string, "number": to_number, "bool": to_bool}


def convert(value: Any, target: Type) -> Any:
    """The value as a value of the target type. Raises EvaluationError when there is none."""
    if target == Any_:
        return value
    if isinstance(target, str):
        return _PRIMITIVES[target](value)
    if value is None:
        return None
    if isinstance(value, Unknown):
        return replace(value, type=bare_type(target))
    kind, inner = target
    if kind in ("list", "set"):
        return _to_series(value, kind, inner)
    if kind == "tuple":
        return _to_tuple(value, inner)
    return _to_record(value, kind, inner)


def bare_type(target: Type) -> Type:
    """A constraint as the type of what comes out: without optional attributes."""
    if isinstance(target, str):
        return target
    kind, inner = target
    if kind == "record":
        return ("object", tuple((name, bare_type(one)) for name, one, _, _ in inner))
    if kind == "object":
        return ("object", tuple((name, bare_type(one)) for name, one in inner))
    return (kind, tuple(map(bare_type, inner)) if kind == "tuple" else bare_type(inner))


def _to_series(value: Any, kind: str, inner: Type) -> Any:
    if not isinstance(value, Series):
        raise EvaluationError(f"a {kind} is needed, and this is {type_name(value)}")
    if kind == "list" and not ordered(value):
        return blend(value, reason="the order of a set of lists or objects is not known")
    items = [convert(item, inner) for item in value.items]
    if inner == Any_ or Any_ in _flat(bare_type(inner)):
        return alike(items, kind)
    return series(kind, items, bare_type(inner))


def _to_tuple(value: Any, inner: Sequence[Type]) -> Any:
    if not isinstance(value, Series) or value.kind == "set" or len(value.items) != len(inner):
        raise EvaluationError(f"a tuple of {len(inner)} is needed")
    return tuple_of(convert(item, one) for item, one in zip(value.items, inner, strict=True))


def _to_record(value: Any, kind: str, inner: Type) -> Any:
    if not isinstance(value, Record):
        needed = "a map" if kind == "map" else "an object"
        raise EvaluationError(f"{needed} is needed, and this is {type_name(value)}")
    if kind == "map":
        items = {key: convert(item, inner) for key, item in value.items.items()}
        if inner == Any_ or Any_ in _flat(bare_type(inner)):
            return _alike_map(items)
        return Record("map", items, bare_type(inner))
    wanted = {entry[0]: entry for entry in inner}
    found: dict[str, Any] = {}
    for name, entry in wanted.items():
        if name in value.items and (value.items[name] is not None or kind != "record" or entry[3] is None):
            found[name] = convert(value.items[name], entry[1])
        elif kind == "record" and entry[2]:
            found[name] = convert(entry[3], entry[1])
        elif name in value.items:
            found[name] = None
        else:
            raise EvaluationError(f"the attribute {name} is missing")
    return object_of(found)


def _alike_map(items: Mapping[str, Any]) -> Any:
    made = alike(tuple(items.values()), "list")
    if isinstance(made, Unknown):
        return made
    return Record("map", dict(zip(items, made.items, strict=True)), made.of)


def to_map(value: Any) -> Any:
    """`tomap`: the elements are made to be of one type. Raises EvaluationError."""
    if isinstance(value, Record):
        return _alike_map(value.items)
    raise EvaluationError(f"a map is needed, and this is {type_name(value)}")
