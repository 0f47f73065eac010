"""A check of policies against each other: a connection that one end opens and the other keeps closed."""

from __future__ import annotations

from collections.abc import Iterator

from tools.matching import members, subjects
from tools.model import Check, Problem, Severity
from tools.needs import unmet
from tools.needs.known import Known, known, title
from tools.policy import Direction, Peer, Rule
from tools.reach.conns import ALL, NONE, NUMBERS, Conns, common, of, union
from tools.reach.peers.pods import Pod
from tools.workloads import Cluster
from tools.workloads import Pod as Subject

OTHER: dict[Direction, Direction] = {"Ingress": "Egress", "Egress": "Ingress"}


def connections_are_open_at_both_ends(cluster: Cluster) -> Iterator[Problem]:
    """What a rule opens to pods, those pods' own policies do not deny.

    A connection between pods needs an egress rule where it starts and an ingress rule where it arrives, as soon as
    policies isolate both. A rule that lets in a pod which may not go out, or out to one that lets nobody in, opens
    nothing, and looks as if it did. Judged where the peers are known, and only what is closed to all of them on every
    port of the rule; a peer of several workloads of which one may connect is open.
    Write the other end's rule too. In the chart's values: name the pods as a part of their own, in `extraParts`, with
    `calls` or `callers`, which open both ends; or leave them out of the default deny by its exempt label.
    Source: k8s.io/api networking/v1; Kubernetes' "Network Policies", on both ends of a connection.
    """
    facts = known(cluster)
    # What a workload itself says that it calls is an error of called-services-are-reachable, and not once more here.
    named = {(denied.caller.pod.name, denied.target.pod) for denied in unmet.calls(facts)}
    for policy in facts.cluster.policies:
        own = [] if policy.staged else _known(facts, subjects(facts.cluster, policy))
        for rule in policy.rules if own else ():
            for peer in rule.peers if rule.action == "Allow" and not rule.narrowed else ():
                if not (peer.blocks or peer.anyone or peer.non_pods):
                    there = _known(facts, members(facts.cluster, policy, peer.node))
                    callers, called = (there, own) if rule.direction == "Ingress" else (own, there)
                    if not _between(named, callers, called):
                        yield from _half(facts, rule, peer, own, there)


def _between(named: set[tuple[str, str]], callers: list[tuple[int, Pod]], called: list[tuple[int, Pod]]) -> bool:
    """Whether some of the named pairs are among those."""
    sources, targets = {pod.name for _, pod in callers}, {pod.name for _, pod in called}
    return any(source in sources and target in targets for source, target in named)


def _half(
    facts: Known, rule: Rule, peer: Peer, own: list[tuple[int, Pod]], there: list[tuple[int, Pod]]
) -> Iterator[Problem]:
    side = facts.world.table.sides[OTHER[rule.direction]]
    asked = _asked(rule, own if rule.direction == "Ingress" else there)
    if not there or not asked or any(place not in side.by_class or pod.host for place, pod in there):
        return
    here = 0
    for place, _ in own:
        here |= 1 << place
    for place, _ in there:
        for (_, most), bits in side.of(place).items():
            if bits & here and common(most, asked):
                return
    names = ", ".join(dict.fromkeys(title(pod) for _, pod in there))
    does = "lets in" if rule.direction == "Ingress" else "lets out to"
    closed = "let it not out to" if rule.direction == "Ingress" else "let nobody in from"
    whom = ", ".join(dict.fromkeys(title(pod) for _, pod in own))
    chart = ", in the chart's values by extraParts, with calls or callers" if facts.charted else ""
    yield peer.node.problem(
        f"this {does} {names}, and the policies there {closed} {whom}; open that end too{chart}", Severity.WARNING
    )


def _known(facts: Known, found: tuple[Subject, ...]) -> list[tuple[int, Pod]]:
    """The same pods with their places in the world; one that the world has not is left out."""
    return [facts.places[id(pod.manifest)] for pod in found if id(pod.manifest) in facts.places]


def _asked(rule: Rule, called: list[tuple[int, Pod]]) -> Conns:
    """The connections that a rule speaks of; a name is what the called pods mean by it."""
    if not rule.ports:
        return ALL
    found: Conns = NONE
    for port in rule.ports:
        protocol = NUMBERS.get(port.protocol)
        if port.name:
            for _, pod in called:
                for name, own, number in pod.ports:
                    if name == port.name and own in NUMBERS and port.protocol in ("", own):
                        found = union(found, of(NUMBERS[own], number, number))
        elif protocol is None:
            return ALL
        else:
            found = union(found, of(protocol, port.first, port.last))
    return found


CHECKS: tuple[Check[Cluster], ...] = (connections_are_open_at_both_ends,)
