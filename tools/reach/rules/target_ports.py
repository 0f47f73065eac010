"""A check of egress rules against Services: a rule that names the Service's port, where policies see the pods' port."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.pods import Pod
from tools.policies.cluster import Cluster
from tools.policies.matching import chosen, members, same
from tools.policies.model import Policy, PolicyRule, Port
from tools.reach.peers.services import Service, ServicePort, services

NAMESPACE = "default"


def ports_are_the_pods_own(cluster: Cluster) -> Iterator[Problem]:
    """An egress rule names the port that the pods listen on, not the port of the Service in front of them.

    A Service's address and port are translated before any policy sees the connection: to a policy, `port: 80` of a
    Service with `targetPort: 8080` is 8080. A rule that opens 80 opens nothing, and the calls time out. Checked where
    the Service and its pods are among the manifests or the workloads. Rules that name the pods' port too are left
    alone, and so are headless Services, whose port is not translated.
    Write the target port.
    Source: k8s.io/api networking/v1 NetworkPolicyPort.
    """
    fronts = _fronts(cluster)
    for policy in cluster.policies if fronts else ():
        for rule in policy.towards("Egress"):
            if rule.action == "Allow":
                yield from _of_services(cluster, fronts, policy, rule)


def _fronts(cluster: Cluster) -> dict[int, list[Service]]:
    """The Services in front of each pod, by the identity of the pod."""
    fronts: dict[int, list[Service]] = {}
    for service in services(cluster.objects, NAMESPACE).values():
        if service.selector is not None and not service.headless:
            for pod in chosen(cluster, service.selector):
                if same(service.manifest.namespace, pod.namespace):
                    fronts.setdefault(id(pod), []).append(service)
    return fronts


def _of_services(
    cluster: Cluster, fronts: dict[int, list[Service]], policy: Policy, rule: PolicyRule
) -> Iterator[Problem]:
    pods = [pod for peer in rule.peers if not peer.blocks for pod in members(cluster, policy, peer)]
    behind: dict[int, tuple[Service, list[Pod]]] = {}
    for pod in pods if rule.ports else ():
        for service in fronts.get(id(pod), ()):
            behind.setdefault(id(service), (service, []))[1].append(pod)
    for port in rule.ports if behind else ():
        for service, own in behind.values():
            targets = _targets(service, port, own)
            if targets and not any(_opens(policy, target, port.protocol) for target in targets):
                numbers = " and ".join(map(str, sorted(targets)))
                message = f"{port.first} is the port of {service.title}, but policies see its pods' port"
                yield port.node.problem(f"{message}; write {numbers}", Severity.WARNING)


def _targets(service: Service, port: Port, behind: list[Pod]) -> set[int]:
    """The pods' ports behind the Service's port that a rule names; empty where a pod has a port of that number too."""
    if port.name or port.first != port.last:
        return set()
    key = port.first, port.protocol
    named = [service_port for service_port in service.ports if (service_port.number, service_port.protocol) == key]
    if any((number, protocol) == key for pod in behind for _, protocol, number in pod.listening):
        return set()
    return {number for service_port in named for pod in behind for number in _numbers(service_port, pod)} - {port.first}


def _numbers(port: ServicePort, pod: Pod) -> Iterator[int]:
    if isinstance(port.target, int):
        yield port.target
    else:
        yield from (
            number
            for name, protocol, number in pod.ports
            if (name, protocol) == (port.target, port.protocol) and number
        )


def _opens(policy: Policy, number: int, protocol: str) -> bool:
    """Whether a rule of the policy opens the port, so that the Service's port is there on purpose."""
    rules = [rule for rule in policy.towards("Egress") if rule.action == "Allow"]
    return any(
        not rule.ports or any(port.includes(number) and port.protocol in ("", protocol) for port in rule.ports)
        for rule in rules
    )


CHECKS: tuple[Check[Cluster], ...] = (ports_are_the_pods_own,)
SEVERITIES: Severities = {
    ports_are_the_pods_own: (Severity.WARNING,),
}
