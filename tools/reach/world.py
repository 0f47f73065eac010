"""The facade of the judge: manifests in, answers out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.findings.model import Manifest, Problem, Severity
from tools.manifests import metadata
from tools.manifests.addresses import Net, network
from tools.manifests.fields import BrokenError, Dropped
from tools.policies import kinds, unmodelled
from tools.policies.lockdowns import left_open
from tools.policies.unjudged import unjudged
from tools.reach import doubts
from tools.reach.compiled import Tier
from tools.reach.connections import ALL, NONE, NUMBERS, Conns, of, union
from tools.reach.judge.explain import explanation
from tools.reach.judge.matrix import Judged
from tools.reach.judge.reasons import reasons
from tools.reach.judge.selecting import selecting
from tools.reach.judge.table import Table, conditional, over_all
from tools.reach.model import Explanation, Matrix, Peer, Selecting, Verdict
from tools.reach.objects import stacked
from tools.reach.peers import naming
from tools.reach.peers.build import populate
from tools.reach.peers.ingresses import KINDS as INGRESSES
from tools.reach.peers.ingresses import behind_ingress
from tools.reach.peers.naming import UnknownPeerError
from tools.reach.peers.universe import Universe
from tools.reach.resolve import Resolver
from tools.reach.tiers import arrange

__all__ = ["POD_CIDRS", "UnknownPeerError", "World"]

# Where a pod's address is taken to be, when nobody says: IPv4 as private clusters and the clouds give it out.
POD_CIDRS: tuple[Net, ...] = tuple(
    net for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10") if (net := network(text))
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was read of the manifests: who there is, the tiers that decide, and what was wrong."""

    universe: Universe
    tiers: tuple[Tier, ...]
    served: Mapping[int, Conns]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    idle: tuple[Problem, ...]


class World:
    """A cluster as manifests describe it.

    `peers`: every workload, in order of name, and {ingress-controller} where there are Ingresses. `problems`: objects
    that are broken, and so are left out, each with its place. `notes`: what could change an answer and is not modelled,
    and what was assumed. `idle`: notes of selectors that match nobody of the input.
    """

    def __init__(
        self, manifests: Iterable[Manifest], *, pod_cidrs: tuple[Net, ...] = POD_CIDRS, namespace: str = "default"
    ) -> None:
        named, unnamed = _named(manifests)
        self.manifests, twice = stacked((named,), namespace)
        self.pod_cidrs, self.namespace = pod_cidrs, namespace
        read = _read(self.manifests, namespace, pod_cidrs)
        self.universe, self.problems, self.notes = read.universe, (*unnamed, *twice, *read.problems), read.notes
        self.idle = read.idle
        self.table = Table(read.universe, read.tiers, read.served)
        self.places = naming.places(self.universe, self.manifests)
        self.peers = tuple(self.places)

    def of(self, manifests: Iterable[Manifest]) -> World:
        """A world of other objects, with the same addresses of pods and the same namespace by default."""
        return World(manifests, pod_cidrs=self.pod_cidrs, namespace=self.namespace)

    def peer(self, name: str) -> Peer:
        """A workload by `namespace/name[Kind]`, `namespace/name`, or `name`; `{node}`; `{ingress-controller}`; or an
        address, a range `first-last` or a CIDR, outside or a known pod's. Raises UnknownPeerError.
        """
        return naming.find(name, self.peers, self.universe)

    def matrix(self, *, ipv6: bool = False) -> Matrix:
        """Who reaches whom. `ipv6`: addresses of IPv6 too, where neither the input speaks of them nor it matters."""
        return Judged(self.table, self.places, lambda src, dst: reasons(self.table, src, dst), ipv6=ipv6)

    def verdict(self, src: Peer, dst: Peer) -> Verdict:
        """Every connection between two. Two replicas of one workload when both are the same, but a Pod is itself.

        An address is judged as the one that arrives: what a load balancer or a node makes of it is not looked at here.
        """
        if src == dst and self.alone(src):
            return Verdict(ALL)
        pairs = [(one, other) for one in self.bits(src) for other in self.bits(dst)]
        bounds = over_all([self.table.between(pair, other) for pair, other in pairs])
        perhaps = conditional(bounds)
        why = (
            dict.fromkeys(reason for pair, other in pairs for reason in reasons(self.table, pair, other))
            if perhaps
            else ()
        )
        return Verdict(bounds[0], perhaps, tuple(why))

    def alone(self, peer: Peer) -> bool:
        """Whether a peer is one pod by itself, which nothing keeps from itself."""
        if peer not in self.places or self.places[peer] >= len(self.universe.classes):
            return False
        pods = self.universe.classes[self.places[peer]]
        return [pod.single for pod in pods if peer.name in (pod.name, pod.own_name)] == [True]

    def bits(self, peer: Peer) -> tuple[int, ...]:
        """The bits of a peer: one, or the blocks that a network reaches into."""
        return (self.places[peer],) if peer in self.places else naming.bits(peer, self.universe)

    def selecting(self, peer: Peer) -> Selecting:
        """Which policies select a workload, and how much they let through."""
        return selecting(self.table, peer, self.bits(peer)[0])

    def explain(self, src: Peer, dst: Peer, port: int, protocol: str = "TCP") -> Explanation:
        """Why one may or may not reach the other on a port. `protocol`: TCP, UDP, SCTP, ICMP, ICMPv6 or a number."""
        return explanation(self, src, dst, port, protocol)


