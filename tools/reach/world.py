"""The judge's public interface: it takes manifests and answers who reaches whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.findings.model import Manifest, Problem, Severity
from tools.manifests import metadata
from tools.manifests.addresses import Net, network
from tools.manifests.fields import BrokenError, Dropped
from tools.policies import kinds, unmodelled
from tools.policies.lockdowns import left_open
from tools.policies.model import Policy
from tools.policies.unjudged import unjudged
from tools.reach import doubts
from tools.reach.compiled import Tier
from tools.reach.connections import ALL, NONE, NUMBERS, Conns, of, union
from tools.reach.judge.explain import explanation
from tools.reach.judge.matrix import JudgedMatrix
from tools.reach.judge.reasons import reasons
from tools.reach.judge.selecting import selecting
from tools.reach.judge.table import Table, conditional, over_all
from tools.reach.model import Explanation, Matrix, NamedPeer, Selecting, Verdict
from tools.reach.objects import stacked
from tools.reach.peers import naming
from tools.reach.peers.build import populate
from tools.reach.peers.ingresses import behind_ingress, is_ingress
from tools.reach.peers.naming import UnknownPeerError
from tools.reach.peers.universe import Universe
from tools.reach.resolve import Resolver
from tools.reach.tiers import arrange

__all__ = ["POD_CIDRS", "UnknownPeerError", "World"]

# Where a pod's address is assumed to be unless the caller says: IPv4 ranges that private clusters and the clouds use.
POD_CIDRS: tuple[Net, ...] = tuple(
    net for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10") if (net := network(text))
)


@dataclass(frozen=True, slots=True)
class ResolvedManifests:
    """What the manifests came to: the peers, the tiers that decide, the connections that Ingresses serve by the
    called class, and what is wrong or worth a note.
    """

    universe: Universe
    tiers: tuple[Tier, ...]
    served: Mapping[int, Conns]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    idle: tuple[Problem, ...]


class World:
    """A cluster as manifests describe it.

    `peers`: every workload, in order of name, and {ingress-controller} where there are Ingresses. `problems`: objects
    that are broken and therefore left out, each with its place. `notes`: what could change an answer and is not
    modelled, and what was assumed. `idle`: notes about selectors that match nothing in the input.
    """

    def __init__(
        self, manifests: Iterable[Manifest], *, pod_cidrs: tuple[Net, ...] = POD_CIDRS, namespace: str = "default"
    ) -> None:
        named, unnamed = _named(manifests)
        self.manifests, twice = stacked((named,), namespace)
        self.pod_cidrs, self.namespace = pod_cidrs, namespace
        resolved = _resolved(self.manifests, namespace, pod_cidrs)
        self.universe, self.notes, self.idle = resolved.universe, resolved.notes, resolved.idle
        self.problems = (*unnamed, *twice, *resolved.problems)
        self.table = Table(resolved.universe, resolved.tiers, resolved.served)
        self.places = naming.places(self.universe, self.manifests)
        self.peers = tuple(self.places)

    def of(self, manifests: Iterable[Manifest]) -> World:
        """A world of other objects, with the same pod networks and default namespace."""
        return World(manifests, pod_cidrs=self.pod_cidrs, namespace=self.namespace)

    def peer(self, name: str) -> NamedPeer:
        """A workload by `namespace/name[Kind]`, `namespace/name`, or `name`; `{node}`; `{ingress-controller}`; or an
        address, a range `first-last` or a CIDR. A known pod's address is its workload. Raises UnknownPeerError.
        """
        return naming.find(name, self.peers, self.universe)

    def matrix(self, *, ipv6: bool = False) -> Matrix:
        """Who reaches whom. `ipv6`: include IPv6 addresses even where the input does not mention any."""
        return JudgedMatrix(self.table, self.places, lambda src, dst: reasons(self.table, src, dst), ipv6=ipv6)

    def verdict(self, src: NamedPeer, dst: NamedPeer) -> Verdict:
        """Every connection from one peer to another.

        The same workload on both sides means two different replicas; a bare Pod means itself. An address is judged as
        the one that arrives: this does not look at what a load balancer or a node replaces it with.
        """
        if src == dst and self.alone(src):
            return Verdict(ALL)
        pairs = [(sender, receiver) for sender in self.bits(src) for receiver in self.bits(dst)]
        bounds = over_all([self.table.between(*pair) for pair in pairs])
        perhaps = conditional(bounds)
        why = dict.fromkeys(reason for pair in pairs for reason in reasons(self.table, *pair)) if perhaps else ()
        return Verdict(bounds[0], perhaps, tuple(why))

    def alone(self, peer: NamedPeer) -> bool:
        """Whether a peer is a single pod, which no policy can keep from reaching itself."""
        if peer not in self.places or self.places[peer] >= len(self.universe.classes):
            return False
        pods = self.universe.classes[self.places[peer]]
        return [pod.single for pod in pods if peer.name in (pod.name, pod.own_name)] == [True]

    def bits(self, peer: NamedPeer) -> tuple[int, ...]:
        """The bits of a peer: a single one, or every block that shares an address with a network."""
        return (self.places[peer],) if peer in self.places else naming.bits(peer, self.universe)

    def selecting(self, peer: NamedPeer) -> Selecting:
        """The policies that select a workload, and how much they let through."""
        return selecting(self.table, peer, self.bits(peer)[0])

    def explain(self, src: NamedPeer, dst: NamedPeer, port: int, protocol: str = "TCP") -> Explanation:
        """Why `src` may or may not reach `dst` on a port. `protocol`: TCP, UDP, SCTP, ICMP, ICMPv6 or a number."""
        return explanation(self, src, dst, port, protocol)


def _resolved(manifests: tuple[Manifest, ...], namespace: str, pod_cidrs: tuple[Net, ...]) -> ResolvedManifests:
    dropped = Dropped()
    doubtful = unjudged(manifests)
    every_policy = kinds.policies(manifests)
    policies = tuple(policy for policy in every_policy if not policy.staged)
    universe, notes = populate(manifests, policies, namespace, pod_cidrs, dropped, doubtful)
    resolver = Resolver(universe, namespace)
    for policy in every_policy:
        # A staged policy enforces nothing, but what no cluster takes is told.
        dropped.problems.extend(policy.problems if policy.broken or not policy.staged else ())
    compiled = tuple(resolver.policy(policy) for policy in policies if not policy.broken)
    tiers, problems = arrange(manifests, compiled, dropped)
    served, unserved = _served(manifests, universe, namespace)
    openings = (node.problem(message, Severity.NOTE) for node, message in left_open(manifests, policies))
    translated = _translated(policies, universe)
    every_note = (*notes, *translated, *resolver.collected.notes, *unserved, *unmodelled.notes(manifests), *openings)
    return ResolvedManifests(
        universe=universe,
        tiers=(*doubts.tiers(doubtful, universe, namespace), *tiers),
        served=served,
        problems=tuple(dict.fromkeys((*_nameless(manifests), *dropped.problems, *problems))),
        notes=tuple(dict.fromkeys(every_note)),
        idle=tuple(resolver.collected.idle_notes()),
    )


def _named(manifests: Iterable[Manifest]) -> tuple[tuple[Manifest, ...], tuple[Problem, ...]]:
    """The objects whose metadata is valid, and what is wrong with the metadata of the others.

    An unquoted namespace such as `n`, which YAML reads as false, is an error; it does not mean the default namespace.
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
            yield Problem(manifest.where(), "this has no kind, so it is left out; write apiVersion and kind")


