"""Reading an object field by field, as the API server would: what it refuses is broken, and what it drops is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from tools.findings.model import Problem
from tools.manifests.addresses import Net, mapped, network
from tools.manifests.node import Node

_LEADING_ZERO = re.compile(r"(\d+\.){0,3}0\d+[./]")


class Topic(Enum):
    """What a fault is about. Each is reported by one rule: SHAPE by the schemas, the others by the rules of syntax."""

    SHAPE = "shape"
    CIDR = "CIDR"
    LABELS = "label selector"
    SELECTOR = "Calico selector"
    PEER = "peer"
    PORT = "port"
    PROTOCOL = "protocol"
    TYPES = "policy types"
    CALICO = "fields of a Calico policy"
    ADMIN = "fields of a policy of the policy API"


class BrokenError(Exception):
    """A field for which no cluster would take the object. `problem` says what is wrong, where, and what to write."""

    def __init__(self, node: Node, message: str, topic: Topic = Topic.SHAPE) -> None:
        super().__init__(message)
        self.node, self.message, self.topic = node, message, topic

    @property
    def problem(self) -> Problem:
        return self.node.problem(self.message)


@dataclass(slots=True)
class Dropped:
    """Collects problems of objects that are read all the same: the API server drops fields that it does not know."""

    problems: list[Problem] = field(default_factory=list)

    def known(self, node: Node, keys: Iterable[str]) -> None:
        """Note every key of a mapping that is none of `keys`."""
        self.problems.extend(value.problem(message) for value, message in unknown(node, keys))


def unknown(node: Node, keys: Iterable[str]) -> Iterator[tuple[Node, str]]:
    """The fields of a mapping that are none of `keys`, each with what becomes of it."""
    known = frozenset(keys)
    for key in mapping(node).value if node.present else ():
        if isinstance(key, str) and key not in known:
            yield (
                node[key],
                f"{key} is not a field here, so the cluster drops it; write one of {', '.join(sorted(known))}",
            )


def fields(node: Node) -> tuple[tuple[str, Node], ...]:
    """The fields of a mapping; none when it is absent."""
    return tuple(mapping(node).fields())


def mapping(node: Node) -> Node:
    """A mapping, or nothing."""
    if node.present and not isinstance(node.value, dict):
        raise BrokenError(node, f"is {_kind(node)}, where a mapping belongs; write `key: value` lines")
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


def flag(node: Node) -> bool:
    """True or false; false when it is absent."""
    if node.present and not isinstance(node.value, bool):
        raise BrokenError(node, f"is {_kind(node)}, where true or false belongs")
    return node.value is True


def word(node: Node, known: Iterable[str], default: str = "", topic: Topic = Topic.SHAPE) -> str:
    """One word of a few."""
    value = text(node) or default
    if value not in (known := tuple(known)):
        raise BrokenError(node, f"{value!r} is not one of {', '.join(known)}; write one of them", topic)
    return value


def cidr(node: Node) -> Net:
    """A network, as Kubernetes and Calico take it in a rule: an address alone is none."""
    net = _network(node, "not a CIDR; write an address and a length, such as 10.0.0.0/8 or fd00::/8")
    if "/" not in node.text():
        raise BrokenError(node, f"{node.text()!r} is an address, not a CIDR; write {net}", Topic.CIDR)
    return net


def cidr_or_address(node: Node) -> Net:
    """A network or one address, as Calico takes them in a network set."""
    return _network(node, "neither an address nor a CIDR; write one, such as 10.0.0.1 or 10.0.0.0/8")


def _network(node: Node, noun: str) -> Net:
    written = text(node)
    if not node.present:
        raise BrokenError(node, f"is missing; {noun.partition('; ')[2]}")
    net = network(written)
    if net is None and _LEADING_ZERO.match(written):
        advice = "has a leading zero, which some programs read as octal; write its numbers without one"
        raise BrokenError(node, f"{written} {advice}", Topic.CIDR)
    if net is None:
        raise BrokenError(node, f"{written!r} is {noun}", Topic.CIDR)
    if four := mapped(net):
        message = f"{written} is read as {four} by Kubernetes and Calico, not as IPv6; write that, or remove it"
        raise BrokenError(node, message, Topic.CIDR)
    return net


def _kind(node: Node) -> str:
    value = node.value
    if value is None:
        return "nothing"
    for kind, name in ((dict, "a mapping"), (list, "a list"), (str, "text"), (bool, "true or false")):
        if isinstance(value, kind):
            return name
    return "a number"
