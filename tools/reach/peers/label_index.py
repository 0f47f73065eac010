"""An index of things by their labels, for Kubernetes' selectors and for Calico's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tools.manifests.label_selector import Selector
from tools.policies.calico_expression import All, And, Comparison, Expression, Global, Has, Not, Or
from tools.reach.sets import all_of


@dataclass(frozen=True)
class Labelled:
    """Things to select by their labels. Bit i stands for the thing whose value of a key is `label(i, key)`."""

    count: int
    label: Callable[[int, str], str | None]
    _keys: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)

    def by_value(self, key: str) -> dict[str, int]:
        """The things that have a label, grouped by its value."""
        if key not in self._keys:
            by_value: dict[str, int] = {}
            for index in range(self.count):
                value = self.label(index, key)
                if value is not None:
                    by_value[value] = by_value.get(value, 0) | 1 << index
            self._keys[key] = by_value
        return self._keys[key]

    @property
    def all(self) -> int:
        """Every thing."""
        return (1 << self.count) - 1

    def having(self, key: str) -> int:
        """The things that have a label."""
        return all_of(self.by_value(key).values())

    def valued(self, key: str, values: Iterable[str]) -> int:
        """The things whose label has one of the values."""
        known = self.by_value(key)
        return all_of(known.get(value, 0) for value in values)

    def selected(self, selector: Selector) -> int:
        """The things that a Kubernetes selector matches."""
        matching = self.all
        for requirement in selector.requirements:
            match requirement.operator:
                case "In":
                    matching &= self.valued(requirement.key, requirement.values)
                case "NotIn":
                    matching &= ~self.valued(requirement.key, requirement.values)
                case "Exists":
                    matching &= self.having(requirement.key)
                case "DoesNotExist":
                    matching &= ~self.having(requirement.key)
        return matching & self.all

    def matched(self, expression: Expression) -> int:
        """The things that a Calico selector matches."""
        match expression:
            case All() | Global():
                return self.all
            case Has(label):
                return self.having(label)
            case Comparison():
                return self._compared(expression)
            case Not(part):
                return self.all & ~self.matched(part)
            case And(inner):
                matching = self.all
                for part in inner:
                    matching &= self.matched(part)
                return matching
            case Or(inner):
                return all_of(self.matched(part) for part in inner)

    def _compared(self, part: Comparison) -> int:
        known = self.by_value(part.label)
        if part.operator in ("==", "in"):
            return self.valued(part.label, part.values)
        if part.operator in ("!=", "not in"):
            return self.all & ~self.valued(part.label, part.values)
        # For `contains`, `starts with` and `ends with` each value is put to the expression's own method.
        return all_of(bits for value, bits in known.items() if part.matches({part.label: value}))
