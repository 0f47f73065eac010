"""Checks of how far a policy opens: to everyone, to private addresses, to the metadata services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tools.addresses import INSIDE, METADATA, UNUSUAL, Net, left, network, private, within
from tools.calico import SelectorError, parse
from tools.model import Check, Problem, Severity
from tools.policy import Peer, Policy, Rule
from tools.tree import Node, root
from tools.workloads import Cluster

REASON = "sark-network/open"
DNS_PORTS = (53, 5353)


def openings_carry_a_reason(cluster: Cluster) -> Iterator[Problem]:
    """A rule that lets everyone through says why.

    `from: []`, a missing `from` or `to`, `- {}` and an Allow without conditions all mean *everyone*, which few who
    write them have in mind; `namespaceSelector: {}` alone is every pod of the cluster, `podSelector: {}` every pod
    of the namespace. A policy with an empty `podSelector` opens what it opens on every pod of its namespace, a
    Calico policy with `all()` and no namespace on the nodes' own addresses too.
    Name the peers. Where everyone is meant, write the annotation `sark-network/open: "why"` on the object.
    Source: k8s.io/api networking/v1; Calico's GlobalNetworkPolicy.
    """
    for policy in cluster.policies:
        if root(policy.manifest)["metadata"]["annotations"][REASON].text().strip():
            continue
        opening = [rule for rule in policy.rules if rule.action == "Allow" and not dns_only(rule)]
        for rule in opening:
            for peer in rule.peers:
                if whom := _everyone(policy, rule, peer):
                    yield peer.node.problem(f"{whom}; name the peers, or annotate why: {REASON}", Severity.WARNING)
        if opening and (whom := _every_pod(policy)):
            yield policy.spec.problem(f"{whom}; select the pods meant, or annotate why: {REASON}", Severity.WARNING)


def egress_leaves_out_private_addresses(cluster: Cluster) -> Iterator[Problem]:
    """Egress to the internet leaves out the addresses that are not the internet.

    `0.0.0.0/0` contains the company's network, the nodes, the API server and the loopback of whatever answers; so
    do `0.0.0.0/1` with `128.0.0.0/1`. A block that holds public addresses must except the private, shared,
    link-local and loopback ranges (an error), and the multicast, reserved and IPv4-in-IPv6 ones (a warning). In
    Calico an earlier Deny of those addresses does as well. A block that lies wholly inside one such range was
    meant, and is let be.
    Write `except` with the ranges that the message lists.
    Source: IANA special-purpose address registries (RFC 6890), RFC 6052, RFC 3056.
    """
    for policy in cluster.policies:
        for peer, holes in _allowed(policy):
            inside, unusual = _opened(peer, holes, INSIDE), _opened(peer, holes, UNUSUAL)
            if inside:
                yield _place(peer).problem(f"{_what(peer)} lets egress reach {_listed(inside)}; except them")
            elif unusual:
                message = f"{_what(peer)} lets egress reach {_listed(unusual)}; except them too"
                yield _place(peer).problem(message, Severity.WARNING)


def metadata_is_unreachable(cluster: Cluster) -> Iterator[Problem]:
    """No egress rule reaches a cloud's metadata service.

    It hands the node's credentials to whoever asks over plain HTTP: 169.254.169.254 on most clouds, and others that
    hide in ranges that look harmless (168.63.129.16 on Azure is a public address, 100.100.100.200 on Alibaba Cloud
    a shared one, fd00:ec2::254 on AWS a private one). Every block that a rule allows is looked at, and every rule
    without peers. Except the address, or the range around it: `except: [169.254.0.0/16]`.
    Source: the clouds' documentation of their instance metadata services.
    """
    for policy in cluster.policies:
        for peer, holes in _allowed(policy):
            found = [f"{ip} ({whose})" for ip, whose in METADATA if _reaches(peer, network(str(ip)), holes)]
            if found:
                single = all(block.net.num_addresses == 1 for block in peer.blocks)
                advice = "take it out" if single else "except them"
                yield _place(peer).problem(f"{_what(peer)} reaches metadata services: {', '.join(found)}; {advice}")


def dns_only(rule: Rule) -> bool:
    """Whether every port of a rule is one of DNS; other checks look after those."""
    return bool(rule.ports) and all(port.first == port.last and port.first in DNS_PORTS for port in rule.ports)


def _everyone(policy: Policy, rule: Rule, peer: Peer) -> str:
    way = "in" if rule.direction == "Ingress" else "out"
    if peer.anyone:
        return f"everyone is let {way}" if not rule.narrowed else ""
    pods, spaces = peer.node["podSelector"], peer.node["namespaceSelector"]
    if policy.calico:
        return _calico_everyone(peer.node, way)
    if spaces.value == {} and pods.empty:
        return f"every pod of the cluster is let {way}"
    return f"every pod of the namespace is let {way}" if pods.value == {} and not spaces.present else ""


def _calico_everyone(entity: Node, way: str) -> str:
    spaces = entity["namespaceSelector"].text()
    fields = [key for key, value in entity.fields() if not value.empty and key != "ports"]
    if (
        matches_all(entity["selector"].text())
        and matches_all(spaces)
        and set(fields) <= {"selector", "namespaceSelector"}
    ):
        return f"every pod, node and network set is let {way}" if fields else ""
    return ""


def matches_all(selector: str) -> bool:
    """Whether a Calico selector leaves nothing out; a broken one leaves out everything."""
    try:
        return str(parse(selector)) == "All()"
    except SelectorError:
        return False


def _every_pod(policy: Policy) -> str:
    spec = policy.spec
    if not policy.calico:
        return "" if not spec["podSelector"].empty else "this opens something on every pod of the namespace"
    if spec["serviceAccountSelector"].text() or not matches_all(spec["selector"].text()):
        return ""
    if not policy.clusterwide:
        return "this opens something on every pod of the namespace"
    if matches_all(spec["namespaceSelector"].text()):
        return "this opens something on every pod and host endpoint of the cluster"
    return "this opens something on every pod of the namespaces it selects"


def _allowed(policy: Policy) -> Iterator[tuple[Peer, tuple[Net, ...]]]:
    """Each block that egress allows, as a peer of its own, with what an earlier rule of the same policy denies."""
    denied: tuple[Net, ...] = ()
    for rule in policy.towards("Egress"):
        if rule.action == "Deny" and not rule.narrowed and not rule.ports:
            denied += tuple(block.net for peer in rule.peers for block in peer.blocks if not block.holes)
        if rule.action != "Allow":
            continue
        for peer in rule.peers:
            if peer.anyone and dns_only(rule):
                continue
            if peer.anyone or peer.non_pods:
                yield peer, denied
            else:
                yield from ((replace(peer, blocks=(block,)), denied) for block in peer.blocks)


def _opened(peer: Peer, denied: tuple[Net, ...], ranges: tuple[Net, ...]) -> list[Net]:
    """Which of the ranges a peer with public addresses lets through."""
    return [
        net
        for net in ranges
        for block in peer.blocks
        if within(net, block.net) and not private(block.net) and left(net, (*block.holes, *denied))
    ]


def _reaches(peer: Peer, single: Net | None, denied: tuple[Net, ...]) -> bool:
    return single is not None and any(
        within(single, block.net) and left(single, (*block.holes, *denied)) for block in peer.blocks
    )


def _place(peer: Peer) -> Node:
    return peer.blocks[0].node if len(peer.blocks) == 1 else peer.node


def _what(peer: Peer) -> str:
    if len(peer.blocks) == 1:
        return str(peer.blocks[0].net)
    return "a rule without peers" if peer.anyone else "a rule for all that are not pods"


def _listed(nets: list[Net]) -> str:
    return ", ".join(str(net) for net in nets)


CHECKS: tuple[Check[Cluster], ...] = (
    openings_carry_a_reason,
    egress_leaves_out_private_addresses,
    metadata_is_unreachable,
)
