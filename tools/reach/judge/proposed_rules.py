"""Policies and rules to propose: for exactly one connection, in the dialect of the policy that they go into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.manifests.labels import NAME_LABEL
from tools.manifests.pods import Pod
from tools.policies.model import WITH_PORTS, Direction
from tools.reach.compiled import CompiledPolicy
from tools.reach.connections import NAMES
from tools.reach.judge.judged import Connection, JudgedCluster
from tools.reach.model import NamedPeer
from tools.reach.peers.naming import nets

# Labels that controllers put on one revision's pods, or on one pod. Source: kubernetes.io, well-known labels.
TEMPORARY = (
    *("pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", "job-name"),
    *("batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "batch.kubernetes.io/job-completion-index"),
    *("statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"),
)


def is_kubernetes(policy: CompiledPolicy) -> bool:
    """Whether it is a NetworkPolicy of Kubernetes."""
    return str(policy.manifest.body.get("apiVersion", "")).startswith("networking.k8s.io/")


def isolating(pod: Pod, way: Direction) -> dict[str, Any]:
    """A NetworkPolicy that selects a workload's pods, in one direction, and allows nothing."""
    name = pod.name.rpartition("/")[2].partition("[")[0] or "pods"
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{name}-{way.lower()}"[:253], "namespace": pod.namespace},
        "spec": {"podSelector": _selector(_lasting(pod.labels)), "policyTypes": [way]},
    }


def allowing(
    policy: CompiledPolicy, world: JudgedCluster, connection: Connection, way: Direction
) -> dict[str, Any] | None:
    """A rule that allows the connection in a direction, in the policy's own dialect; None where no rule can say so."""
    name, port = NAMES.get(connection.protocol), connection.port
    _, peer = connection.peers(way)
    expressible = peer.kind == "workload" or (peer.kind == "address" and len(nets(peer.name)) == 1)
    if name not in WITH_PORTS or not port or not expressible:
        return None
    if is_kubernetes(policy):
        key = "from" if way == "Ingress" else "to"
        return {key: [_kubernetes_peer(world, peer)], "ports": [{"protocol": name, "port": port}]}
    if policy.manifest.kind in ("NetworkPolicy", "GlobalNetworkPolicy"):
        return _calico_rule(world, peer, way, name, port)
    return None


def _kubernetes_peer(world: JudgedCluster, peer: NamedPeer) -> dict[str, Any]:
    if peer.kind == "address":
        return {"ipBlock": {"cidr": _cidr(peer)}}
    labels, namespace = _labels(world, peer)
    space = {"namespaceSelector": {"matchLabels": {NAME_LABEL: namespace}}}
    return {**space, "podSelector": _selector(labels)}


def _selector(labels: Mapping[str, str]) -> dict[str, Any]:
    return {"matchLabels": dict(labels)} if labels else {}


def _lasting(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that a workload's future pods will have too."""
    return {key: value for key, value in labels.items() if key not in TEMPORARY}


def _calico_rule(world: JudgedCluster, peer: NamedPeer, way: Direction, protocol: str, port: int) -> dict[str, Any]:
    entity = _calico_peer(world, peer)
    if way == "Ingress":
        return {"action": "Allow", "protocol": protocol, "source": entity, "destination": {"ports": [port]}}
    return {"action": "Allow", "protocol": protocol, "destination": {**entity, "ports": [port]}}


def _calico_peer(world: JudgedCluster, peer: NamedPeer) -> dict[str, Any]:
    if peer.kind == "address":
        return {"nets": [_cidr(peer)]}
    labels, namespace = _labels(world, peer)
    chosen = " && ".join(f"{key} == '{value}'" for key, value in labels.items())
    return {"selector": chosen or "all()", "namespaceSelector": f"projectcalico.org/name == '{namespace}'"}


def _labels(world: JudgedCluster, peer: NamedPeer) -> tuple[Mapping[str, str], str]:
    pod = world.universe.classes[world.bits(peer)[0]][0]
    return _lasting(pod.labels), pod.namespace


def _cidr(peer: NamedPeer) -> str:
    return str(nets(peer.name)[0])