def _translated(policies: Iterable[Policy], universe: Universe) -> Iterator[Problem]:
    """Notes on rules that name the address of a Service, which no policy ever sees."""
    owners = {address: service for service in universe.services.values() for address in service.addresses}
    for policy in policies if owners else ():
        for peer in policy.sides:
            for block in peer.nets:
                single = block.net.network_address if block.net.num_addresses == 1 else None
                if single is not None and (service := owners.get(single)):
                    yield block.node.problem(f"{service.translates(single)}; select those pods", Severity.NOTE)


def _served(
    manifests: tuple[Manifest, ...], universe: Universe, namespace: str
) -> tuple[dict[int, Conns], list[Problem]]:
    """The connections that the ingress controller opens, by the class that it calls; and notes on the Ingresses."""
    places = {pod.name: index for index, pods in enumerate(universe.classes) for pod in pods}
    everyone = [pod for pods in universe.classes for pod in pods]
    served: dict[int, Conns] = {}
    notes: list[Problem] = []
    for manifest in manifests:
        if is_ingress(manifest):
            behind = behind_ingress(manifest, namespace, universe.services, everyone)
            notes.extend(Problem(manifest.where("spec"), note.text, Severity.NOTE) for note in behind.notes)
            for target in behind.targets:
                place = places[target.pod]
                conns = of(NUMBERS[target.protocol], target.port, target.port)
                served[place] = union(served.get(place, NONE), conns)
    return served, notes
