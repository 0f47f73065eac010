"""Terraform's functions on collections, numbers and types."""

from __future__ import annotations

from typing import Any

from tools.terraform.language.arguments import NotEvaluatedError, listed, mapped, sequence, textual, whole
from tools.terraform.language.conversion import alike, convert, to_map
from tools.terraform.language.equality import MAX_COMPARED, ordered, same, series
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.unification import unify
from tools.terraform.language.values import (
    EvaluationError,
    MapValue,
    Series,
    blend,
    first_unknown,
    object_of,
    tuple_of,
    type_name,
    type_of,
)


def itself(value: Any) -> Any:
    """`sensitive`, `nonsensitive`."""
    return value


def coalesce(*values: Any) -> Any:
    """`coalesce`: the first that is neither null nor "", converted to the type that all of them share."""
    kinds = [type_of(item) for item in values if item is not None]
    shared = unify(kinds)
    if shared is None:
        raise EvaluationError("the arguments of coalesce must have one type; these do not")
    for item in values:
        if isinstance(item, UnknownValue):
            return blend(*values)
        if item is None or item == "":
            continue
        if isinstance(item, str):
            return item
        if None in values or "any" in kinds or any(map(first_unknown, values)):
            # The type of a null counts too, and is not followed here.
            raise NotEvaluatedError
        return convert(item, shared)
    raise EvaluationError("every argument of coalesce is null or an empty string")


def coalescelist(*values: Any) -> Any:
    """`coalescelist`: the first that is not empty."""
    if None in values:
        raise NotEvaluatedError
    for item in values:
        if sequence(item).items:
            if len({type_of(value)[0] for value in values}) > 1:
                raise NotEvaluatedError
            return item
    raise EvaluationError("every argument of coalescelist is an empty list")


def compact(values: Any) -> Any:
    """`compact`."""
    strings = convert(listed(values), ("list", "string"))
    return series("list", [item for item in strings.items if item], "string")


def concat(*values: Any) -> Any:
    """`concat`: a list when all are lists of one type, else a tuple."""
    lists = [sequence(item) for item in values]
    items = [item for part in lists for item in part.items]
    if all(part.kind == "list" for part in lists):
        shared = unify([part.of for part in lists])
        if shared is None:
            return tuple_of(items)
        if shared == "any" and items:
            raise NotEvaluatedError
        return series("list", [convert(item, shared) for item in items], shared)
    return tuple_of(items)


def contains(values: Any, expected: Any) -> Any:
    """`contains`."""
    if expected is None:
        raise EvaluationError("contains cannot look for null")
    verdicts = [same(item, expected) for item in listed(values).items]
    if any(item is True for item in verdicts):
        return True
    if any(isinstance(item, UnknownValue) for item in verdicts):
        return blend(values, expected, *verdicts)
    return False


def distinct(values: Any) -> Any:
    """`distinct`."""
    elements = listed(values)
    made = alike(elements.items, "list") if elements.kind == "tuple" else elements
    if isinstance(made, UnknownValue):
        return made
    if made.of in ("string", "number", "bool") and not first_unknown(made):
        return series("list", tuple(dict.fromkeys(made.items)), made.of)
    if len(made.items) > MAX_COMPARED:
        raise NotEvaluatedError
    kept: list[Any] = []
    for item in made.items:
        verdicts = [same(item, other) for other in kept]
        if any(isinstance(verdict, UnknownValue) for verdict in verdicts):
            raise NotEvaluatedError
        if not any(verdicts):
            kept.append(item)
    return series("list", kept, made.of)


def element(values: Any, at: Any) -> Any:
    """`element`: an index beyond the end starts again at the first."""
    series, number = sequence(values), whole(at)
    if number < 0:
        raise NotEvaluatedError
    if not series.items:
        raise EvaluationError("an empty list has no element")
    return series.items[number % len(series.items)]


def flatten(values: Any) -> Any:
    """`flatten`."""
    return tuple_of(_leaves(listed(values)))


def _leaves(values: Series) -> list[Any]:
    if not ordered(values):
        raise NotEvaluatedError
    leaves: list[Any] = []
    for item in values.items:
        if isinstance(item, UnknownValue) and item.type not in ("string", "number", "bool"):
            raise NotEvaluatedError
        leaves.extend(_leaves(item) if isinstance(item, Series) else [item])
    return leaves


def index(values: Any, expected: Any) -> Any:
    """`index`."""
    if expected is None:
        raise EvaluationError("index cannot look for null")
    for at, item in enumerate(sequence(values).items):
        verdict = same(item, expected)
        if isinstance(verdict, UnknownValue):
            raise NotEvaluatedError
        if verdict:
            return at
    raise EvaluationError("the list has no such element")


def keys(value: Any) -> Any:
    """`keys`."""
    mapping = mapped(value)
    return series("list", list(mapping.items), "string") if mapping.kind == "map" else tuple_of(mapping.items)


def values(value: Any) -> Any:
    """`values`."""
    mapping = mapped(value)
    if mapping.kind == "map":
        return series("list", list(mapping.items.values()), mapping.of)
    return tuple_of(mapping.items.values())


