"""Which endpoints Calico's selectors mean, as one expression over the labels that Calico sees.

Source: libcalico-go updateprocessors (rules.go, getEndpointSelector; networkpolicyprocessor.go), which put a policy's
and an entity's selectors together in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

from tools.policies.calico_expression import All, And, Comparison, Expression, Global, Has, Not, Or
from tools.policies.calico_labels import ACCOUNT, NAMESPACE, OF_ACCOUNT, OF_NAMESPACE, ORCHESTRATOR

# All of these mean every pod, whatever its labels.
_EVERY_POD: tuple[Expression | None, ...] = (None, All(), Comparison(ORCHESTRATOR, "==", ("k8s",)))


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Pods and network sets, by selectors that all hold. `own`: only those of the policy's own namespace.

    `excluded` is a notSelector. With a positive selector it makes one set, whose members are tried one by one: an
    address is in the set when any pod or network set that has the address is.
    Source: felix calc/rule_scanner.go, combineMatchesIfPossible.
    """

    own: bool = False
    spaces: Expression | None = None
    chosen: Expression | None = None
    names: tuple[str, ...] = ()
    accounts: Expression | None = None
    excluded: Expression | None = None

    @property
    def positive(self) -> bool:
        """Whether it selects anything, beside what it leaves out."""
        return bool(self.own or self.spaces or self.chosen or self.names or self.accounts)

    @property
    def every_pod(self) -> bool:
        """Whether it means every pod that there can be."""
        trivial = self.spaces in _EVERY_POD and self.chosen in _EVERY_POD
        return trivial and not (self.names or self.accounts or self.own or self.excluded)

    def expression(self, namespace: str) -> Expression:
        """All of its selectors as one expression. `namespace` is the policy's own; "" where nobody knows it."""
        parts: list[Expression] = []
        if self.own and not self.spaces and namespace:
            parts.append(Comparison(NAMESPACE, "==", (namespace,)))
        if self.spaces:
            parts.append(inherited(self.spaces, OF_NAMESPACE, NAMESPACE))
        if self.chosen:
            parts.append(self.chosen)
        if self.accounts:
            parts.append(inherited(self.accounts, OF_ACCOUNT))
        if self.names:
            parts.append(Comparison(ACCOUNT, "in", self.names))
        if self.excluded:
            parts.append(Not(self.excluded))
        return parts[0] if len(parts) == 1 else And(tuple(parts))


def inherited(expression: Expression, prefix: str, presence: str = "") -> Expression:
    """A selector of namespaces, or of service accounts, as one of the endpoints that inherit their labels.

    `presence`: the label whose presence is what all() means, and whose absence is what global() means.
    """
    match expression:
        case All():
            return Has(presence) if presence else expression
        case Global():
            return Not(Has(presence)) if presence else expression
        case Has(label):
            return Has(prefix + label)
        case Comparison(label, operator, values):
            return Comparison(prefix + label, operator, values)
        case Not(part):
            return Not(inherited(part, prefix, presence))
        case And(parts):
            return And(tuple(inherited(part, prefix, presence) for part in parts))
        case Or(parts):
            return Or(tuple(inherited(part, prefix, presence) for part in parts))
