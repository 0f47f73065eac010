"""Calico's network sets: addresses with labels, which a rule's selectors match like endpoints.

Source: felix and libcalico-go updateprocessors. A NetworkSet is in its namespace, a GlobalNetworkSet in none: a
namespaced policy sees the second only through `namespaceSelector: global()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.findings.model import Manifest
from tools.manifests.addresses import Net, network
from tools.manifests.node import Node, root
from tools.policies.calico_expression import Global
from tools.policies.calico_selector import SelectorError, parse
from tools.policies.model import Policy


@dataclass(frozen=True, slots=True)
class NetworkSet:
    """A set: its namespace ("" when global), its labels and its networks."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    nets: tuple[Net, ...]


def network_sets(manifests: Iterable[Manifest]) -> Iterator[NetworkSet]:
    """Every NetworkSet and GlobalNetworkSet among the manifests."""
    for manifest in manifests:
        if manifest.kind in ("NetworkSet", "GlobalNetworkSet"):
            body = root(manifest)
            labels = {key: value.value for key, value in body["metadata"]["labels"].fields() if value.text()}
            nets = tuple(net for text in body["spec"]["nets"].texts() if (net := network(text)))
            yield NetworkSet(manifest.name, manifest.namespace, labels, nets)


def selected(sets: Iterable[NetworkSet], policy: Policy, entity: Node) -> Iterator[NetworkSet]:
    """The sets that a rule's far side matches. Labels of namespaces are not known here: a set may be in any of them."""
    if all(entity[key].empty for key in ("selector", "namespaceSelector")):
        return
    try:
        spaces, chosen = parse(entity["namespaceSelector"].text()), parse(entity["selector"].text())
        excluded = parse(entity["notSelector"].text()) if entity["notSelector"].text() else None
    except SelectorError:
        return
    for item in sets:
        if isinstance(spaces, Global):
            here = not item.namespace
        elif not entity["namespaceSelector"].empty:
            here = bool(item.namespace)
        else:
            here = policy.clusterwide or item.namespace == policy.manifest.namespace
        if here and chosen.matches(item.labels) and not (excluded and excluded.matches(item.labels)):
            yield item
