"""The value of an expression: the one that Terraform gives it, or an unknown one. Never a guess.

Source: the specification of HCL's native syntax, and its implementation where that says more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tools.terraform.language import tree
from tools.terraform.language.budget import Budget
from tools.terraform.language.conditionals import unified_branch, unknown_branch, untyped_branch
from tools.terraform.language.conversion import alike, to_bool, to_number, to_string
from tools.terraform.language.equality import ordered, same
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.numbers import InexactError
from tools.terraform.language.operators import COMPARISONS, blend_as, computed, decided
from tools.terraform.language.traversal import attribute, element
from tools.terraform.language.unification import all_text
from tools.terraform.language.values import (
    EvaluationError,
    MapValue,
    Series,
    UndecidedError,
    blend,
    first_unknown,
    object_of,
    tuple_of,
    type_name,
    type_of,
    unknowns_in,
)

# How long a string may become.
MAX_TEXT = 1_000_000


class LocatedError(EvaluationError):
    """An evaluation error with the line of the expression that it comes from."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class NameResolver(Protocol):
    """What the names of a module stand for."""

    def resolve(self, root: str, steps: Sequence[tree.Attribute | tree.Index], env: Environment) -> tuple[Any, int]:
        """The value of a traversal's first words, and how many steps after `root` it took. Raises EvaluationError."""

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        """The value of a function call. Raises EvaluationError."""


@dataclass(slots=True)
class Doubts:
    """Counts the values that are not evaluated here, and that may be errors for Terraform."""

    count: int = 0


@dataclass(frozen=True, slots=True)
class Environment:
    """The names of the module, those that `for` and `dynamic` add, and the element of a splat."""

    names: NameResolver
    given: Mapping[str, Any] = field(default_factory=dict)
    element: Any = None
    doubts: Doubts = field(default_factory=Doubts)
    budget: Budget = field(default_factory=Budget)

    def having(self, **given: Any) -> Environment:
        """This environment with more names."""
        return Environment(self.names, {**self.given, **given}, self.element, self.doubts, self.budget)


# What an element of a `for` costs besides its expressions.
ELEMENT = 8
TOO_MUCH = "it takes too much work to evaluate"


def evaluate(node: tree.Node, env: Environment) -> Any:
    """The value of an expression. Raises LocatedError."""
    if isinstance(node, tree.Literal):
        return node.value
    budget = env.budget
    budget.work -= 1
    if budget.work < 0:
        env.doubts.count += 1
        return UnknownValue(TOO_MUCH)
    try:
        value = _EVALUATORS[type(node)](node, env)
    except LocatedError:
        raise
    except EvaluationError as error:
        raise LocatedError(str(error), node.line) from None
    except InexactError:
        value = UnknownValue("it depends on rules of Terraform that are not evaluated")
    if isinstance(value, Series | MapValue):
        budget.work -= value.weight >> 5
    elif isinstance(value, UnknownValue) and not value.refs:
        env.doubts.count += 1
    return value


def _literal(node: tree.Literal, env: Environment) -> Any:
    return node.value


def _unread(node: tree.Unread, env: Environment) -> Any:
    return UnknownValue(node.reason)


def _template(node: tree.Template, env: Environment) -> Any:
    if node.lone:
        return evaluate(node.parts[0], env)
    parts = [_text(evaluate(part, env)) for part in node.parts]
    if any(isinstance(part, UnknownValue) for part in parts):
        return replace(blend(*parts), type="string")
    return _joined(parts)


def _joined(parts: Sequence[str]) -> str:
    if sum(map(len, parts)) > MAX_TEXT:
        raise UndecidedError
    return "".join(parts)


def _text(value: Any) -> Any:
    if value is None:
        raise EvaluationError("null cannot be part of a string")
    return to_string(value)


def _branch(node: tree.Branch, env: Environment) -> Any:
    condition = decided(evaluate(node.condition, env))
    if isinstance(condition, UnknownValue):
        return condition
    return evaluate(node.then if condition else node.other, env)


def _loop(node: tree.Loop, env: Environment) -> Any:
    source = evaluate(node.source, env)
    if isinstance(source, UnknownValue):
        return blend(source)
    if isinstance(source, Series) and not ordered(source):
        return blend(source, reason="the order of a set of objects is not known")
    parts = []
    for pair in pairs(source):
        env.budget.work -= ELEMENT
        parts.append(evaluate(node.body, env.having(**_pair(node.key, node.value, pair))))
    if any(isinstance(part, UnknownValue) for part in parts):
        return replace(blend(*parts), type="string")
    return _joined(parts)


def _pair(index: str, item: str, pair: tuple[Any, Any]) -> dict[str, Any]:
    return {**({index: pair[0]} if index else {}), item: pair[1]}


def pairs(source: Any) -> Iterator[tuple[Any, Any]]:
    """Key and value of each element, as `for` sees them. Raises EvaluationError."""
    if isinstance(source, MapValue):
        yield from source.items.items()
    elif isinstance(source, Series):
        for at, item in enumerate(source.items):
            yield (item if source.kind == "set" else at), item
    else:
        raise EvaluationError(f"`for` iterates over a list, a set or a map, and this is {type_name(source)}")


