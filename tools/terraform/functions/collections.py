"""Terraform's functions on collections, numbers and types."""

from __future__ import annotations

from typing import Any

from tools.terraform.language.arguments import NotEvaluatedError, listed, mapped, sequence, textual, whole
from tools.terraform.language.conversion import alike, convert, to_map
from tools.terraform.language.equality import MAX_COMPARED, ordered, same, series
from tools.terraform.language.model import Unknown
from tools.terraform.language.unification import unify
from tools.terraform.language.values import (
    EvaluationError,
    Record,
    Series,
    blend,
    hidden,
    object_of,
    tuple_of,
    type_name,
    type_of,
)


def itself(value: Any) -> Any:
    """`sensitive`, `nonsensitive`."""
    return value


def coalesce(*values: Any) -> Any:
    """`coalesce`: the first that is neither null nor ""; all are made to be of one type."""
    kinds = [type_of(item) for item in values if item is not None]
    shared = unify(kinds)
    if shared is None:
        raise EvaluationError("the arguments of coalesce are of one type; these are not")
    for item in values:
        if isinstance(item, Unknown):
            return blend(*values)
        if item is None or item == "":
            continue
        if isinstance(item, str):
            return item
        if None in values or "any" in kinds or any(map(hidden, values)):
            # The type of a null counts too, and is not followed here.
            raise NotEvaluatedError
        return convert(item, shared)
    raise EvaluationError("coalesce has nothing but null and empty strings")


def coalescelist(*values: Any) -> Any:
    """`coalescelist`: the first that is not empty."""
    if None in values:
        raise NotEvaluatedError
    for item in values:
        if sequence(item).items:
            if len({type_of(value)[0] for value in values}) > 1:
                raise NotEvaluatedError
            return item
    raise EvaluationError("coalescelist has nothing but empty lists")


def compact(values: Any) -> Any:
    """`compact`."""
    found = convert(listed(values), ("list", "string"))
    return series("list", [item for item in found.items if item], "string")


def concat(*values: Any) -> Any:
    """`concat`: a list when all are lists of one type, else a tuple."""
    found = [sequence(item) for item in values]
    items = [item for one in found for item in one.items]
    if all(one.kind == "list" for one in found):
        shared = unify([one.of for one in found])
        if shared is None:
            return tuple_of(items)
        if shared == "any" and items:
            raise NotEvaluatedError
        return series("list", [convert(item, shared) for item in items], shared)
    return tuple_of(items)


def contains(values: Any, expected: Any) -> Any:
    """`contains`."""
    if expected is None:
        raise EvaluationError("contains does not look for null")
    found = [same(item, expected) for item in listed(values).items]
    if any(item is True for item in found):
        return True
    if any(isinstance(item, Unknown) for item in found):
        return blend(values, expected, *found)
    return False


def distinct(values: Any) -> Any:
    """`distinct`."""
    found = listed(values)
    made = alike(found.items, "list") if found.kind == "tuple" else found
    if isinstance(made, Unknown):
        return made
    if made.of in ("string", "number", "bool") and not hidden(made):
        return series("list", tuple(dict.fromkeys(made.items)), made.of)
    if len(made.items) > MAX_COMPARED:
        raise NotEvaluatedError
    kept: list[Any] = []
    for item in made.items:
        verdicts = [same(item, other) for other in kept]
        if any(isinstance(verdict, Unknown) for verdict in verdicts):
            raise NotEvaluatedError
        if not any(verdicts):
            kept.append(item)
    return series("list", kept, made.of)


def element(values: Any, at: Any) -> Any:
    """`element`: beyond the end it starts anew."""
    series, number = sequence(values), whole(at)
    if number < 0:
        raise NotEvaluatedError
    if not series.items:
        raise EvaluationError("element of an empty list")
    return series.items[number % len(series.items)]


def flatten(values: Any) -> Any:
    """`flatten`."""
    return tuple_of(_leaves(listed(values)))


def _leaves(values: Series) -> list[Any]:
    if not ordered(values):
        raise NotEvaluatedError
    leaves: list[Any] = []
    for item in values.items:
        if isinstance(item, Unknown) and item.type not in ("string", "number", "bool"):
            raise NotEvaluatedError
        leaves.extend(_leaves(item) if isinstance(item, Series) else [item])
    return leaves


def index(values: Any, expected: Any) -> Any:
    """`index`."""
    if expected is None:
        raise EvaluationError("index does not look for null")
    for at, item in enumerate(sequence(values).items):
        verdict = same(item, expected)
        if isinstance(verdict, Unknown):
            raise NotEvaluatedError
        if verdict:
            return at
    raise EvaluationError("the list does not hold that")


