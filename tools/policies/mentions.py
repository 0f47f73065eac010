"""What the policies of an input mention: two pods that differ in none of it are alike to every policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tools.manifests.addresses import Net
from tools.manifests.label_selector import Selector
from tools.manifests.labels import NAME_LABEL
from tools.policies.calico_expression import Comparison, Expression, Has, parts
from tools.policies.calico_labels import ACCOUNT, CALICO_NAME_LABEL, NAMESPACE, OF_ACCOUNT, OF_NAMESPACE
from tools.policies.endpoints import Endpoints
from tools.policies.model import Pods, Policy, Selected

# Labels that mean the same of a pod: the names of its namespace, and of its service account.
_SAME = {
    NAMESPACE: NAME_LABEL,
    OF_NAMESPACE + CALICO_NAME_LABEL: NAME_LABEL,
    OF_ACCOUNT + CALICO_NAME_LABEL: ACCOUNT,
}
_OTHER = "\0"


@dataclass(slots=True)
class Mentions:
    """Label keys with the values that they are compared with, names of ports, and networks.

    Keys in `whole` are compared by a part of the value. Namespaces', accounts' and pods' labels are one list here: a
    label too many only makes more classes of pods.
    """

    values: dict[str, set[str]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    ports: set[str] = field(default_factory=set)
    nets: set[Net] = field(default_factory=set)

    def projected(self, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """What selectors can tell of those labels; all values that none is compared with count as one."""
        seen = ((key, value) for key, value in labels.items() if key in self.values)
        return tuple(sorted((key, self._value(key, value)) for key, value in seen))

    def _value(self, key: str, value: str) -> str:
        return value if key in self.whole or value in self.values[key] else _OTHER

    def ask(self, key: str, values: Iterable[str], *, whole: bool = False) -> None:
        """Note that a selector compares a label."""
        key = _SAME.get(key, key)
        for prefix in (OF_NAMESPACE, OF_ACCOUNT):
            key = key.removeprefix(prefix)
        self.values.setdefault(key, set()).update(values)
        if whole:
            self.whole.add(key)

    def of_labels(self, selector: Selector) -> None:
        """Note the labels of a Kubernetes selector."""
        for part in selector.requirements:
            self.ask(part.key, part.values)

    def of_expression(self, expression: Expression) -> None:
        """Note the labels of a Calico selector."""
        for part in parts(expression):
            if isinstance(part, Has):
                self.ask(part.label, ())
            elif isinstance(part, Comparison):
                self.ask(part.label, part.values, whole=part.operator in ("contains", "starts with", "ends with"))


def mentions(policies: Iterable[Policy]) -> Mentions:
    """What policies mention."""
    asked = Mentions()
    for policy in policies:
        _of_pods(asked, policy.subject)
        for peer in policy.sides:
            if peer.pods is not None:
                _of_pods(asked, peer.pods)
            asked.nets.update(net for block in peer.nets for net in (block.net, *block.holes))
            asked.nets.update(peer.not_nets)
        for rule in policy.rules:
            asked.ports.update(port.name for port in (*rule.ports, *rule.not_ports) if port.name)
    return asked


def _of_pods(asked: Mentions, selected: Selected) -> None:
    match selected:
        case Pods():
            asked.of_labels(selected.chosen)
            if selected.spaces is not None:
                asked.of_labels(selected.spaces)
        case Endpoints():
            asked.of_expression(selected.expression(""))
