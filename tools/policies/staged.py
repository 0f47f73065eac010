"""Calico's staged policies as though they were enforced: what would hold if they were made real now.

Source: projectcalico.org/v3 StagedGlobalNetworkPolicy and its like. A staged policy takes the place of the enforced one
of its name; with `stagedAction: Delete` it takes that one away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tools.findings.model import Manifest
from tools.manifests.node import root
from tools.policies import kinds

KUBERNETES = "StagedKubernetesNetworkPolicy"
KINDS = {kind.name: kind.enforced_name for kind in kinds.KINDS if not kind.enforced}
Identity = tuple[bool, str, str, str]


def pending(manifests: Iterable[Manifest], namespace: str) -> tuple[Manifest, ...]:
    """The manifests with every staged policy made real. `namespace`: of objects that name none."""
    objects = tuple(manifests)
    refused = {id(manifest) for manifest in objects if manifest.kind in KINDS and _is_refused(manifest)}
    staged = {
        _identity(manifest, namespace): manifest
        for manifest in objects
        if manifest.kind in KINDS and _action(manifest) in ("Set", "Delete") and id(manifest) not in refused
    }
    kept = [it for it in objects if it.kind not in KINDS and _identity(it, namespace) not in staged]
    # What no cluster takes stays as it is: staged, and told as an error.
    kept += [it for it in objects if id(it) in refused]
    made = [_enforced(manifest) for manifest in staged.values() if _action(manifest) == "Set"]
    return (*kept, *made)


def _is_refused(manifest: Manifest) -> bool:
    policy = kinds.read(manifest)
    return policy is not None and policy.broken


def _action(manifest: Manifest) -> str:
    """Set unless it says; of Learn and Ignore nothing comes when policies are made real."""
    return root(manifest)["spec"]["stagedAction"].text() or "Set"


def _identity(manifest: Manifest, namespace: str) -> Identity:
    """What a policy is called where it is enforced."""
    api = root(manifest)["apiVersion"].text()
    kubernetes = manifest.kind == KUBERNETES or api.startswith("networking.k8s.io/")
    kind = KINDS.get(manifest.kind, manifest.kind)
    return kubernetes, kind, "" if kind == "GlobalNetworkPolicy" else manifest.namespace or namespace, manifest.name


def _enforced(manifest: Manifest) -> Manifest:
    kind = KINDS[manifest.kind]
    spec = {key: node.value for key, node in root(manifest)["spec"].fields() if key != "stagedAction"}
    api = "networking.k8s.io/v1" if manifest.kind == KUBERNETES else "projectcalico.org/v3"
    body = {**manifest.body, "apiVersion": api, "kind": kind, "spec": spec}
    return replace(manifest, kind=kind, body=body)