def keys(value: Any) -> Any:
    """`keys`."""
    found = mapped(value)
    return series("list", list(found.items), "string") if found.kind == "map" else tuple_of(found.items)


def values(value: Any) -> Any:
    """`values`."""
    found = mapped(value)
    if found.kind == "map":
        return series("list", list(found.items.values()), found.of)
    return tuple_of(found.items.values())


def length(value: Any) -> Any:
    """`length`."""
    if isinstance(value, str):
        if not value.isascii() or "\r" in value:
            raise NotEvaluatedError
        return len(value)
    if isinstance(value, Series | Record):
        if isinstance(value, Series) and value.kind == "set" and hidden(value):
            return blend(value)
        return len(value.items)
    raise EvaluationError(f"length needs a collection or a string, and this is {type_name(value)}")


def lookup(value: Any, key: Any, *default: Any) -> Any:
    """`lookup`."""
    found, name = mapped(value), textual(key)
    if name in found.items:
        return found.items[name]
    if not default:
        raise EvaluationError(f'there is no element "{name}"')
    if found.kind == "object":
        return default[0]
    # A null has a type too, which is not followed, and might not go with that of the elements.
    if isinstance(found.of, tuple) if default[0] is None else found.of == "any":
        raise NotEvaluatedError
    return convert(default[0], found.of)


def merge(*values: Any) -> Any:
    """`merge`: later ones win; null is nothing."""
    if None in values and not all(item is None or isinstance(item, Record) for item in values):
        raise NotEvaluatedError
    found = [mapped(item) for item in values if item is not None]
    if not found:
        if values:
            raise NotEvaluatedError
        return object_of({})
    items: dict[str, Any] = {}
    for one in found:
        items.update(one.items)
    ordered_items = dict(sorted(items.items()))
    kinds = {type_of(one) for one in found}
    if len(found) == len(values) and len(kinds) == 1 and found[0].kind == "map":
        return Record("map", ordered_items, found[0].of)
    if any(one.kind == "map" for one in found) and any(item is None for item in values):
        raise NotEvaluatedError
    return object_of(items)


def one(value: Any) -> Any:
    """`one`."""
    found = listed(value)
    if found.kind == "set" and hidden(found):
        raise NotEvaluatedError
    if len(found.items) > 1:
        raise EvaluationError("one needs a list with at most one element")
    return found.items[0] if found.items else None


def reverse(values: Any) -> Any:
    """`reverse`."""
    found = listed(values)
    if found.kind == "set":
        return series("list", found.items[::-1], found.of)
    return Series(found.kind, found.items[::-1], found.of)


def slice_(values: Any, start: Any, end: Any) -> Any:
    """`slice`."""
    series, first, last = sequence(values), whole(start), whole(end)
    if not 0 <= first <= last <= len(series.items):
        raise EvaluationError("slice goes beyond the list")
    return Series(series.kind, series.items[first:last], series.of)


def sort(values: Any) -> Any:
    """`sort`."""
    found = convert(listed(values), ("list", "string"))
    if any(item is None for item in found.items):
        raise EvaluationError("sort does not take null")
    return series("list", sorted(found.items), "string")


def tolist(value: Any) -> Any:
    """`tolist`."""
    if value is None:
        return None
    found = listed(value)
    if found.kind == "set":
        return Series("list", found.items, found.of)
    return found if found.kind == "list" else alike(found.items, "list")


def toset(value: Any) -> Any:
    """`toset`."""
    if value is None:
        return None
    if not isinstance(value, Series):
        raise EvaluationError(f"a set is needed, and this is {type_name(value)}")
    if value.kind == "set":
        return value
    return series("set", value.items, value.of) if value.kind == "list" else alike(value.items, "set")


def tomap(value: Any) -> Any:
    """`tomap`."""
    if value is None or (isinstance(value, Record) and value.kind == "map"):
        return value
    return to_map(value)


def zipmap(names: Any, items: Any) -> Any:
    """`zipmap`."""
    ours = convert(listed(names), ("list", "string"))
    theirs = sequence(items)
    if len(ours.items) != len(theirs.items):
        raise EvaluationError("zipmap needs as many keys as values")
    if any(isinstance(item, Unknown) for item in ours.items):
        raise NotEvaluatedError
    if any(item is None for item in ours.items):
        raise EvaluationError("null is no key")
    pairs = dict(sorted(dict(zip(ours.items, theirs.items, strict=True)).items()))
    return Record("map", pairs, theirs.of) if theirs.kind == "list" else object_of(pairs)
