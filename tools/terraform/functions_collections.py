"""Terraform's functions on collections, numbers and types."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from tools.terraform.model import Unknown
from tools.terraform.numbers import exact, simple
from tools.terraform.values import (
    MAX_COMPARED,
    EvaluationError,
    Record,
    Series,
    alike,
    blend,
    convert,
    hidden,
    object_of,
    ordered,
    same,
    series,
    to_bool,
    to_map,
    to_number,
    to_string,
    tuple_of,
    type_name,
    type_of,
    unify,
)

MAX_RANGE = 1024
MAX_PRODUCT = 10_000


class NotEvaluatedError(ValueError):
    """Arguments that Terraform takes and this does not."""


def itself(value: Any) -> Any:
    """`sensitive`, `nonsensitive`."""
    return value


def listed(value: Any) -> Series:
    """A list, tuple or set. Raises EvaluationError."""
    if not isinstance(value, Series):
        raise EvaluationError(f"a list is needed, and this is {type_name(value)}")
    if not ordered(value):
        raise NotEvaluatedError
    return value


def sequence(value: Any) -> Series:
    """A list or a tuple. Raises EvaluationError for a set."""
    found = listed(value)
    if found.kind == "set":
        raise EvaluationError("a list is needed, and this is a set; write tolist(…)")
    return found


def mapped(value: Any) -> Record:
    """A map or an object. Raises EvaluationError."""
    if not isinstance(value, Record):
        raise EvaluationError(f"a map is needed, and this is {type_name(value)}")
    return value


def numeric(value: Any) -> Any:
    """A number. Raises EvaluationError."""
    if value is None:
        raise EvaluationError("a number is needed, and this is null")
    found = to_number(value)
    if isinstance(found, Unknown):
        raise NotEvaluatedError
    return found


def whole(value: Any) -> int:
    """A whole number. Raises EvaluationError."""
    found = numeric(value)
    if isinstance(found, Fraction):
        raise EvaluationError("a whole number is needed")
    return int(found)


def textual(value: Any) -> str:
    """A string. Raises EvaluationError."""
    if value is None:
        raise EvaluationError("a string is needed, and this is null")
    found = to_string(value)
    if isinstance(found, Unknown):
        raise NotEvaluatedError
    return str(found)


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
    found = listed(values)
    if not found.items:
        raise EvaluationError("sum needs at least one number")
    numbers = [numeric(item) for item in found.items]
    if not exact(*numbers) or not all(isinstance(item, int | Fraction) for item in found.items):
        raise NotEvaluatedError
    return simple(sum(map(Fraction, numbers), Fraction(0)))


def _truths(values: Any) -> list[Any]:
    found = listed(values)
    made = [None if item is None else to_bool(item) for item in found.items]
    if any(item is None for item in made):
        raise NotEvaluatedError
    return made


def alltrue(values: Any) -> Any:
    """`alltrue`."""
    return all(_truths(values))


def anytrue(values: Any) -> Any:
    """`anytrue`."""
    return any(_truths(values))


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
            if len({type_of(one)[0] for one in values}) > 1:
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


def contains(values: Any, wanted: Any) -> Any:
    """`contains`."""
    if wanted is None:
        raise EvaluationError("contains does not look for null")
    found = [same(item, wanted) for item in listed(values).items]
    if any(item is True for item in found):
        return True
    if any(isinstance(item, Unknown) for item in found):
        return blend(values, wanted, *found)
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
    found, number = sequence(values), whole(at)
    if number < 0:
        raise NotEvaluatedError
    if not found.items:
        raise EvaluationError("element of an empty list")
    return found.items[number % len(found.items)]


def flatten(values: Any) -> Any:
    """`flatten`."""
    return tuple_of(_leaves(listed(values)))


def _leaves(values: Series) -> list[Any]:
    if not ordered(values):
        raise NotEvaluatedError
    found: list[Any] = []
    for item in values.items:
        if isinstance(item, Unknown) and item.type not in ("string", "number", "bool"):
            raise NotEvaluatedError
        found.extend(_leaves(item) if isinstance(item, Series) else [item])
    return found


def index(values: Any, wanted: Any) -> Any:
    """`index`."""
    if wanted is None:
        raise EvaluationError("index does not look for null")
    for at, item in enumerate(sequence(values).items):
        verdict = same(item, wanted)
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
    if found.of == "any" and default[0] is not None:
        raise NotEvaluatedError
    return convert(default[0], found.of)


def merge(*values: Any) -> Any:
    """`merge`: later ones win; null is nothing."""
    found = [mapped(item) for item in values if item is not None]
    if not found:
        raise NotEvaluatedError
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
    found: list[Any] = []
    while (start < end) if step > 0 else (start > end):
        if len(found) >= MAX_RANGE:
            raise EvaluationError(f"range gives more than {MAX_RANGE} numbers")
        found.append(simple(Fraction(start)))
        start += step
    return series("list", found, "number")


def reverse(values: Any) -> Any:
    """`reverse`."""
    found = listed(values)
    if found.kind == "set":
        return series("list", found.items[::-1], found.of)
    return Series(found.kind, found.items[::-1], found.of)


def slice_(values: Any, start: Any, end: Any) -> Any:
    """`slice`."""
    found, first, last = sequence(values), whole(start), whole(end)
    if not 0 <= first <= last <= len(found.items):
        raise EvaluationError("slice goes beyond the list")
    return Series(found.kind, found.items[first:last], found.of)


def sort(values: Any) -> Any:
    """`sort`."""
    found = convert(listed(values), ("list", "string"))
    if any(item is None for item in found.items):
        raise EvaluationError("sort does not take null")
    return series("list", sorted(found.items), "string")


def _sets(values: Sequence[Any]) -> list[Series]:
    found = [toset(item) for item in values]
    if any(isinstance(item, Unknown) for item in found):
        raise NotEvaluatedError
    shared = unify([item.of for item in found])
    if shared is None or (shared == "any" and any(item.items for item in found)):
        raise NotEvaluatedError
    return [convert(item, ("set", shared)) for item in found]


def setunion(*values: Any) -> Any:
    """`setunion`."""
    found = _sets(values)
    return series("set", [item for one in found for item in one.items], found[0].of)


def setintersection(*values: Any) -> Any:
    """`setintersection`."""
    first, *rest = _sets(values)
    kept = [item for item in first.items if all(_holds(one, item) for one in rest)]
    return series("set", kept, first.of)


def setsubtract(left: Any, right: Any) -> Any:
    """`setsubtract`."""
    ours, theirs = _sets((left, right))
    return series("set", [item for item in ours.items if not _holds(theirs, item)], ours.of)


def _holds(values: Series, wanted: Any) -> bool:
    verdicts = [same(item, wanted) for item in values.items]
    if any(isinstance(verdict, Unknown) for verdict in verdicts):
        raise NotEvaluatedError
    return any(verdicts)


def setproduct(*values: Any) -> Any:
    """`setproduct`: of lists and tuples a list in order; of sets a set."""
    found = [listed(item) for item in values]
    if math.prod(len(one.items) for one in found) > MAX_PRODUCT:
        raise NotEvaluatedError
    rows = [tuple_of(row) for row in product(*(one.items for one in found))]
    if all(one.kind == "set" for one in found):
        if any(map(hidden, found)):
            raise NotEvaluatedError
        return series("set", rows, ("tuple", tuple(one.of for one in found)))
    if any(one.kind == "set" for one in found):
        raise NotEvaluatedError
    if all(one.kind == "list" for one in found):
        return series("list", rows, ("tuple", tuple(one.of for one in found)))
    made = [made for one in found if isinstance(made := alike(one.items, "list"), Series)]
    if len(made) < len(found):
        raise NotEvaluatedError
    return alike([tuple_of(row) for row in product(*(one.items for one in made))], "list")


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


def tonumber(value: Any) -> Any:
    """`tonumber`."""
    return to_number(value)


def tostring(value: Any) -> Any:
    """`tostring`."""
    return to_string(value)


def tobool(value: Any) -> Any:
    """`tobool`."""
    return to_bool(value)


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
