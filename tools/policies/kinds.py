"""The kinds of policies, one row each: what a kind is called, where it stands, and who reads it.

Whatever depends on the kind uses this table: which objects the rules and the judge read, which namespaces they
govern, what is listed in a cluster, and what is reported as not modelled. The recipe for a new kind is in
CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from tools.findings.model import Manifest
from tools.manifests.node import root
from tools.policies.admin import admin_policy
from tools.policies.calico import calico_policy
from tools.policies.kubernetes import network_policy
from tools.policies.model import Kind, Policy
from tools.policies.network_sets import CALICO, STORE
from tools.policies.network_sets import KINDS as SETS

KUBERNETES, ADMIN = "networking.k8s.io", "policy.networking.k8s.io"


def _calico(name: str, *, namespaced: bool = True, enforced: bool = True) -> tuple[Kind, ...]:
    """A kind of Calico's, in its API and in the store behind that."""
    groups = ((CALICO, "v3"), (STORE, "v1"))
    return tuple(
        Kind(
            group, name, (version,), "calico", calico_policy, namespaced, strict=True, types="types", enforced=enforced
        )
        for group, version in groups
    )


KINDS: tuple[Kind, ...] = (
    Kind(KUBERNETES, "NetworkPolicy", ("v1",), "kubernetes", network_policy, types="policyTypes"),
    *_calico("NetworkPolicy"),
    *_calico("GlobalNetworkPolicy", namespaced=False),
    Kind(ADMIN, "AdminNetworkPolicy", ("v1alpha1",), "admin", admin_policy, namespaced=False),
    Kind(ADMIN, "BaselineAdminNetworkPolicy", ("v1alpha1",), "admin", admin_policy, namespaced=False),
    Kind(ADMIN, "ClusterNetworkPolicy", ("v1alpha2", "v1beta1"), "admin", admin_policy, namespaced=False),
    *_calico("StagedNetworkPolicy", enforced=False),
    *_calico("StagedGlobalNetworkPolicy", namespaced=False, enforced=False),
    Kind(
        CALICO,
        "StagedKubernetesNetworkPolicy",
        ("v3",),
        "kubernetes",
        network_policy,
        strict=True,
        types="policyTypes",
        enforced=False,
    ),
)


# Calico's kinds that are read beside its policies: network sets and tiers, each by its version.
BESIDE = {(group, name): (version,) for group, version in ((CALICO, "v3"), (STORE, "v1")) for name in (*SETS, "Tier")}


def judged() -> dict[tuple[str, str], tuple[str, ...]]:
    """What is judged: the group and the name of each kind, and its versions."""
    return {(kind.group, kind.name): kind.versions for kind in KINDS if kind.enforced} | BESIDE


def kind_of(manifest: Manifest) -> Kind | None:
    """The kind of policy that an object is; None when it is not a policy that is read."""
    if not any(kind.name == manifest.kind for kind in KINDS):
        return None
    group, _, version = root(manifest)["apiVersion"].text().rpartition("/")
    for kind in KINDS:
        if (kind.group, kind.name) == (group, manifest.kind) and (version in kind.versions or not kind.strict):
            return kind
    return None


def read(manifest: Manifest) -> Policy | None:
    """The policy that an object is, if it is one."""
    kind = kind_of(manifest)
    return _read(_Same(manifest), kind) if kind else None


class _Same:
    """An object as a key: the same object, not an equal one, for its body is a mapping that has no hash."""

    __slots__ = ("manifest",)

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    def __hash__(self) -> int:
        return id(self.manifest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.manifest is self.manifest


# Every rule, and each state of every flow, reads the same policies.
@lru_cache(maxsize=4096)
def _read(same: _Same, kind: Kind) -> Policy:
    return kind.read(same.manifest, kind)


def policies(manifests: Iterable[Manifest]) -> tuple[Policy, ...]:
    """Every policy among the objects, staged ones too."""
    return tuple(policy for manifest in manifests if (policy := read(manifest)))
