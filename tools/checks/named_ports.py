"""A check of ports by name: a name that no pod gives to a port matches nothing, and says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tools.matching import members, subjects
from tools.model import Check, Problem
from tools.policy import Policy, Port, Rule
from tools.workloads import Cluster, Pod


def named_ports_are_somebodys(cluster: Cluster) -> Iterator[Problem]:
    """A port by name is the name of a container's port.

    A policy's named port is looked up in each pod that is called, name and protocol both: in the selected pods for
    ingress, in the peers for egress. Where no pod has it, or the peer is an address, the rule matches nothing, in
    silence.
    Write the name as the container does, with its protocol, or the number. Tried where workloads are given.
    Source: k8s.io/api networking/v1 NetworkPolicyPort.
    """
    for policy in cluster.policies:
        for rule in policy.rules:
            for port in rule.ports:
                if port.name and not policy.calico:
                    yield from _unknown(cluster, policy, rule, port)


def _unknown(cluster: Cluster, policy: Policy, rule: Rule, port: Port) -> Iterator[Problem]:
    addresses = [peer for peer in rule.peers if peer.blocks and not peer.anyone]
    if rule.direction == "Egress" and len(addresses) == len(rule.peers):
        yield port.node.problem(f"{port.name} is a pod's port by name, and these peers are addresses; write the number")
    called = _called(cluster, policy, rule) if cluster.given else ()
    if called and not any((port.name, port.protocol) in pod.named_ports for pod in called):
        known = sorted({f"{name} ({protocol})" for pod in called for name, protocol in pod.named_ports})
        advice = f"they have: {', '.join(known)}" if known else "they name none; write the number"
        yield port.node.problem(f"no pod that is called has a port {port.name} ({port.protocol}); {advice}")


def _called(cluster: Cluster, policy: Policy, rule: Rule) -> tuple[Pod, ...]:
    if rule.direction == "Ingress":
        return subjects(cluster, policy)
    return tuple(pod for peer in rule.peers if not peer.blocks for pod in members(cluster, policy, peer.node))


CHECKS: tuple[Check[Cluster], ...] = (named_ports_are_somebodys,)