def _name(node: tree.Name, env: Environment) -> Any:
    return _traversal(node, env)


def _traversal(node: tree.Node, env: Environment) -> Any:
    steps: list[tree.Attribute | tree.Index] = []
    base = node
    while isinstance(base, tree.Attribute | tree.Index):
        steps.append(base)
        base = base.of
    steps.reverse()
    taken = 0
    if not isinstance(base, tree.Name):
        value = evaluate(base, env)
    elif base.name in env.given:
        value = env.given[base.name]
    else:
        value, taken = env.names.resolve(base.name, steps, env)
    for step in steps[taken:]:
        value = follow(value, step, env)
    return value


def follow(value: Any, step: tree.Attribute | tree.Index, env: Environment) -> Any:
    """One step of a traversal. Raises EvaluationError."""
    if isinstance(step, tree.Attribute):
        return attribute(value, step.name)
    return element(value, evaluate(step.key, env))


def _splat(node: tree.Splat, env: Environment) -> Any:
    source = evaluate(node.of, env)
    if isinstance(source, UnknownValue):
        return UnknownValue(source.reason, source.refs)
    if source is None:
        if not isinstance(node.of, tree.Literal):
            return UnknownValue("a splat of null is an error where a list is meant, else it is empty")
        return tuple_of(())
    if not isinstance(source, Series):
        return tuple_of((evaluate(node.each, replace(env, element=source)),))
    if not ordered(source):
        return blend(source, reason="the order of a set of objects is not known")
    items = [evaluate(node.each, replace(env, element=item)) for item in source.items]
    if source.kind == "tuple":
        return tuple_of(items)
    return alike(items, "list")


def _element(node: tree.Element, env: Environment) -> Any:
    return env.element


def _call(node: tree.FunctionCall, env: Environment) -> Any:
    # Terraform's own functions have a namespace too.
    name = node.name.removeprefix("core::")
    if name in ("try", "can") and not node.spread:
        return _attempt(name, node, env)
    arguments = [evaluate(item, env) for item in node.arguments]
    if node.spread:
        last = arguments.pop()
        if isinstance(last, UnknownValue):
            return blend(last, *arguments)
        if not isinstance(last, Series):
            raise EvaluationError("`...` must follow a list, a tuple or a set")
        if not ordered(last):
            return blend(last, reason="the order of a set of objects is not known")
        arguments.extend(last.items)
    return env.names.call(name, arguments)


def _attempt(name: str, node: tree.FunctionCall, env: Environment) -> Any:
    """`try` and `can`. A value that is unknown may still fail once it is known, so it ends the attempt."""
    if not node.arguments or (name == "can" and len(node.arguments) != 1):
        raise EvaluationError(f"{name} does not take {len(node.arguments)} argument{'s' * (len(node.arguments) != 1)}")
    before = env.doubts.count
    for argument in node.arguments:
        try:
            value = evaluate(argument, env)
        except EvaluationError:
            if env.doubts.count > before:
                return UnknownValue("something in it is not evaluated")
            continue
        if env.doubts.count > before or not _sure(value):
            return blend(value)
        return value if name == "try" else True
    if name == "can":
        return False
    raise EvaluationError("no argument of try can be evaluated")


def _sure(value: Any) -> bool:
    """Whether all that is unknown in it are plain references, which cannot fail once they are known."""
    return all(unknown.bare for unknown in unknowns_in(value))


def _unary(node: tree.Unary, env: Environment) -> Any:
    value = evaluate(node.operand, env)
    if value is None:
        raise EvaluationError(f"`{node.operator}` needs a value, and this is null")
    if node.operator == "!":
        decided = to_bool(value)
        return blend_as("bool", decided) if isinstance(decided, UnknownValue) else not decided
    number = to_number(value)
    if number == 0:
        return UnknownValue("a negative zero is not evaluated", type="number")
    return blend_as("number", number) if isinstance(number, UnknownValue) else -number


def _binary(node: tree.Binary, env: Environment) -> Any:
    if node.operator in ("&&", "||"):
        return _logical(node, env)
    left, right = evaluate(node.left, env), evaluate(node.right, env)
    if node.operator in ("==", "!="):
        equal = same(left, right)
        if isinstance(equal, UnknownValue):
            return blend_as("bool", equal)
        return equal if node.operator == "==" else not equal
    kind = "bool" if node.operator in COMPARISONS else "number"
    if left is None or right is None:
        raise EvaluationError(f"`{node.operator}` needs two numbers, and one is null")
    left, right = to_number(left), to_number(right)
    if isinstance(left, UnknownValue) or isinstance(right, UnknownValue):
        return blend_as(kind, left, right)
    if node.operator in COMPARISONS:
        return COMPARISONS[node.operator](left, right)
    return computed(node.operator, left, right)