def _read(manifests: tuple[Manifest, ...], namespace: str, pod_cidrs: tuple[Net, ...]) -> Judgement:
    dropped = Dropped()
    doubtful = unjudged(manifests)
    policies = tuple(policy for policy in kinds.policies(manifests) if not policy.staged)
    universe, notes = populate(manifests, policies, namespace, pod_cidrs, dropped, doubtful)
    resolver = Resolver(universe, namespace)
    for policy in policies:
        dropped.problems.extend(policy.problems)
    resolved = tuple(resolver.policy(policy) for policy in policies if not policy.broken)
    tiers, problems = arrange(manifests, resolved, dropped)
    served, unserved = _served(manifests, universe, namespace)
    doors = (node.problem(message, Severity.NOTE) for node, message in left_open(manifests, policies))
    beside = (*notes, *resolver.beside.notes, *unserved, *unmodelled.notes(manifests), *doors)
    return Judgement(
        universe=universe,
        tiers=(*doubts.tiers(doubtful, universe, namespace), *tiers),
        served=served,
        problems=tuple(dict.fromkeys((*_nameless(manifests), *dropped.problems, *problems))),
        notes=tuple(dict.fromkeys(beside)),
        idle=tuple(resolver.beside.idle_notes()),
    )


def _named(manifests: Iterable[Manifest]) -> tuple[tuple[Manifest, ...], tuple[Problem, ...]]:
    """The objects whose metadata is what it must be, and what is wrong with the others.

    A namespace that YAML takes for true or false, such as a plain `n`, is none, and not the default one.
    """
    kept: list[Manifest] = []
    problems: list[Problem] = []
    judged = kinds.judged().keys()
    for manifest in manifests:
        try:
            metadata.check(manifest, judged)
            kept.append(manifest)
        except BrokenError as broken:
            problems.append(broken.problem)
    return tuple(kept), tuple(problems)


def _nameless(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    for manifest in manifests:
        if not manifest.kind:
            yield Problem(manifest.where(), "no object: it has no kind, so it is left out; write apiVersion and kind")


def _served(
    manifests: tuple[Manifest, ...], universe: Universe, namespace: str
) -> tuple[dict[int, Conns], list[Problem]]:
    """What the controller calls for the Ingresses, by the classes that it calls; and where it finds nothing."""
    places = {pod.name: index for index, pods in enumerate(universe.classes) for pod in pods}
    everyone = [pod for pods in universe.classes for pod in pods]
    found: dict[int, Conns] = {}
    notes: list[Problem] = []
    for manifest in manifests:
        if manifest.kind in INGRESSES:
            behind = behind_ingress(manifest, namespace, universe.services, everyone)
            notes.extend(Problem(manifest.where("spec"), note.text, Severity.NOTE) for note in behind.notes)
            for target in behind.targets:
                place = places[target.pod]
                called = of(NUMBERS[target.protocol], target.port, target.port)
                found[place] = union(found.get(place, NONE), called)
    return found, notes
