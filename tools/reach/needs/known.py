"""The facts about a cluster that its needs are checked against: reachability, Services and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from tools.findings.model import Manifest
from tools.manifests.label_selector import Selector
from tools.manifests.labels import NAME_LABEL
from tools.manifests.node import root
from tools.manifests.pods import Pod
from tools.policies.calico_expression import Comparison, Expression, Has, parts
from tools.policies.calico_labels import is_derived
from tools.policies.cluster import Cluster
from tools.policies.endpoints import Endpoints
from tools.policies.matching import labelled, members
from tools.policies.model import Direction, Pods, Policy, RulePeer
from tools.reach.connections import NUMBERS, Conns, includes
from tools.reach.needs.environment import ConfigMaps, config_maps
from tools.reach.needs.gather import Need, needs
from tools.reach.needs.names import ClusterNames, served
from tools.reach.peers.services import Service, ServiceTarget, behind, running, services
from tools.reach.sets import all_of, bit_set, indexes
from tools.reach.world import World

NAMESPACE = "default"
# The annotation of a pod that stands for the pods of a Service whose workloads were not given.
EXPECTED = "sark-network/expected-by"
CHART = ("app.kubernetes.io/name", "sark-network")


@dataclass(frozen=True)
class Caller:
    """A workload with needs: one of its pods, the pod's place in the world, and the needs."""

    pod: Pod
    place: int
    needs: tuple[Need, ...]


@dataclass(frozen=True, eq=False)
class Known:
    """A cluster, judged once. `namespace`: that of given objects which do not name one.

    `cluster` and `world` include a pod for each Service whose pods were not given.
    """

    cluster: Cluster
    namespace: str
    world: World
    names: ClusterNames
    maps: ConfigMaps
    _behind: dict[tuple[str, str, int | str | None, str], tuple[ServiceTarget, ...]] = field(
        default_factory=dict, repr=False
    )

    @cached_property
    def classes(self) -> Mapping[str, tuple[tuple[int, Pod], ...]]:
        """The pods of each workload, with their places in the world."""
        by_workload: dict[str, list[tuple[int, Pod]]] = {}
        for index, pods in enumerate(self.world.universe.classes):
            for pod in pods:
                by_workload.setdefault(pod.name, []).append((index, pod))
        return {name: tuple(members) for name, members in by_workload.items()}

    @cached_property
    def places(self) -> Mapping[int, int]:
        """Each pod's place in the world, by the identity of its manifest."""
        return {id(pod.manifest): place for class_ in self.classes.values() for place, pod in class_}

    def pair(self, src: str, dst: str) -> tuple[int, int]:
        """The places of two workloads, as bits."""
        callers, called = (bit_set(place for place, _ in self.classes[name]) for name in (src, dst))
        return callers, called

    @cached_property
    def callers(self) -> tuple[Caller, ...]:
        """Every workload with needs, except on the host's network, where policies do not apply."""
        placed = ((place, pod) for members in self.classes.values() for place, pod in members if not pod.host)
        candidates = (Caller(pod, place, tuple(needs(pod, self.maps))) for place, pod in placed)
        return tuple(caller for caller in candidates if caller.needs)

    @cached_property
    def charted(self) -> bool:
        """Whether this project's chart wrote the policies, so that a person would change its values."""
        labels = (root(policy.manifest)["metadata"]["labels"][CHART[0]] for policy in self.cluster.policies)
        return any(label.text() == CHART[1] for label in labels)

    def targets(self, service: Service, port: int | str | None, protocol: str) -> tuple[ServiceTarget, ...]:
        """The pods and ports behind a Service's port; with `port` None, behind all of its ports."""
        key = (service.namespace, service.name, port, protocol)
        if key not in self._behind:
            pods = self._selected(service)
            numbers: list[int | str] = (
                [port] if port else [port.number for port in service.ports if port.protocol == protocol]
            )
            led_to = (target for number in numbers for target in behind(service, number, protocol, pods).targets)
            self._behind[key] = tuple(dict.fromkeys(led_to))
        return self._behind[key]

    def _selected(self, service: Service) -> tuple[Pod, ...]:
        universe = self.world.universe
        if service.selector is None:
            return ()
        bits = universe.kubernetes.selected(service.selector) & universe.by_namespace.get(service.namespace, 0)
        return tuple(pod for index in indexes(bits) for pod in universe.classes[index])

    def closed(self, src: int, dst: int, target: ServiceTarget) -> tuple[Direction, ...]:
        """The ends at which policies certainly deny a connection between two places."""
        sides, number = self.world.table.sides, NUMBERS[target.protocol]
        out = _at(sides["Egress"].of(src), dst)
        into = _at(sides["Ingress"].of(dst), src)
        ends: tuple[tuple[Direction, Conns], ...] = (("Egress", out), ("Ingress", into))
        return tuple(way for way, conns in ends if not includes(conns, number, target.port))

    def entered(self, place: int, pod: Pod, target: ServiceTarget, without: frozenset[str] = frozenset()) -> bool:
        """Whether anybody may enter a pod on a port. Nodes do not count, because they get in whatever policies say.

        `without`: peers in these namespaces do not count either.
        """
        universe, side = self.world.universe, self.world.table.sides["Ingress"]
        if place not in side.by_class:
            return True
        number = NUMBERS[target.protocol]
        excluded = all_of(universe.by_namespace.get(space, 0) for space in without)
        ignored = universe.node | universe.hosts | excluded | (universe.ingress if without else 0)
        for (least, most), bits in side.of(place).items():
            if bits & ~ignored and includes(most, number, target.port):
                return True
            if bits & universe.ingress and includes(least, number, target.port):
                return True
        return self._opened(pod, target, without)

    def _opened(self, pod: Pod, target: ServiceTarget, without: frozenset[str]) -> bool:
        """Whether a rule opens the port to a peer about which nothing is known."""
        near = (*self._policies.get(pod.namespace, ()), *self._policies.get("", ()))
        chosen = (policy for policy in near if labelled(self.cluster, policy, pod))
        return any(self._opens(policy, pod, target, without) for policy in chosen)

    @cached_property
    def _policies(self) -> Mapping[str, tuple[Policy, ...]]:
        """The policies of each namespace; under "" those of the whole cluster."""
        policies: dict[str, list[Policy]] = {}
        for policy in self.cluster.policies:
            if not policy.staged:
                policies.setdefault("" if policy.clusterwide else policy.manifest.namespace, []).append(policy)
        return {space: tuple(members) for space, members in policies.items()}

    def _opens(self, policy: Policy, pod: Pod, target: ServiceTarget, without: frozenset[str]) -> bool:
        names = {name for name, protocol, number in pod.ports if (protocol, number) == (target.protocol, target.port)}
        for rule in policy.towards("Ingress"):
            ports = [port for port in rule.ports if port.protocol in ("", target.protocol)]
            fits = not rule.ports or any(port.includes(target.port) or port.name in names for port in ports)
            peers = [peer for peer in rule.peers if not _only_in(without, policy, peer)]
            if rule.action == "Allow" and fits and not all(members(self.cluster, policy, peer) for peer in peers):
                return True
        return False


