"""A check of Services against policies: a port that leads to a pod which nobody may call there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tools.checks.manifests import title
from tools.matching import labelled, members
from tools.model import Check, Problem, Severity
from tools.policy import Policy
from tools.reach.conns import NUMBERS, includes
from tools.reach.peers.pods import Pod
from tools.reach.peers.services import Service, Target, behind, running, services
from tools.reach.world import World
from tools.tree import root
from tools.workloads import Cluster

NAMESPACE = "default"


def service_ports_are_open(cluster: Cluster) -> Iterator[Problem]:
    """A port of a Service leads to a port of its pods that some policy opens.

    Policies see the pod and its target port, never the Service. Where a pod is isolated and no rule lets anybody in on
    the target port, the Service answers nobody: a rule names the Service's own port, or the pod's was renumbered. A
    rule whose peers are in namespaces of which no workload is known counts as one that opens.
    Write the target port in a policy that selects the pods, or take the port from the Service.
    Source: k8s.io/api networking/v1 NetworkPolicyPort.
    """
    objects = cluster.objects
    found = services(objects, NAMESPACE).values()
    pods = running(objects, NAMESPACE) if found else ()
    if not pods:
        return
    world = World(objects, namespace=NAMESPACE)
    places = {id(pod.manifest): place for place, alike in enumerate(world.universe.classes) for pod in alike}
    # The judge leaves out objects that are broken, or that another one takes the place of.
    pods = tuple(pod for pod in pods if id(pod.manifest) in places)
    labelled_pods = _by_label(pods)
    for service in found:
        for item in root(service.manifest)["spec"]["ports"].items():
            number, protocol = item["port"].number(), item["protocol"].text() or "TCP"
            for pod in _candidates(service, labelled_pods) if number and protocol in NUMBERS else ():
                for target in behind(service, number or 0, protocol, [pod]).targets:
                    if not _entered(world, places[id(pod.manifest)], target) and not _opened(cluster, pod, target):
                        message = f"this leads to {protocol} {target.port} of {title(pod.manifest)}"
                        advice = "where policies let nobody in; open it there, or drop the port"
                        yield item.problem(f"{message}, {advice}", Severity.WARNING)


def _by_label(pods: Iterable[Pod]) -> dict[tuple[str, str, str], list[Pod]]:
    found: dict[tuple[str, str, str], list[Pod]] = {}
    for pod in pods:
        for key, value in pod.labels.items():
            found.setdefault((pod.namespace, key, value), []).append(pod)
    return found


def _candidates(service: Service, pods: Mapping[tuple[str, str, str], Sequence[Pod]]) -> Sequence[Pod]:
    """The pods that have the first label that a Service selects by: no others can be behind it."""
    if service.selector is None or not service.selector.requirements:
        return ()
    first = service.selector.requirements[0]
    return pods.get((service.namespace, first.key, first.values[0]), ())


def _entered(world: World, place: int, target: Target) -> bool:
    """Whether anybody that is known may enter, a node apart: that is let in whatever policies say.

    `place` is the pod's in the world: its class.
    """
    side = world.table.sides["Ingress"]
    if place not in side.by_class:
        return True
    machines = world.universe.node | world.universe.hosts
    number = NUMBERS[target.protocol]
    answers = side.of(place).items()
    return any(bits & ~machines and includes(bounds[1], number, target.port) for bounds, bits in answers)


def _opened(cluster: Cluster, pod: Pod, target: Target) -> bool:
    """Whether a rule opens the port to somebody of whom nothing is known."""
    own = next(one for one in cluster.pods if one.manifest is pod.manifest)
    chosen = (policy for policy in cluster.policies if not policy.staged and labelled(cluster, policy, own))
    return any(_opens(cluster, policy, pod, target) for policy in chosen)


def _opens(cluster: Cluster, policy: Policy, pod: Pod, target: Target) -> bool:
    names = {name for name, protocol, number in pod.ports if (protocol, number) == (target.protocol, target.port)}
    for rule in policy.towards("Ingress"):
        ports = [port for port in rule.ports if port.protocol in ("", target.protocol)]
        fits = not rule.ports or any(port.includes(target.port) or port.name in names for port in ports)
        if rule.action == "Allow" and fits and not all(members(cluster, policy, peer.node) for peer in rule.peers):
            return True
    return False


CHECKS: tuple[Check[Cluster], ...] = (service_ports_are_open,)
