"""A check of namespaces by their labels, where the namespaces are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.label_selector import Selector, selector
from tools.manifests.node import Node
from tools.policies.calico_expression import Comparison, Expression, Global, Has, parts
from tools.policies.calico_selector import SelectorError, parse
from tools.policies.cluster import Cluster
from tools.policies.matching import NAMES
from tools.policies.rules.dns import HOME_MADE

Labels = Mapping[str, str]


def namespace_labels_are_carried(cluster: Cluster) -> Iterator[Problem]:
    """A namespace selector by labels matches a namespace that is given.

    Labels of namespaces are put there by people, and renamed by them: a selector that no namespace fits matches nobody,
    in silence. Tried where Namespace objects are among the manifests or the workloads; those that are not given may
    carry anything, so give them all.
    Write labels that the namespaces carry, or a name by `kubernetes.io/metadata.name`, which is always there.
    Source: k8s.io/api networking/v1 NetworkPolicyPeer.
    """
    known = {name: cluster.namespace_labels(name) for name in sorted(cluster.namespaces)}
    if not known:
        return
    for policy in cluster.policies:
        for node in policy.spec.walk():
            expected = _selector(node) if node.path.rpartition(".")[2] == "namespaceSelector" else None
            if expected and not any(expected.matches(labels) for labels in known.values()):
                message = f"no given namespace matches {node.text() or expected}"
                yield node.problem(f"{message}; they carry: {_carried(known)}", Severity.WARNING)


def _selector(node: Node) -> Selector | Expression | None:
    """The selector; None where it selects by name alone, or by a label that another rule reports."""
    if isinstance(node.value, str):
        try:
            expression = parse(node.text())
        except SelectorError:
            return None
        labels = {part.label for part in parts(expression) if isinstance(part, Comparison | Has)}
        return expression if labels - set(NAMES) and not isinstance(expression, Global) else None
    by_label = selector(node)
    keys = {requirement.key for requirement in by_label.requirements}
    return by_label if keys - set(NAMES) and not keys & set(HOME_MADE) else None


def _carried(known: Mapping[str, Labels]) -> str:
    own = {
        name: ", ".join(f"{key}={value}" for key, value in sorted(labels.items()) if key not in NAMES)
        for name, labels in known.items()
    }
    return " | ".join(f"{name}: {labels or 'no labels'}" for name, labels in list(own.items())[:4])


CHECKS: tuple[Check[Cluster], ...] = (namespace_labels_are_carried,)
SEVERITIES: Severities = {
    namespace_labels_are_carried: (Severity.WARNING,),
}
