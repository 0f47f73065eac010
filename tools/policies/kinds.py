"""Finds the network policies among manifests, in Kubernetes' dialect and in Calico's, and reads them as rules.

Reading never fails: what has the wrong shape says nothing here, and the schema check tells of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from tools.findings.model import Manifest
from tools.manifests.node import root
from tools.policies.calico_rules import calico_policy
from tools.policies.kubernetes_rules import kubernetes_policy
from tools.policies.model import Policy

KUBERNETES_KINDS = {
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("projectcalico.org/v3", "StagedKubernetesNetworkPolicy"),
}
CALICO_KINDS = {"NetworkPolicy", "GlobalNetworkPolicy", "StagedNetworkPolicy", "StagedGlobalNetworkPolicy"}
CALICO_GROUPS = ("projectcalico.org/v3", "crd.projectcalico.org/v1")


def policies(manifests: Iterable[Manifest]) -> tuple[Policy, ...]:
    """Every NetworkPolicy and Calico policy among the manifests, staged ones too."""
    found = []
    for manifest in manifests:
        api_version = root(manifest)["apiVersion"].text()
        if (api_version, manifest.kind) in KUBERNETES_KINDS:
            found.append(kubernetes_policy(manifest))
        elif api_version in CALICO_GROUPS and manifest.kind in CALICO_KINDS:
            found.append(calico_policy(manifest))
    return tuple(found)
