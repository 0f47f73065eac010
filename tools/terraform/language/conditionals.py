"""The value of a condition: the chosen side, converted to the type that both sides share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tools.terraform.language.conversion import convert
from tools.terraform.language.equality import same
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.unification import all_text, unify
from tools.terraform.language.values import (
    EvaluationError,
    MapValue,
    Series,
    Type,
    UndecidedError,
    blend,
    first_unknown,
    type_name,
    type_of,
)


def untyped_branch(chosen: Any) -> Any:
    """The chosen side where the type of the other is not known: unknown, unless no type could change it."""
    if isinstance(chosen, Series | MapValue) and not chosen.items:
        return replace(chosen, kind="map" if isinstance(chosen, MapValue) else "list", of="any")
    return chosen if isinstance(chosen, str) or chosen is None else blend(chosen)


def unified_branch(chosen: Any, other: Any) -> Any:
    """The chosen side, converted to the type that both sides share."""
    ours, theirs = type_of(chosen), type_of(other)
    if ours == theirs:
        return chosen
    if isinstance(chosen, UnknownValue):
        return replace(chosen, type=ours if ours == theirs else "any")
    if theirs == "any":
        unchanged = isinstance(chosen, str) or (isinstance(chosen, Series | MapValue) and not chosen.items)
        return chosen if unchanged else blend(other, chosen)
    if isinstance(chosen, Series | MapValue) and not chosen.items and ours[0] in ("tuple", "object"):
        # It stays empty whatever it is converted to; the other side decides the kind.
        kind = theirs[0] if isinstance(theirs, tuple) and theirs[0] in ("list", "set", "map") else ""
        if isinstance(theirs, tuple) and (theirs[0] in ("map", "object")) == isinstance(chosen, MapValue):
            if _apart(ours, theirs):
                raise _different(chosen, other)
            return replace(chosen, kind=kind or ("map" if isinstance(chosen, MapValue) else "list"))
    if first_unknown(chosen) or first_unknown(other):
        return _unified_in_part(chosen, other, ours, theirs)
    shared = unify([ours, theirs])
    if shared is None:
        raise _different(chosen, other)
    return convert(chosen, shared)


def _apart(ours: Type, theirs: Type) -> bool:
    """Whether two types are known to have no type in common."""
    try:
        return unify([ours, theirs]) is None
    except UndecidedError:
        return False


def _different(chosen: Any, other: Any) -> EvaluationError:
    return EvaluationError(
        f"the results of a condition have no type in common: they are {type_name(chosen)} and {type_name(other)}"
    )


def _unified_in_part(chosen: Any, other: Any, ours: Any, theirs: Any) -> Any:
    shared = unify([ours, theirs])
    if shared is None or not all_text(ours) or not all_text(theirs):
        return blend(chosen, other)
    return convert(chosen, shared)


def unknown_branch(condition: UnknownValue, then: Any, other: Any) -> Any:
    """The value where the condition is not known: unknown, unless both sides are the same."""
    sides = [side for side in (then, other) if not isinstance(side, EvaluationError)]
    if len(sides) == 2 and then is not None and same(then, other) is True:
        return then
    try:
        shared = unify([type_of(side) for side in sides])
    except UndecidedError:
        shared = None
    known = len(sides) == 2 and not any(side is None or type_of(side) == "any" for side in sides)
    return replace(blend(condition, *sides), type=shared if known and shared is not None else "any")
