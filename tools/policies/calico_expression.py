"""What a Calico selector says, as a tree that can be matched against labels.

Source: libcalico-go lib/selector/parser, the nodes' Evaluate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tools.policies.calico_labels import Unknown, Value


@dataclass(frozen=True, slots=True)
class All:
    """`all()`: every endpoint."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Global:
    """`global()`: in a rule's namespaceSelector, whatever is in no namespace (endpoints.py); elsewhere everything."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Has:
    """`has(label)`."""

    label: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        return self.label in labels


@dataclass(frozen=True, slots=True)
class Comparison:
    """`label OPERATOR values`; only `!=` and `not in` match an endpoint without the label."""

    label: str
    operator: str
    values: tuple[str, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.label)
        if self.operator in ("!=", "not in"):
            return value not in self.values
        if value is None:
            return False
        match self.operator:
            case "contains":
                return self.values[0] in value
            case "starts with":
                return value.startswith(self.values[0])
            case "ends with":
                return value.endswith(self.values[0])
        return value in self.values


@dataclass(frozen=True, slots=True)
class Not:
    """`!part`."""

    part: Expression

    def matches(self, labels: Mapping[str, str]) -> bool:
        return not self.part.matches(labels)


@dataclass(frozen=True, slots=True)
class And:
    """`part && part …`."""

    parts: tuple[Expression, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(part.matches(labels) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """`part || part …`."""

    parts: tuple[Expression, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        return any(part.matches(labels) for part in self.parts)


Expression = All | Global | Has | Comparison | Not | And | Or


def parts(expression: Expression) -> Iterator[Expression]:
    """The expression and every expression inside it."""
    yield expression
    match expression:
        case Not(part):
            yield from parts(part)
        case And(inner) | Or(inner):
            for part in inner:
                yield from parts(part)


def holds(expression: Expression, label: Callable[[str], Value]) -> bool | None:
    """Whether it matches, by each label's value; None when that depends on a value that is not known."""
    match expression:
        case Has(key) | Comparison(key):
            value = label(key)
            return None if isinstance(value, Unknown) else expression.matches({} if value is None else {key: value})
        case Not(part):
            inner_holds = holds(part, label)
            return None if inner_holds is None else not inner_holds
        case And(inner):
            answers = [holds(part, label) for part in inner]
            return False if False in answers else None if None in answers else True
        case Or(inner):
            answers = [holds(part, label) for part in inner]
            return True if True in answers else None if None in answers else False
    return expression.matches({})
