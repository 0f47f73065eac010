"""Kubernetes label selectors, and which labels one matches.

Source: k8s.io/apimachinery meta/v1 LabelSelector. `matchLabels` and `matchExpressions` are all to hold; `NotIn` and
`DoesNotExist` also match an object without the key; a selector with nothing in it matches every object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tools.manifests.node import Node

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
WITH_VALUES = ("In", "NotIn")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label; an operator that does not exist holds for nothing."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with those labels meets it."""
        match self.operator:
            case "In":
                return self.key in labels and labels[self.key] in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
        return False

    def __str__(self) -> str:
        match self.operator:
            case "In" if len(self.values) == 1:
                return f"{self.key}={self.values[0]}"
            case "In" | "NotIn":
                return f"{self.key} {'in' if self.operator == 'In' else 'not in'} ({', '.join(self.values)})"
            case "DoesNotExist":
                return f"!{self.key}"
        return self.key


@dataclass(frozen=True, slots=True)
class Selector:
    """All requirements of one label selector, matchLabels first."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with those labels is selected."""
        return all(requirement.holds(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return ", ".join(str(requirement) for requirement in self.requirements) or "everything"


def selector(node: Node) -> Selector:
    """The selector at a node. Parts of a wrong shape are left out; the reader of policies and the schemas report them.

    Null where text belongs is the empty text, as the API server's decoder reads it.
    """
    labels = (
        Requirement(key, "In", (value.text(),))
        for key, value in node["matchLabels"].fields()
        if isinstance(value.value, str) or value.value is None
    )
    expressions = (
        Requirement(item["key"].text(), item["operator"].text(), _texts(item["values"]))
        for item in node["matchExpressions"].items()
    )
    return Selector((*labels, *expressions))


def _texts(node: Node) -> tuple[str, ...]:
    return tuple(item.text() for item in node.items() if item.value is None or isinstance(item.value, str))
