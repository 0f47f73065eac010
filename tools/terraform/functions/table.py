"""Terraform's functions, as far as they are needed: the result of any other is unknown.

A function takes values and returns one. TABLE says which of them accept collections with unknown values inside; the
result of the others is unknown when anything in their arguments is. Source: Terraform's documentation of its functions,
and go-cty's `stdlib`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tools.terraform.functions import collections, formats, net, numbers, regex, sets, text
from tools.terraform.language.equality import primitive
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.numbers import InexactError
from tools.terraform.language.operators import blend_as
from tools.terraform.language.values import MAX_WEIGHT, EvaluationError, Series, first_unknown, weight_of


@dataclass(frozen=True, slots=True)
class Function:
    """A function, its fewest and most arguments (-1: any number), the type of its result ("any": it varies), and
    whether it accepts collections with unknown values inside.
    """

    apply: Callable[..., Any]
    least: int = 1
    most: int = 1
    gives: Any = "any"
    inside: bool = False


_STRINGS = ("list", "string")

TABLE: dict[str, Function] = {
    "abs": Function(numbers.absolute, gives="number"),
    "alltrue": Function(numbers.alltrue, gives="bool"),
    "anytrue": Function(numbers.anytrue, gives="bool"),
    "base64decode": Function(text.base64decode, gives="string"),
    "base64encode": Function(text.base64encode, gives="string"),
    "basename": Function(text.basename, gives="string"),
    "ceil": Function(numbers.ceil, gives="number"),
    "chunklist": Function(collections.chunklist, 2, 2, inside=True),
    "chomp": Function(text.chomp, gives="string"),
    "cidrhost": Function(net.cidrhost, 2, 2, "string"),
    "cidrnetmask": Function(net.cidrnetmask, gives="string"),
    "cidrsubnet": Function(net.cidrsubnet, 3, 3, "string"),
    "cidrsubnets": Function(net.cidrsubnets, 1, -1, _STRINGS),
    "coalesce": Function(collections.coalesce, 1, -1, inside=True),
    "coalescelist": Function(collections.coalescelist, 1, -1),
    "compact": Function(collections.compact, gives=_STRINGS),
    "concat": Function(collections.concat, 1, -1, inside=True),
    "contains": Function(collections.contains, 2, 2, "bool", inside=True),
    "dirname": Function(text.dirname, gives="string"),
    "distinct": Function(collections.distinct),
    "element": Function(collections.element, 2, 2, inside=True),
    "endswith": Function(text.endswith, 2, 2, "bool"),
    "flatten": Function(collections.flatten, inside=True),
    "csvdecode": Function(formats.csvdecode),
    "floor": Function(numbers.floor, gives="number"),
    "format": Function(text.format_, 1, -1, "string"),
    "formatlist": Function(text.formatlist, 1, -1, _STRINGS),
    "indent": Function(text.indent, 2, 2, "string"),
    "index": Function(collections.index, 2, 2, "number"),
    "join": Function(text.join, 2, -1, "string"),
    "jsondecode": Function(formats.jsondecode),
    "jsonencode": Function(formats.jsonencode, gives="string"),
    "keys": Function(collections.keys, inside=True),
    "length": Function(collections.length, gives="number", inside=True),
    "lookup": Function(collections.lookup, 2, 3, inside=True),
    "lower": Function(text.lower, gives="string"),
    "max": Function(numbers.maximum, 1, -1, "number"),
    "md5": Function(text.md5, gives="string"),
    "merge": Function(collections.merge, 0, -1, inside=True),
    "min": Function(numbers.minimum, 1, -1, "number"),
    "nonsensitive": Function(collections.itself, inside=True),
    "one": Function(collections.single, inside=True),
    "parseint": Function(text.parseint, 2, 2, "number"),
    "range": Function(numbers.range_, 1, 3, ("list", "number")),
    "regex": Function(regex.regex, 2, 2),
    "regexall": Function(regex.regexall, 2, 2),
    "replace": Function(regex.replace_, 3, 3, "string"),
    "reverse": Function(collections.reverse, inside=True),
    "sensitive": Function(collections.itself, inside=True),
    "setintersection": Function(sets.setintersection, 1, -1),
    "setproduct": Function(sets.setproduct, 2, -1, inside=True),
    "setsubtract": Function(sets.setsubtract, 2, 2),
    "setunion": Function(sets.setunion, 1, -1),
    "sha256": Function(text.sha256, gives="string"),
    "signum": Function(numbers.signum, gives="number"),
    "slice": Function(collections.slice_, 3, 3, inside=True),
    "sort": Function(collections.sort, gives=_STRINGS),
    "split": Function(text.split, 2, 2, _STRINGS),
    "startswith": Function(text.startswith, 2, 2, "bool"),
    "strcontains": Function(text.strcontains, 2, 2, "bool"),
    "strrev": Function(text.strrev, gives="string"),
    "substr": Function(text.substr, 3, 3, "string"),
    "sum": Function(numbers.sum_, gives="number"),
    "title": Function(text.title, gives="string"),
    "tobool": Function(numbers.tobool, gives="bool"),
    "tolist": Function(collections.tolist, inside=True),
    "tomap": Function(collections.tomap, inside=True),
    "tonumber": Function(numbers.tonumber, gives="number"),
    "toset": Function(collections.toset, inside=True),
    "tostring": Function(numbers.tostring, gives="string"),
    "transpose": Function(collections.transpose),
    "trim": Function(text.trim, 2, 2, "string"),
    "trimprefix": Function(text.trimprefix, 2, 2, "string"),
    "trimspace": Function(text.trimspace, gives="string"),
    "trimsuffix": Function(text.trimsuffix, 2, 2, "string"),
    "upper": Function(text.upper, gives="string"),
    "values": Function(collections.values, inside=True),
    "yamldecode": Function(formats.yamldecode),
    "yamlencode": Function(formats.yamlencode, gives="string", inside=True),
    "zipmap": Function(collections.zipmap, 2, 2, inside=True),
}


# Functions that compare each element with every other where the elements are not primitives.
_COMPARING = frozenset({"distinct", "setintersection", "setsubtract", "setunion", "setproduct", "toset"})


def comparisons(name: str, arguments: Sequence[Any]) -> int:
    """How many comparisons of elements a call makes at most; 0 where the elements are primitives."""
    if name not in _COMPARING:
        return 0
    items = [item for value in arguments if isinstance(value, Series) for item in value.items]
    return len(items) ** 2 if not primitive(items) else 0


def call(name: str, arguments: Sequence[Any]) -> Any:
    """The value of a function call. Raises EvaluationError for what Terraform would refuse."""
    function = TABLE.get(name)
    if function is None:
        return blend_as("any", *arguments, UnknownValue(f"the function {name} is not evaluated"))
    if len(arguments) < function.least or (function.most >= 0 and len(arguments) > function.most):
        raise EvaluationError(f"{name} does not take {len(arguments)} argument{'s' * (len(arguments) != 1)}")
    blind = [
        argument
        for argument in arguments
        if isinstance(argument, UnknownValue) or (not function.inside and first_unknown(argument))
    ]
    if blind and name != "coalesce":
        return blend_as(function.gives, *blind)
    if sum(map(weight_of, arguments)) > MAX_WEIGHT:
        return UnknownValue(f"{name} is not evaluated for so much data", type=function.gives)
    try:
        return function.apply(*arguments)
    except (InexactError, ArithmeticError, ValueError, TypeError, AttributeError, IndexError, KeyError, RecursionError):
        return UnknownValue(f"{name} is not evaluated for these arguments", type=function.gives)
