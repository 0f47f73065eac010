"""Terraform's functions on sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

from tools.terraform.functions.collections import toset
from tools.terraform.language.arguments import NotEvaluatedError, listed
from tools.terraform.language.conversion import alike, convert
from tools.terraform.language.equality import same, series
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.unification import unify
from tools.terraform.language.values import Series, first_unknown, tuple_of

MAX_PRODUCT = 10_000


def _sets(values: Sequence[Any]) -> list[Series]:
    serieses = [toset(item) for item in values]
    if any(isinstance(item, UnknownValue) for item in serieses):
        raise NotEvaluatedError
    shared = unify([item.of for item in serieses])
    if shared is None or (shared == "any" and any(item.items for item in serieses)):
        raise NotEvaluatedError
    return [convert(item, ("set", shared)) for item in serieses]


def setunion(*values: Any) -> Any:
    """`setunion`."""
    sets = _sets(values)
    return series("set", [item for members in sets for item in members.items], sets[0].of)


def setintersection(*values: Any) -> Any:
    """`setintersection`."""
    first, *rest = _sets(values)
    kept = [item for item in first.items if all(_holds(other, item) for other in rest)]
    return series("set", kept, first.of)


def setsubtract(left: Any, right: Any) -> Any:
    """`setsubtract`."""
    ours, theirs = _sets((left, right))
    return series("set", [item for item in ours.items if not _holds(theirs, item)], ours.of)


def _holds(values: Series, expected: Any) -> bool:
    verdicts = [same(item, expected) for item in values.items]
    if any(isinstance(verdict, UnknownValue) for verdict in verdicts):
        raise NotEvaluatedError
    return any(verdicts)


def setproduct(*values: Any) -> Any:
    """`setproduct`: a list for lists and tuples, a set for sets."""
    factors = [listed(item) for item in values]
    if math.prod(len(factor.items) for factor in factors) > MAX_PRODUCT:
        raise NotEvaluatedError
    rows = [tuple_of(row) for row in product(*(factor.items for factor in factors))]
    if all(factor.kind == "set" for factor in factors):
        if any(map(first_unknown, factors)):
            raise NotEvaluatedError
        return series("set", rows, ("tuple", tuple(factor.of for factor in factors)))
    if any(factor.kind == "set" for factor in factors):
        raise NotEvaluatedError
    if all(factor.kind == "list" for factor in factors):
        return series("list", rows, ("tuple", tuple(factor.of for factor in factors)))
    lists = [members for factor in factors if isinstance(members := alike(factor.items, "list"), Series)]
    if len(lists) < len(factors):
        raise NotEvaluatedError
    rows = [tuple_of(row) for row in product(*(factor.items for factor in lists))]
    return alike(rows, "list") if rows else series("list", rows, ("tuple", tuple(factor.of for factor in lists)))
