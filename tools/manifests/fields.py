"""Reading a policy as the API server would: what it refuses is broken, and what it drops is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tools.findings.model import Problem
from tools.manifests.addresses import Net, mapped, network
from tools.manifests.label_selector import OPERATORS, WITH_VALUES, Selector, selector
from tools.manifests.names import key_fault, value_fault
from tools.manifests.node import Node


class BrokenError(Exception):
    """An object that no cluster would take, and that is left out; `problem` says what is wrong and where."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.problem = node.problem(message)


@dataclass(slots=True)
class Dropped:
    """Collects the fields that nobody knows. The API server drops them, and the rest means what it means without.

    `notes` are of what clusters take differently.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def known(self, node: Node, keys: Iterable[str]) -> None:
        """Note every key of a mapping that is none of `keys`."""
        known = frozenset(keys)
        for key, value in fields(node):
            if key not in known:
                message = f"{key} is no field here, so the cluster drops it; write one of {', '.join(sorted(known))}"
                self.problems.append(value.problem(message))


def fields(node: Node) -> tuple[tuple[str, Node], ...]:
    """The fields of a mapping; none when it is absent."""
    if node.present and not isinstance(node.value, dict):
        raise BrokenError(node, f"is {_kind(node)}, where a mapping belongs; write `key: value` lines")
    return tuple(node.fields())


def mapping(node: Node) -> Node:
    """A mapping, or nothing."""
    fields(node)
    return node


def items(node: Node) -> tuple[Node, ...]:
    """The elements of a list; none when it is absent."""
    if node.present and not isinstance(node.value, list):
        raise BrokenError(node, f"is {_kind(node)}, where a list belongs; write each element after a dash")
    return node.items()


def text(node: Node) -> str:
    """A string, "" when it is absent."""
    if node.present and not isinstance(node.value, str):
        raise BrokenError(node, f"is {_kind(node)}, where text belongs; write it in quotes")
    return node.text()


def texts_by_key(node: Node) -> dict[str, str]:
    """A mapping of text to text, such as labels. The API server's decoder reads null there as the empty text."""
    return {key: text(value) for key, value in fields(node)}


def texts(node: Node) -> tuple[str, ...]:
    """The strings of a list."""
    return tuple(text(item) for item in items(node))


def number(node: Node) -> int | None:
    """An integer; None when it is absent."""
    if node.present and node.number() is None:
        raise BrokenError(node, f"is {_kind(node)}, where a whole number belongs")
    return node.number()


def word(node: Node, known: Iterable[str], default: str = "") -> str:
    """One word of a few."""
    value = text(node) or default
    if value not in (known := tuple(known)):
        raise BrokenError(node, f"{value!r} is none of {', '.join(known)}; write one of them")
    return value


def cidr(node: Node) -> Net:
    """A network, as Kubernetes and Calico take it in a rule: an address alone is none."""
    net = network(text(node))
    if net is None or mapped(net) is not None or "/" not in node.text():
        raise BrokenError(node, f"{node.text()!r} is no CIDR; write an address and a length, such as 10.0.0.0/8")
    return net


def cidr_or_address(node: Node) -> Net:
    """A network or one address, as Calico takes them in a network set."""
    return cidr(node) if "/" in text(node) else _single(node)


def _single(node: Node) -> Net:
    net = network(node.text())
    if net is None or mapped(net) is not None:
        raise BrokenError(node, f"{node.text()!r} is no address and no CIDR; write one, such as 10.0.0.1 or 10.0.0.0/8")
    return net


def labels(node: Node, dropped: Dropped, *, defined: bool = False) -> Selector:
    """A Kubernetes label selector. `defined`: of a kind that comes from a CustomResourceDefinition."""
    node = _without_nulls(node, dropped) if defined else node
    dropped.known(node, ("matchLabels", "matchExpressions"))
    for key, value in texts_by_key(node["matchLabels"]).items():
        _legal(node["matchLabels"][key], key, value)
    for item in items(node["matchExpressions"]):
        dropped.known(item, ("key", "operator", "values"))
        operator = word(item["operator"], OPERATORS)
        values = texts(item["values"])
        _legal(item["key"], text(item["key"]), *values)
        if (operator in WITH_VALUES) != bool(values):
            needs = "needs values" if operator in WITH_VALUES else "takes no values"
            raise BrokenError(item["values"], f"{operator} {needs}")
    return selector(node)


def _without_nulls(node: Node, dropped: Dropped) -> Node:
    """A selector as it is stored for such a kind: a label whose value is null is taken out, and a null in a list is
    refused. Source: apiextensions-apiserver, PruneNonNullableNullsWithoutDefaults.
    """
    for item in items(node["matchExpressions"]):
        for value in items(item["values"]):
            if value.value is None:
                raise BrokenError(value, "is nothing, where text belongs; write it in quotes")
    gone = [value for _, value in fields(node["matchLabels"]) if value.value is None]
    if not gone:
        return node
    advice = "is nothing, so the cluster drops the label and asks nothing of it; write its value in quotes"
    dropped.problems.extend(value.problem(advice) for value in gone)
    kept = {key: value for key, value in node["matchLabels"].value.items() if value is not None}
    return replace(node, value={**node.value, "matchLabels": kept})


def _legal(node: Node, key: str, *values: str) -> None:
    for fault in (key_fault(key), *map(value_fault, values)):
        if fault:
            raise BrokenError(node, fault)


def _kind(node: Node) -> str:
    value = node.value
    if value is None:
        return "nothing"
    for kind, name in ((dict, "a mapping"), (list, "a list"), (str, "text"), (bool, "true or false")):
        if isinstance(value, kind):
            return name
    return "a number"
