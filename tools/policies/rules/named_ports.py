"""A check of ports by name: a name that no pod has matches nothing, and Kubernetes does not report it."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.node import Node
from tools.manifests.pods import Pod
from tools.policies.calico import NEAR_AND_FAR, PORTS
from tools.policies.calico_ports import PORT_RANGE
from tools.policies.cluster import Cluster
from tools.policies.matching import members, subjects
from tools.policies.model import Policy, PolicyRule, Port


def named_ports_are_somebodys(cluster: Cluster) -> Iterator[Problem]:
    """A port that is given by name is the name of some container's port.

    A policy's named port is looked up in each pod that is called, name and protocol both: in the selected pods for
    ingress, in the peers for egress. Where no pod has it, or the peer is an address, the rule matches nothing, in
    silence.
    In Calico's language the ports of `destination` are those of the pods that are called, the ports of `source` those
    of the callers, and a name in `notPorts` that nobody has leaves nothing out.
    Write the name as the container does, with its protocol, or the number. Tried with the workloads that are given, and
    with those among the manifests, beside which there may be others: then it is a warning.
    Source: k8s.io/api networking/v1 NetworkPolicyPort; projectcalico.org/v3 EntityRule.
    """
    for policy in cluster.policies:
        for rule in policy.rules:
            if policy.calico:
                yield from _calico(cluster, policy, rule)
            else:
                for port in rule.ports:
                    if port.name:
                        yield from _unknown(cluster, policy, rule, port)


def _unknown(cluster: Cluster, policy: Policy, rule: PolicyRule, port: Port) -> Iterator[Problem]:
    addresses = [peer for peer in rule.peers if peer.blocks and not peer.anyone]
    if rule.direction == "Egress" and len(addresses) == len(rule.peers):
        yield port.node.problem(
            f"{port.name} is the name of a pod's port, and these peers are addresses; write the number"
        )
    called = _called(cluster, policy, rule)
    yield from _nobodys(cluster, called, port.node, port.name, port.protocol, "is called")


def _calico(cluster: Cluster, policy: Policy, rule: PolicyRule) -> Iterator[Problem]:
    _, near, _ = NEAR_AND_FAR[rule.direction]
    protocol = rule.ports[0].protocol if rule.ports else ""
    for side in ("source", "destination"):
        entity = rule.node[side]
        for item in (item for key in PORTS for item in entity[key].items()):
            name = item.text()
            if name and not name.isdecimal() and not PORT_RANGE.fullmatch(name):
                pods = subjects(cluster, policy) if side == near else members(cluster, policy, rule.peers[0])
                does = "is called" if side == "destination" else "calls"
                yield from _nobodys(cluster, pods, item, name, protocol, does)


def _nobodys(
    cluster: Cluster, pods: tuple[Pod, ...], node: Node, name: str, protocol: str, does: str
) -> Iterator[Problem]:
    if pods and not any(named == name and protocol in ("", own) for pod in pods for named, own, _ in pod.ports):
        known = sorted({f"{named} ({own})" for pod in pods for named, own, _ in pod.ports})
        advice = f"they have: {', '.join(known)}" if known else "they name none; write the number"
        shown = f"{name} ({protocol})" if protocol else name
        message = f"no pod that {does} has a port {shown}; {advice}"
        yield node.problem(message, Severity.ERROR if cluster.given else Severity.WARNING)


def _called(cluster: Cluster, policy: Policy, rule: PolicyRule) -> tuple[Pod, ...]:
    if rule.direction == "Ingress":
        return subjects(cluster, policy)
    return tuple(pod for peer in rule.peers if not peer.blocks for pod in members(cluster, policy, peer))


CHECKS: tuple[Check[Cluster], ...] = (named_ports_are_somebodys,)
SEVERITIES: Severities = {
    named_ports_are_somebodys: (Severity.ERROR, Severity.WARNING),
}
