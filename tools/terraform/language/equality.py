"""Which values are equal, and sets, which hold each value once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tools.terraform.language.model import UnknownValue
from tools.terraform.language.unification import flat
from tools.terraform.language.values import (
    Any_,
    MapValue,
    Series,
    Type,
    UndecidedError,
    blend,
    first_unknown,
    is_number,
    type_of,
)

# How many values are compared, each with every other.
MAX_COMPARED = 1000


def series(kind: str, items: Sequence[Any], of: Type) -> Series:
    """A list, or a set: sorted as Terraform sorts, each element once."""
    if kind != "set":
        return Series(kind, tuple(items), of)
    if of in ("string", "number", "bool") and primitive(items):
        return Series("set", tuple(sorted(set(items))), of)
    if len(items) > MAX_COMPARED:
        raise UndecidedError
    distinct: list[Any] = []
    for item in items:
        if not any(same(item, other) is True for other in distinct):
            distinct.append(item)
    # Null comes last.
    given = [item for item in distinct if item is not None]
    if (
        all(isinstance(item, str) for item in given)
        or all(map(is_number, given))
        or all(isinstance(item, bool) for item in given)
    ):
        distinct = [*sorted(given), *(item for item in distinct if item is None)]
    return Series("set", tuple(distinct), of)


def primitive(items: Iterable[Any]) -> bool:
    return not any(isinstance(item, Series | MapValue | UnknownValue) or item is None for item in items)


def ordered(value: Series) -> bool:
    """Whether the order of its elements is Terraform's: that of a set of anything but primitives is not known."""
    if value.kind != "set" or len(value.items) < 2:
        return True
    return primitive(value.items)


def same(left: Any, right: Any) -> bool | UnknownValue:
    """Terraform's `==`."""
    if left is None or right is None:
        if isinstance(left, UnknownValue) or isinstance(right, UnknownValue):
            return blend(left, right)
        return left is None and right is None
    if first_unknown(left) or first_unknown(right):
        return blend(left, right)
    ours, theirs = type_of(left), type_of(right)
    if isinstance(ours, str) or isinstance(theirs, str):
        return bool(ours == theirs and left == right)
    if ours[0] != theirs[0]:
        return blend() if _untyped(left) or _untyped(right) else False
    return _same_inside(left, right, ours, theirs)


def _untyped(value: Series | MapValue) -> bool:
    """Whether it is empty, and the type of its elements is not known."""
    return not value.items and value.kind not in ("tuple", "object") and value.of == Any_


def _same_inside(left: Any, right: Any, ours: Type, theirs: Type) -> bool | UnknownValue:
    if Any_ in flat(ours) or Any_ in flat(theirs):
        if not left.items and left == right:
            return True
        return UnknownValue("values with null or of an unknown type are not compared")
    if ours != theirs or len(left.items) != len(right.items):
        return False
    if isinstance(left, MapValue):
        if list(left.items) != list(right.items):
            return False
        return _all(same(item, right.items[key]) for key, item in left.items.items())
    if left.kind == "set":
        return _all(_any(same(item, other) for other in right.items) for item in left.items)
    return _all(same(item, other) for item, other in zip(left.items, right.items, strict=True))


def _all(verdicts: Iterable[bool | UnknownValue]) -> bool | UnknownValue:
    """Whether all hold: False when one certainly does not, else unknown when one is."""
    results = tuple(verdicts)
    if any(verdict is False for verdict in results):
        return False
    return next((verdict for verdict in results if isinstance(verdict, UnknownValue)), True)


def _any(verdicts: Iterable[bool | UnknownValue]) -> bool | UnknownValue:
    results = tuple(verdicts)
    if any(verdict is True for verdict in results):
        return True
    return next((verdict for verdict in results if isinstance(verdict, UnknownValue)), False)