def _only_in(spaces: frozenset[str], policy: Policy, peer: RulePeer) -> bool:
    """Whether a peer means only pods in some namespaces."""
    match peer.pods:
        case Pods(spaces=None) | Endpoints(own=True):
            return policy.manifest.namespace in spaces
        case Pods(spaces=Selector(requirements)):
            return any(
                need.key == NAME_LABEL and need.operator == "In" and spaces.issuperset(need.values)
                for need in requirements
            )
    return False


def _at(answer: Mapping[tuple[Conns, Conns], int], index: int) -> Conns:
    """The connections that are at most let through to or from a place."""
    return next((most for (_, most), bits in answer.items() if bits >> index & 1), ())


def title(pod: Pod) -> str:
    """What messages call a workload."""
    if service := root(pod.manifest)["metadata"]["annotations"][EXPECTED].text():
        return f"the pods of Service {pod.namespace}/{service}"
    return f"{pod.manifest.kind} {pod.namespace}/{pod.manifest.name}"


@dataclass(frozen=True, eq=False)
class _Key:
    """A cache key for a cluster by identity, because comparing clusters by value would take long."""

    cluster: Cluster

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.cluster is other.cluster

    def __hash__(self) -> int:
        return id(self.cluster)


def known(cluster: Cluster) -> Known:
    """The facts about a cluster, which the rules of one run share."""
    return _known(_Key(cluster))