def _logical(node: tree.Binary, env: Environment) -> Any:
    decisive = node.operator == "||"
    left = decided(evaluate(node.left, env))
    try:
        right = decided(evaluate(node.right, env))
    except EvaluationError:
        # Newer versions of Terraform do not evaluate the right side then; older ones fail.
        if left is decisive:
            return UnknownValue("the right side fails, and not every version of Terraform evaluates it", type="bool")
        raise
    if any(isinstance(side, UnknownValue) and not side.refs for side in (left, right)):
        return blend_as("bool", left, right)
    if left is decisive or right is decisive:
        return decisive
    if isinstance(left, UnknownValue) or isinstance(right, UnknownValue):
        return blend_as("bool", left, right)
    return not decisive


# Expressions without a type when they fail; of the others Terraform knows the type even then.
_UNTYPED = (tree.Name, tree.Attribute, tree.Index, tree.FunctionCall)


_COLLECTIONS = (tree.Tuple, tree.Object, tree.Splat, tree.For)


def _conditional(node: tree.Conditional, env: Environment) -> Any:
    condition = decided(evaluate(node.condition, env))
    if isinstance(condition, UnknownValue):
        return unknown_branch(condition, _attempted(node.then, env), _attempted(node.other, env))
    chosen = evaluate(node.then if condition else node.other, env)
    other = _attempted(node.other if condition else node.then, env)
    if isinstance(other, EvaluationError):
        failed = node.other if condition else node.then
        if isinstance(failed, _UNTYPED) or isinstance(chosen, UnknownValue):
            return chosen
        # A collection that fails still has a collection's type, which no string shares.
        return blend(chosen) if isinstance(failed, _COLLECTIONS) and isinstance(chosen, str) else untyped_branch(chosen)
    sides = (node.then, node.other) if condition else (node.other, node.then)
    if any(
        value is None and not isinstance(side, tree.Literal) for value, side in zip((chosen, other), sides, strict=True)
    ):
        # A null has a type, which is not tracked here, and may not fit the other side's.
        env.doubts.count += 1
    if other is None and not isinstance(sides[1], tree.Literal):
        return chosen if all_text(type_of(chosen)) else blend(chosen)
    return chosen if other is None or chosen is None else unified_branch(chosen, other)


def _attempted(node: tree.Node, env: Environment) -> Any:
    try:
        return evaluate(node, env)
    except EvaluationError as error:
        return error


def _tuple(node: tree.Tuple, env: Environment) -> Any:
    return tuple_of(evaluate(item, env) for item in node.items)


def _object(node: tree.Object, env: Environment) -> Any:
    items: dict[str, Any] = {}
    for key, value in node.items:
        name = evaluate(key, env)
        if name is None:
            raise EvaluationError("null cannot be a key")
        name = to_string(name)
        if isinstance(name, UnknownValue):
            return blend(name)
        items[name] = evaluate(value, env)
    return object_of(items)


def _for(node: tree.For, env: Environment) -> Any:
    source = evaluate(node.source, env)
    if isinstance(source, UnknownValue):
        return blend(source)
    if isinstance(source, Series) and (first_unknown(source) if source.kind == "set" else None):
        return blend(source)
    if isinstance(source, Series) and not ordered(source) and (node.key is None or node.grouping):
        return blend(source, reason="the order of a set of objects is not known")
    kept: list[tuple[Any, Any]] = []
    for pair in pairs(source):
        env.budget.work -= ELEMENT
        inner = env.having(**_pair(node.index, node.item, pair))
        if node.condition is not None:
            expected = decided(evaluate(node.condition, inner))
            if isinstance(expected, UnknownValue):
                return blend(expected, source)
            if not expected:
                continue
        key = None if node.key is None else evaluate(node.key, inner)
        kept.append((key, evaluate(node.value, inner)))
    return tuple_of(value for _, value in kept) if node.key is None else _keyed(kept, node.grouping)


def _keyed(kept: Sequence[tuple[Any, Any]], grouping: bool) -> Any:
    groups: dict[str, list[Any]] = {}
    for key, value in kept:
        if key is None:
            raise EvaluationError("null cannot be a key")
        name = to_string(key)
        if isinstance(name, UnknownValue):
            return blend(name, *(item for _, item in kept))
        if name in groups and not grouping:
            raise EvaluationError(f'the key "{name}" appears twice; group its values with `...`')
        groups.setdefault(name, []).append(value)
    return object_of({name: tuple_of(items) if grouping else items[0] for name, items in groups.items()})


_EVALUATORS: dict[type, Callable[[Any, Environment], Any]] = {
    tree.Literal: _literal,
    tree.Unread: _unread,
    tree.Template: _template,
    tree.Branch: _branch,
    tree.Loop: _loop,
    tree.Name: _name,
    tree.Attribute: _traversal,
    tree.Index: _traversal,
    tree.Splat: _splat,
    tree.Element: _element,
    tree.FunctionCall: _call,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Conditional: _conditional,
    tree.Tuple: _tuple,
    tree.Object: _object,
    tree.For: _for,
}
