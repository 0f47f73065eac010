"""Reading a label selector of Kubernetes as the API server would: what it refuses is broken.

Source: k8s.io/apimachinery pkg/apis/meta/v1/validation ValidateLabelSelector.
"""

from __future__ import annotations

from dataclasses import replace

from tools.manifests.fields import BrokenError, Topic, text, word
from tools.manifests.label_selector import OPERATORS, WITH_VALUES, Selector, selector
from tools.manifests.names import key_fault, value_fault
from tools.manifests.node import Node
from tools.policies.faults import Effect, Faults


def labels(node: Node, faults: Faults, *, defined: bool = False) -> Selector:
    """The label selector at a node. `defined`: of a kind that comes from a CustomResourceDefinition."""
    node = _without_nulls(node, faults) if defined else node
    faults.known(node, ("matchLabels", "matchExpressions"))
    faults.mapping(node["matchLabels"])
    for key, value in node["matchLabels"].fields():
        faults.check(_label, value, key)
    for item in faults.items(node["matchExpressions"]):
        faults.known(item, ("key", "operator", "values"))
        faults.check(_key, item["key"])
        faults.check(_operator, item)
        for value in faults.items(item["values"]):
            faults.check(_value, value)
    return selector(node)


def _label(value: Node, key: str) -> None:
    if fault := key_fault(key) or value_fault(text(value)):
        raise BrokenError(value, fault, Topic.LABELS)


def _key(node: Node) -> None:
    if fault := key_fault(text(node)):
        raise BrokenError(node, fault, Topic.LABELS if node.present else Topic.SHAPE)


def _value(node: Node) -> None:
    if fault := value_fault(text(node)):
        raise BrokenError(node, fault, Topic.LABELS)


def _operator(item: Node) -> None:
    operator = word(item["operator"], OPERATORS, topic=Topic.LABELS if item["operator"].present else Topic.SHAPE)
    values = item["values"]
    if operator in WITH_VALUES and values.empty:
        message = f"{operator} needs values; list at least one, or write Exists or DoesNotExist"
        raise BrokenError(values, message, Topic.LABELS)
    if operator not in WITH_VALUES and not values.empty:
        raise BrokenError(values, f"{operator} takes no values; take them out, or write In or NotIn", Topic.LABELS)


def _without_nulls(node: Node, faults: Faults) -> Node:
    """A selector as it is stored for such a kind: a label whose value is null is taken out, and a null in a list is
    refused. Source: apiextensions-apiserver, PruneNonNullableNullsWithoutDefaults.
    """
    for item in node["matchExpressions"].items():
        for value in item["values"].items():
            if value.value is None:
                faults.check(_no_null, value)
    gone = [value for _, value in node["matchLabels"].fields() if value.value is None]
    if not gone:
        return node
    for value in gone:
        advice = "is nothing, so the cluster drops the label and asks nothing of it; write its value in quotes"
        faults.add(value, advice, Topic.LABELS, Effect.DROPPED)
    kept = {key: value for key, value in node["matchLabels"].value.items() if value is not None}
    return replace(node, value={**node.value, "matchLabels": kept})


def _no_null(node: Node) -> None:
    raise BrokenError(node, "is nothing, where text belongs; write it in quotes")