@lru_cache(maxsize=4)
def _known(key: _Key) -> Known:
    cluster = key.cluster
    namespace = usual_namespace(cluster.policies) or NAMESPACE
    given = tuple(_in_namespace(manifest, namespace) for manifest in cluster.workloads)
    objects = (*cluster.manifests, *given)
    known_services = services(objects, namespace)
    pods = running(objects, namespace)
    expected = tuple(_expected(cluster, known_services, pods))
    extended = replace(cluster, workloads=(*given, *expected))
    world = World((*objects, *expected), namespace=namespace)
    names = ClusterNames(
        known_services, frozenset(_namespaces(cluster, pods, known_services, namespace)), served(objects)
    )
    return Known(extended, namespace, world, names, config_maps(objects, namespace))


def _in_namespace(manifest: Manifest, space: str) -> Manifest:
    """The object in the namespace where it is applied; cluster-wide objects stay without one."""
    clusterwide = manifest.kind == "Namespace" or manifest.kind.startswith(("Cluster", "Global"))
    return manifest if manifest.namespace or clusterwide else replace(manifest, namespace=space)


def usual_namespace(policies: Iterable[Policy]) -> str:
    """The namespace of most policies, the first where several have as many; "" where policies name none."""
    spaces = Counter(policy.manifest.namespace for policy in policies if not policy.clusterwide)
    return max(spaces, key=lambda name: spaces[name], default="")


def _namespaces(
    cluster: Cluster, pods: tuple[Pod, ...], known_services: Mapping[tuple[str, str], Service], usual: str
) -> Iterator[str]:
    yield from (usual, "kube-system", NAMESPACE, *cluster.namespaces)
    yield from (pod.namespace for pod in pods)
    yield from (space for space, _ in known_services)
    for policy in cluster.policies:
        for peer in policy.sides:
            for need in peer.pods.spaces.requirements if isinstance(peer.pods, Pods) and peer.pods.spaces else ():
                yield from need.values if need.key == NAME_LABEL and need.operator == "In" else ()


def _expected(
    cluster: Cluster, known_services: Mapping[tuple[str, str], Service], pods: tuple[Pod, ...]
) -> Iterator[Manifest]:
    """A pod for each Service that selects none of the given pods, with exactly the labels that it selects.

    There is none where a policy's selector asks for these labels and more, as it is not known whether it means the
    Service's pods.
    """
    by_space: dict[str, list[Pod]] = {}
    for pod in pods:
        by_space.setdefault(pod.namespace, []).append(pod)
    selectors = tuple(_selectors(cluster))
    for (space, name), service in known_services.items():
        chosen = service.selector
        if chosen is None or any(chosen.matches(pod.labels) for pod in by_space.get(space, ())):
            continue
        labels = {requirement.key: requirement.values[0] for requirement in chosen.requirements}
        if not any(_asks_more(selector, labels) for selector in selectors):
            body = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": f"expected-by-{name}",
                    "namespace": space,
                    "labels": labels,
                    "annotations": {EXPECTED: name},
                },
                "spec": {"containers": []},
            }
            yield Manifest(service.manifest.file, "Pod", f"expected-by-{name}", space, body)


# The labels that a selector asks for, with the value, or "" where several values match.
LabelsAsked = Mapping[str, str]


def _selectors(cluster: Cluster) -> Iterator[LabelsAsked]:
    for policy in cluster.policies:
        for selected in (policy.subject, *(peer.pods for peer in policy.sides)):
            match selected:
                case Pods(chosen=chosen):
                    yield {
                        requirement.key: requirement.values[0] if len(requirement.values) == 1 else ""
                        for requirement in chosen.requirements
                        if requirement.operator in ("In", "Exists")
                    }
                case Endpoints(chosen=expression) if expression is not None:
                    yield dict(_calico(expression))


def _calico(expression: Expression) -> Iterator[tuple[str, str]]:
    for part in parts(expression):
        if isinstance(part, Comparison) and not is_derived(part.label):
            yield part.label, part.values[0] if part.operator == "==" and len(part.values) == 1 else ""
        elif isinstance(part, Has) and not is_derived(part.label):
            yield part.label, ""


def _asks_more(asked: LabelsAsked, labels: Mapping[str, str]) -> bool:
    """Whether a selector matches some of the labels, contradicts none, and asks for others too."""
    shared = [key for key in asked if key in labels]
    fits = all(asked[key] in ("", labels[key]) for key in shared)
    return bool(shared) and fits and len(shared) < len(asked)
