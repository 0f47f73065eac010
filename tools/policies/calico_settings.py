"""CIDRs, selectors and rules in Calico's objects that are no policy, such as an IPPool's or a Profile's.

No reader knows these kinds: they are many, and only the API server needs to understand them. What is called as in a
policy is read as in one, wherever it stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Literal

from tools.findings.model import Manifest
from tools.manifests.fields import BrokenError, Topic, number, word
from tools.manifests.node import Node, group, root
from tools.policies.admin import ADMIN, BASELINE
from tools.policies.calico import rules
from tools.policies.calico_fields import selector
from tools.policies.calico_refused import calico_cidr
from tools.policies.faults import Faults, PolicyFault
from tools.policies.kinds import kind_of
from tools.policies.network_sets import GROUPS
from tools.policies.network_sets import KINDS as SETS

End = Literal["Deny", "Pass"]
# Order and default action of the tiers that exist without an object. Calico fixes its own tiers to these values.
BUILT_IN: dict[str, tuple[float, End]] = {
    ADMIN: (1_000.0, "Pass"),
    "default": (1_000_000.0, "Deny"),
    BASELINE: (10_000_000.0, "Pass"),
}
_SELECTORS = ("selector", "notSelector", "namespaceSelector", "serviceAccountSelector")
_RULES, _TIER = "Profile", "Tier"


def settings_faults(manifests: Iterable[Manifest]) -> Iterator[PolicyFault]:
    """What is wrong in each of Calico's objects that is neither a policy nor a network set."""
    for manifest in manifests:
        if group(manifest) in GROUPS and manifest.kind not in SETS and kind_of(manifest) is None:
            yield from _read(root(manifest)["spec"])


def _read(spec: Node) -> tuple[PolicyFault, ...]:
    faults = Faults()
    if spec.manifest.kind == _RULES:
        rules(spec, faults, clusterwide=True)
        return faults.all
    if spec.manifest.kind == _TIER:
        faults.check(read_tier, spec)
        return faults.all
    for node in spec.walk():
        key = node.path.rpartition(".")[2]
        if key == "cidr" and isinstance(node.value, str):
            faults.cidr(node, calico_cidr)
        elif key in _SELECTORS and node.text():
            selector(node, faults)
    return faults.all


def read_tier(spec: Node) -> tuple[float, End]:
    """The order of a tier, infinite where it has none, and what it does at its end. Raises BrokenError.

    Source: TierSpec, and the validation rules of Calico's type Tier.
    """
    end: End = word(spec["defaultAction"], ("Deny", "Pass"), "Deny")  # type: ignore[assignment]
    order, name = _order(spec["order"]), spec.manifest.name
    fixed = BUILT_IN.get(name, (order, end))
    if (order, end) != fixed:
        message = f"tier {name} is Calico's own, with order {fixed[0]:.0f} and defaultAction {fixed[1]}; write those"
        raise BrokenError(spec, message, Topic.CALICO)
    return order, end


def _order(node: Node) -> float:
    if isinstance(node.value, float):
        return node.value
    order = number(node)
    return math.inf if order is None else float(order)
