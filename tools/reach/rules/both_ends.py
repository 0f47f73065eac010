"""A check of policies against each other: a connection that is open at one end and closed at the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.node import Node
from tools.policies.cluster import Cluster
from tools.policies.endpoints import Endpoints
from tools.policies.matching import members
from tools.policies.model import Direction, Pods, Policy, PolicyRule, RulePeer
from tools.policies.network_sets import network_sets, selected
from tools.reach.connections import ALL, NONE, NUMBERS, Conns, common, merged, of, union
from tools.reach.needs import unmet
from tools.reach.needs.known import Known, known, title
from tools.reach.sets import bit_set, indexes


def connections_are_open_at_both_ends(cluster: Cluster) -> Iterator[Problem]:
    """The policies of the pods that a rule opens do not deny the same connection.

    As soon as policies isolate both pods, a connection between them needs an egress rule where it starts and an ingress
    rule where it arrives. A rule that lets in a pod which may not call it, or lets out to a pod which does not let it
    in, opens nothing and looks as if it did. Rules are checked where their peers are known. A problem is only what is
    closed to every workload of the peer on every port of the rule.
    Write the other end's rule too. In the chart's values: name the pods as a part of their own, in `extraParts`, with
    `calls` or `callers`, which open both ends; or leave them out of the default deny by its exempt label.
    Source: k8s.io/api networking/v1; Kubernetes' "Network Policies", on both ends of a connection.
    """
    facts = known(cluster)
    # Calls that a workload's own manifest names are errors of called-services-are-reachable, and not repeated here.
    named = [facts.pair(denied.caller.pod.name, denied.target.pod) for denied in unmet.calls(facts)]
    reported: dict[tuple[int, int], Conns] = {}
    for link in _links(facts):
        key = link.callers, link.called
        repeated = common(reported.get(key, NONE), link.conns)
        if repeated or any(src & link.callers and dst & link.called for src, dst in named) or not _half(facts, link):
            continue
        reported[key] = union(reported.get(key, NONE), link.conns)
        yield link.node.problem(_message(facts, link), Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Link:
    """What a rule opens between known pods: the callers and the called, as places in the world, and the connections."""

    node: Node
    direction: Direction
    callers: int
    called: int
    conns: Conns


def _links(facts: Known) -> Iterator[Link]:
    sets = tuple(network_sets(facts.cluster.manifests))
    subjects = {id(policy.manifest): policy.subjects for tier in facts.world.table.tiers for policy in tier.policies}
    for policy in facts.cluster.policies:
        own = subjects.get(id(policy.manifest), 0)
        for rule in policy.rules if own else ():
            for peer in rule.peers if rule.action == "Allow" and not rule.narrowed else ():
                if _by_labels(peer) and not (policy.calico and any(selected(sets, policy, peer))):
                    far = _members(facts, policy, peer)
                    callers, called = (far, own) if rule.direction == "Ingress" else (own, far)
                    conns = _conns(facts, rule, called)
                    if far and conns:
                        yield Link(peer.node, rule.direction, callers, called, conns)


def _by_labels(peer: RulePeer) -> bool:
    """Whether a peer means only pods, by their labels or namespaces and nothing else."""
    beside = peer.nets or peer.not_nets or peer.service or peer.domains or peer.nodes or peer.non_pods
    accounts = isinstance(peer.pods, Endpoints) and (peer.pods.names or peer.pods.accounts)
    return peer.pods is not None and not (beside or accounts)


def _members(facts: Known, policy: Policy, peer: RulePeer) -> int:
    """The places of the pods that a peer means."""
    universe = facts.world.universe
    match peer.pods:
        case Pods() as pods:
            own = universe.by_namespace.get(policy.space(facts.namespace), 0)
            in_spaces = own if pods.spaces is None else universe.in_spaces(pods.spaces)
            return universe.kubernetes.selected(pods.chosen) & in_spaces
        case Endpoints():
            manifests = (pod.manifest for pod in members(facts.cluster, policy, peer))
            return bit_set({facts.places[id(manifest)] for manifest in manifests if id(manifest) in facts.places})
    return 0


def _half(facts: Known, link: Link) -> bool:
    """Whether the other end is closed to all of the link's connections."""
    ingress = link.direction == "Ingress"
    near, far = (link.called, link.callers) if ingress else (link.callers, link.called)
    side = facts.world.table.sides["Egress" if ingress else "Ingress"]
    places = tuple(indexes(far))
    if far & facts.world.universe.hosts or any(place not in side.by_class for place in places):
        return False
    answers = (side.of(place) for place in places)
    return not any(own & near and common(most, link.conns) for answer in answers for (_, most), own in answer.items())


def _message(facts: Known, link: Link) -> str:
    callers, called = _titles(facts, link.callers), _titles(facts, link.called)
    chart = ", in the chart's values by calls or callers in extraParts" if facts.charted else ""
    if link.direction == "Ingress":
        return (
            f"this allows ingress from {callers}, but policies there deny egress to {called}; open that end too{chart}"
        )
    return f"this allows egress to {called}, but policies there deny ingress from {callers}; open that end too{chart}"


def _titles(facts: Known, places: int) -> str:
    names = list(dict.fromkeys(title(pod) for place in indexes(places) for pod in facts.world.universe.classes[place]))
    return f"{', '.join(names[:3])} and {len(names) - 3} more" if len(names) > 3 else " and ".join(names)


def _conns(facts: Known, rule: PolicyRule, called: int) -> Conns:
    """The connections that a rule opens; a port's name is looked up in the called pods."""
    if not rule.ports or any(port.protocol not in NUMBERS and not port.name for port in rule.ports):
        return ALL
    spans = [of(NUMBERS[port.protocol], port.first, port.last) for port in rule.ports if not port.name]
    for port in rule.ports:
        for place in indexes(called) if port.name else ():
            pods = facts.world.universe.classes[place]
            named = (known for pod in pods for known in pod.ports if known[0] == port.name and known[1] in NUMBERS)
            spans += [of(NUMBERS[own], number, number) for _, own, number in named if port.protocol in ("", own)]
    return merged(span for conns in spans for span in conns)


CHECKS: tuple[Check[Cluster], ...] = (connections_are_open_at_both_ends,)
SEVERITIES: Severities = {
    connections_are_open_at_both_ends: (Severity.WARNING,),
}
