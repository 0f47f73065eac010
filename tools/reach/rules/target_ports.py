"""A check of rules against Services: a rule that names the Service's port, where policies see the pod's."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severity
from tools.manifests.pods import Pod
from tools.policies.cluster import Cluster
from tools.policies.matching import chosen, members, same
from tools.policies.model import Policy, Port, Rule
from tools.reach.peers.services import Service, ServicePort, services

NAMESPACE = "default"


def ports_are_the_pods_own(cluster: Cluster) -> Iterator[Problem]:
    """A rule for egress names the port that the pods listen on, and not that of the Service before them.

    A Service's address and port are translated before any policy sees the connection: `port: 80` of a Service with
    `targetPort: 8080` is 8080 to a policy. A rule that opens 80 opens nothing, and the calls time out. Tried where the
    Service and its pods are among the manifests or the workloads; a rule that names the pods' port too is left alone,
    and so is a headless Service, whose pods are called as they are.
    Write the target port.
    Source: k8s.io/api networking/v1 NetworkPolicyPort.
    """
    fronts = _fronts(cluster)
    for policy in cluster.policies if fronts else ():
        for rule in policy.towards("Egress"):
            if rule.action == "Allow":
                yield from _of_services(cluster, fronts, policy, rule)


def _fronts(cluster: Cluster) -> dict[int, list[Service]]:
    """The Services before each pod, which is known by its place in memory."""
    fronts: dict[int, list[Service]] = {}
    for service in services(cluster.objects, NAMESPACE).values():
        if service.selector is not None and not service.headless:
            for pod in chosen(cluster, service.selector):
                if same(service.manifest.namespace, pod.namespace):
                    fronts.setdefault(id(pod), []).append(service)
    return fronts


def _of_services(cluster: Cluster, fronts: dict[int, list[Service]], policy: Policy, rule: Rule) -> Iterator[Problem]:
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
                message = f"{port.first} is the port of {service.title}, whose pods are called on {numbers}"
                yield port.node.problem(f"{message}; policies see that one: write {numbers}", Severity.WARNING)


def _targets(service: Service, port: Port, behind: list[Pod]) -> set[int]:
    """The pods' ports behind the Service's port that a rule names; none where a pod has a port of that number too."""
    if port.name or port.first != port.last:
        return set()
    written = [one for one in service.ports if (one.number, one.protocol) == (port.first, port.protocol)]
    own = {(protocol, number) for pod in behind for _, protocol, number in pod.listening} if written else set()
    if (port.protocol, port.first) in own:
        return set()
    return {number for one in written for pod in behind for number in _numbers(one, pod)} - {port.first}


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
    """Whether a rule of the policy opens the port: then the other one is beside it on purpose."""
    rules = [rule for rule in policy.towards("Egress") if rule.action == "Allow"]
    return any(
        not rule.ports or any(port.includes(number) and port.protocol in ("", protocol) for port in rule.ports)
        for rule in rules
    )


CHECKS: tuple[Check[Cluster], ...] = (ports_are_the_pods_own,)
