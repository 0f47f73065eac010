"""Which features of the policy languages a run has used, and how often: read off the objects, whoever made them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tools.cluster.fuzz.topology import Object
from tools.policies.calico_expression import All, And, Comparison, Global, Has, Not, Or, parts
from tools.policies.calico_selector import parse

# Fields whose value is one of a few words, each a feature of its own; and fields that hold a Calico selector.
WORDS = ("action", "operator", "protocol", "notProtocol", "policyTypes", "types", "defaultAction", "order")
SELECTORS = ("selector", "notSelector", "namespaceSelector", "serviceAccountSelector")
# Below these, keys are data.
OPAQUE = ("matchLabels",)
_SIGNS = {All: "all()", Global: "global()", Not: "!", And: "&&", Or: "||", Has: "has()"}


def coverage(objects: Iterable[Object]) -> Counter[str]:
    """How often each feature is used: `Kubernetes ingress.from.ipBlock.except`, `Calico selector not in`, …"""
    return Counter(feature for body in objects for feature in _features(body))


def _features(body: Object) -> Iterator[str]:
    dialect = "Calico" if body["apiVersion"].startswith("projectcalico") else "Kubernetes"
    yield f"{dialect} {body['kind']}"
    yield from (f"{dialect} {feature}" for feature in _fields(body["spec"], ""))


def _fields(value: Any, path: str) -> Iterator[str]:
    field = path.rpartition(".")[2]
    if value in ({}, []):
        yield f"{path}: {value}"
    elif isinstance(value, dict) and field not in OPAQUE:
        for name, inner in value.items():
            below = f"{path}.{name}".lstrip(".")
            yield below
            yield from _fields(inner, below)
    elif isinstance(value, list):
        for inner in value:
            yield from _fields(inner, path)
    else:
        yield from _value(value, field)


def _value(value: Any, field: str) -> Iterator[str]:
    if field in WORDS:
        yield f"{field} {value}"
    elif field in ("port", "ports", "notPorts"):
        yield f"{field} {_port(value)}"
    elif field in SELECTORS and isinstance(value, str):
        for part in parts(parse(value)):
            yield f"selector {part.operator if isinstance(part, Comparison) else _SIGNS[type(part)]}"


def _port(value: Any) -> str:
    if isinstance(value, str):
        return "range" if ":" in value else "name"
    return "number"


def shown(counts: Counter[str]) -> str:
    """A line a feature, the most used first."""
    return "\n".join(f"{count:6} {feature}" for feature, count in counts.most_common())
