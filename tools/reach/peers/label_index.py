"""Things found by their labels: as Kubernetes' selectors find them, and as Calico's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tools.manifests.label_selector import Selector
from tools.policies.calico_expression import All, And, Comparison, Expression, Global, Has, Not, Or
from tools.reach.sets import all_of


@dataclass(frozen=True)
class Labelled:
    """Things with labels, found by them: bit i is the thing whose labels `labels_of` gives for i."""

    count: int
    label: Callable[[int, str], str | None]
    _keys: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)

    def by_value(self, key: str) -> dict[str, int]:
        """The things that have a label, by its value."""
        if key not in self._keys:
            found: dict[str, int] = {}
            for index in range(self.count):
                value = self.label(index, key)
                if value is not None:
                    found[value] = found.get(value, 0) | 1 << index
            self._keys[key] = found
        return self._keys[key]

    @property
    def all(self) -> int:
        """Every thing."""
        return (1 << self.count) - 1

    def having(self, key: str) -> int:
        """The things that have a label."""
        return all_of(self.by_value(key).values())

    def valued(self, key: str, values: Iterable[str]) -> int:
        """The things whose label has one of some values."""
        known = self.by_value(key)
        return all_of(known.get(value, 0) for value in values)

    def selected(self, selector: Selector) -> int:
        """The things that a Kubernetes selector matches."""
        found = self.all
        for one in selector.requirements:
            match one.operator:
                case "In":
                    found &= self.valued(one.key, one.values)
                case "NotIn":
                    found &= ~self.valued(one.key, one.values)
                case "Exists":
                    found &= self.having(one.key)
                case "DoesNotExist":
                    found &= ~self.having(one.key)
        return found & self.all

    def matched(self, expression: Expression) -> int:
        """The things that a Calico selector matches."""
        match expression:
            case All():
                return self.all
            case Global():
                return 0
            case Has(label):
                return self.having(label)
            case Comparison():
                return self._compared(expression)
            case Not(part):
                return self.all & ~self.matched(part)
            case And(inner):
                found = self.all
                for part in inner:
                    found &= self.matched(part)
                return found
            case Or(inner):
                return all_of(self.matched(part) for part in inner)

    def _compared(self, part: Comparison) -> int:
        known = self.by_value(part.label)
        if part.operator in ("==", "in"):
            return self.valued(part.label, part.values)
        if part.operator in ("!=", "not in"):
            return self.all & ~self.valued(part.label, part.values)
        # The tree's own reading of contains, starts with and ends with, value by value.
        return all_of(bits for value, bits in known.items() if part.matches({part.label: value}))