def length(value: Any) -> Any:
    """`length`."""
    if isinstance(value, str):
        if not value.isascii() or "\r" in value:
            raise NotEvaluatedError
        return len(value)
    if isinstance(value, Series | MapValue):
        if isinstance(value, Series) and value.kind == "set" and first_unknown(value):
            return blend(value)
        return len(value.items)
    raise EvaluationError(f"length needs a collection or a string, and this is {type_name(value)}")


def lookup(value: Any, key: Any, *default: Any) -> Any:
    """`lookup`."""
    mapping, name = mapped(value), textual(key)
    if name in mapping.items:
        return mapping.items[name]
    if not default:
        raise EvaluationError(f'there is no element "{name}"')
    if mapping.kind == "object":
        return default[0]
    # A null has a type too, which is not followed, and might not go with that of the elements.
    if isinstance(mapping.of, tuple) if default[0] is None else mapping.of == "any":
        raise NotEvaluatedError
    return convert(default[0], mapping.of)


def merge(*values: Any) -> Any:
    """`merge`: the last value of a key wins; null arguments are left out."""
    if None in values and not all(item is None or isinstance(item, MapValue) for item in values):
        raise NotEvaluatedError
    mappings = [mapped(item) for item in values if item is not None]
    if not mappings:
        if values:
            raise NotEvaluatedError
        return object_of({})
    items: dict[str, Any] = {}
    for mapping in mappings:
        items.update(mapping.items)
    ordered_items = dict(sorted(items.items()))
    kinds = {type_of(mapping) for mapping in mappings}
    if len(mappings) == len(values) and len(kinds) == 1 and mappings[0].kind == "map":
        return MapValue("map", ordered_items, mappings[0].of)
    if any(mapping.kind == "map" for mapping in mappings) and any(item is None for item in values):
        raise NotEvaluatedError
    return object_of(items)


def single(value: Any) -> Any:
    """`one`."""
    elements = listed(value)
    if elements.kind == "set" and first_unknown(elements):
        raise NotEvaluatedError
    if len(elements.items) > 1:
        raise EvaluationError("one needs a list with at most one element")
    return elements.items[0] if elements.items else None


def reverse(values: Any) -> Any:
    """`reverse`."""
    elements = listed(values)
    if elements.kind == "set":
        return series("list", elements.items[::-1], elements.of)
    return Series(elements.kind, elements.items[::-1], elements.of)


def slice_(values: Any, start: Any, end: Any) -> Any:
    """`slice`."""
    series, first, last = sequence(values), whole(start), whole(end)
    if not 0 <= first <= last <= len(series.items):
        raise EvaluationError("slice goes beyond the end of the list")
    return Series(series.kind, series.items[first:last], series.of)


def sort(values: Any) -> Any:
    """`sort`."""
    strings = convert(listed(values), ("list", "string"))
    if any(item is None for item in strings.items):
        raise EvaluationError("sort does not accept null")
    return series("list", sorted(strings.items), "string")


def tolist(value: Any) -> Any:
    """`tolist`."""
    if value is None:
        return None
    elements = listed(value)
    if elements.kind == "set":
        return Series("list", elements.items, elements.of)
    return elements if elements.kind == "list" else alike(elements.items, "list")


def chunklist(values: Any, size: Any) -> Any:
    """`chunklist`: parts of so many elements; with 0 one part."""
    whole_list, most = tolist(values), whole(size)
    if whole_list is None or isinstance(whole_list, UnknownValue):
        raise NotEvaluatedError
    if most < 0:
        raise EvaluationError("chunklist needs a size that is not negative")
    items, step = whole_list.items, most or max(len(whole_list.items), 1)
    parts = [Series("list", items[start : start + step], whole_list.of) for start in range(0, len(items), step)]
    return Series("list", tuple(parts), ("list", whole_list.of))


def transpose(value: Any) -> Any:
    """`transpose`: a map of lists of keys, by the strings of the lists."""
    turned: dict[str, list[str]] = {}
    for key, listed_there in sorted(mapped(value).items.items()):
        for item in convert(listed(listed_there), ("list", "string")).items:
            if item is None:
                raise EvaluationError("null cannot be a key")
            turned.setdefault(item, []).append(key)
    lists = {key: Series("list", tuple(keys), "string") for key, keys in sorted(turned.items())}
    return MapValue("map", lists, ("list", "string"))


def toset(value: Any) -> Any:
    """`toset`."""
    if value is None:
        return None
    if not isinstance(value, Series):
        raise EvaluationError(f"a set is needed, but this is {type_name(value)}")
    if value.kind == "set":
        return value
    return series("set", value.items, value.of) if value.kind == "list" else alike(value.items, "set")


def tomap(value: Any) -> Any:
    """`tomap`."""
    if value is None or (isinstance(value, MapValue) and value.kind == "map"):
        return value
    return to_map(value)


def zipmap(names: Any, items: Any) -> Any:
    """`zipmap`."""
    ours = convert(listed(names), ("list", "string"))
    theirs = sequence(items)
    if len(ours.items) != len(theirs.items):
        raise EvaluationError("zipmap needs as many keys as values")
    if any(isinstance(item, UnknownValue) for item in ours.items):
        raise NotEvaluatedError
    if any(item is None for item in ours.items):
        raise EvaluationError("null cannot be a key")
    pairs = dict(sorted(dict(zip(ours.items, theirs.items, strict=True)).items()))
    return MapValue("map", pairs, theirs.of) if theirs.kind == "list" else object_of(pairs)
