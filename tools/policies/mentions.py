"""What the selectors of an input ask about: two pods that differ in nothing of it are alike to every policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tools.findings.model import Manifest
from tools.manifests.addresses import Net, network
from tools.manifests.node import Node, root
from tools.manifests.pods import NAME_LABEL
from tools.policies.calico_expression import Comparison, Has, parts
from tools.policies.calico_labels import ACCOUNT, CALICO_NAME_LABEL, NAMESPACE, OF_ACCOUNT, OF_NAMESPACE
from tools.policies.calico_selector import SelectorError, parse

SELECTORS = ("selector", "notSelector", "namespaceSelector", "serviceAccountSelector")
PORTS = ("port", "ports", "notPorts", "destinationNamedPort", "namedPort")
NETS = ("cidr", "nets", "notNets", "networks", "except")
PREFIXES = (OF_NAMESPACE, OF_ACCOUNT)
_SAME = {NAMESPACE: NAME_LABEL, CALICO_NAME_LABEL: NAME_LABEL}
_OTHER = "\0"


@dataclass(slots=True)
class Mentions:
    """Label keys with the values that are asked for, names of ports, service accounts, and networks.

    A key in `whole` is asked about by parts of its value. Namespaces', accounts' and pods' labels are one list here:
    asking too much only makes more kinds of pods.
    """

    values: dict[str, set[str]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    ports: set[str] = field(default_factory=set)
    nets: set[Net] = field(default_factory=set)

    def projected(self, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """What selectors can see of those labels; a value that nobody asks for is as good as any other such."""
        seen = ((key, value) for key, value in labels.items() if key in self.values)
        return tuple(sorted((key, self._value(key, value)) for key, value in seen))

    def _value(self, key: str, value: str) -> str:
        return value if key in self.whole or value in self.values[key] else _OTHER

    def ask(self, key: str, values: Iterable[str], *, whole: bool = False) -> None:
        """Note that a label is asked about."""
        for prefix in PREFIXES:
            key = key.removeprefix(prefix)
        key = _SAME.get(key, key)
        self.values.setdefault(key, set()).update(values)
        if whole:
            self.whole.add(key)


def mentions(manifests: Iterable[Manifest]) -> Mentions:
    """What policies, Services and network sets ask about."""
    found = Mentions()
    for manifest in manifests:
        _walk(found, root(manifest)["spec"])
    return found


def _walk(mentions: Mentions, spec: Node) -> None:
    # By value and not by Node: a Node for each of a large input's values would be most of the cost.
    pending: list[object] = [spec.value]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                _field(mentions, key, inner)
                pending.append(inner)
        elif isinstance(value, list):
            pending.extend(value)


def _field(mentions: Mentions, key: object, value: object) -> None:
    if key == "matchLabels" and isinstance(value, dict):
        _labels(mentions, value)
    elif key == "matchExpressions" and isinstance(value, list):
        for item in value:
            if isinstance(item, dict) and isinstance(item.get("key"), str):
                values = item.get("values")
                values = values if isinstance(values, list) else []
                mentions.ask(item["key"], _texts(["" if value is None else value for value in values]))
    elif key == "selector" and isinstance(value, dict):
        _labels(mentions, value)
    elif key in SELECTORS and isinstance(value, str):
        _calico(mentions, value)
    elif key == "names":
        mentions.ask(ACCOUNT, _texts(value))
    elif key in PORTS:
        mentions.ports.update(_texts(value if isinstance(value, list) else [value]))
    elif key == "targetPort":
        mentions.ports.update(_texts([value]))
    elif key in NETS:
        mentions.nets.update(
            net for text in _texts(value if isinstance(value, list) else [value]) if (net := network(text))
        )


def _labels(mentions: Mentions, labels: dict[object, object]) -> None:
    for key, value in labels.items():
        if isinstance(key, str) and (value is None or isinstance(value, str)):
            mentions.ask(key, (value or "",))


def _calico(mentions: Mentions, text: str) -> None:
    try:
        expression = parse(text)
    except SelectorError:
        return
    for part in parts(expression):
        if isinstance(part, Has):
            mentions.ask(part.label, ())
        elif isinstance(part, Comparison):
            mentions.ask(part.label, part.values, whole=part.operator in ("contains", "starts with", "ends with"))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))
