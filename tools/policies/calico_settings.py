"""CIDRs, selectors and rules in Calico's objects that are no policy, such as an IPPool's or a Profile's.

No reader knows these kinds: they are many, and only the API server needs to understand them. What is called as in a
policy is read as in one, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.findings.model import Manifest
from tools.manifests.node import Node, root
from tools.policies.calico import rules
from tools.policies.calico_fields import selector
from tools.policies.calico_refused import calico_cidr
from tools.policies.faults import Faults, PolicyFault
from tools.policies.kinds import CALICO, STORE, kind_of
from tools.policies.network_sets import KINDS as SETS

_SELECTORS = ("selector", "notSelector", "namespaceSelector", "serviceAccountSelector")
_RULES = "Profile"


def settings_faults(manifests: Iterable[Manifest]) -> Iterator[PolicyFault]:
    """What is wrong in each of Calico's objects that is neither a policy nor a network set."""
    for manifest in manifests:
        if _group(manifest) in (CALICO, STORE) and manifest.kind not in SETS and kind_of(manifest) is None:
            yield from _read(root(manifest)["spec"])


def _read(spec: Node) -> tuple[PolicyFault, ...]:
    faults = Faults()
    if spec.manifest.kind == _RULES:
        rules(spec, faults, clusterwide=True)
        return faults.all
    for node in spec.walk():
        key = node.path.rpartition(".")[2]
        if key == "cidr" and isinstance(node.value, str):
            faults.cidr(node, calico_cidr)
        elif key in _SELECTORS and node.text():
            selector(node, faults)
    return faults.all


def _group(manifest: Manifest) -> str:
    return root(manifest)["apiVersion"].text().rpartition("/")[0]
