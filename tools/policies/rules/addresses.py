"""Checks of the addresses that egress opens: not the private ones, and never a metadata service's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.addresses import (
    CARRIERS,
    INSIDE,
    METADATA,
    UNUSUAL,
    Address,
    Net,
    left,
    network,
    private,
    tunnelled,
    within,
)
from tools.manifests.node import Node
from tools.policies.cluster import Cluster
from tools.policies.model import Block, Policy, PolicyRule, RulePeer
from tools.policies.network_sets import selected
from tools.policies.rules.openness import dns_only


@dataclass(frozen=True, slots=True)
class Opening:
    """Addresses that a rule lets out to: where it is written, what to call it, and what earlier rules deny."""

    node: Node
    what: str
    blocks: tuple[Block, ...]
    denied: tuple[Net, ...]

    def private(self, ranges: tuple[Net, ...]) -> list[Net]:
        """Which of the ranges are let out to by a block that holds public addresses too."""
        wide = [block for block in self.blocks if not private(block.net)]
        return [net for net in ranges if any(within(net, block.net) and self._left(net, block) for block in wide)]

    def reaches(self, single: Net | None) -> bool:
        """Whether a single address is let out to."""
        return single is not None and any(within(single, b.net) and self._left(single, b) for b in self.blocks)

    def carries(self, ip: Address) -> bool:
        """Whether a block of addresses that carry IPv4 ones, and of no others, leads to this one."""
        blocks = [block for block in self.blocks if any(within(block.net, outer) for outer in CARRIERS)]
        return any(within(net, b.net) and self._left(net, b) for net in tunnelled(ip) for b in blocks)

    def _left(self, net: Net, block: Block) -> bool:
        return bool(left(net, (*block.holes, *self.denied)))


def egress_leaves_out_private_addresses(cluster: Cluster) -> Iterator[Problem]:
    """Egress to the internet leaves out the addresses that are not the internet.

    `0.0.0.0/0` contains the company's network, the nodes, the API server and the loopback of whatever answers; so
    do `0.0.0.0/1` with `128.0.0.0/1`. A block that holds public addresses must except the private, shared,
    link-local and loopback ranges (an error), and the multicast, reserved and IPv4-in-IPv6 ones (a warning). In
    Calico an earlier Deny of those addresses does as well, and the network sets that a rule selects count as its
    own. A block that lies wholly inside one such range was meant, and is let be.
    Write `except` with the ranges that the message lists.
    Source: IANA special-purpose address registries (RFC 6890), RFC 6052, RFC 3056.
    """
    for policy in cluster.policies:
        for opening in _openings(cluster, policy):
            inside, unusual = opening.private(INSIDE), opening.private(UNUSUAL)
            if inside:
                yield opening.node.problem(f"{opening.what} lets egress reach {_listed(inside)}; exclude them")
            elif unusual:
                message = f"{opening.what} lets egress reach {_listed(unusual)}; exclude them too"
                yield opening.node.problem(message, Severity.WARNING)


def metadata_is_unreachable(cluster: Cluster) -> Iterator[Problem]:
    """No egress rule reaches a cloud's metadata service.

    It hands the node's credentials to whoever asks over plain HTTP: 169.254.169.254 on most clouds, and others that
    hide in ranges that look harmless (168.63.129.16 on Azure is a public address, 100.100.100.200 on Alibaba Cloud
    a shared one, fd00:ec2::254 on AWS a private one), or in an IPv6 address that carries an IPv4 one. Every block that
    a rule allows is looked at, and every rule without peers. Except the address, or the range around it:
    `except: [169.254.0.0/16]`.
    Source: the clouds' documentation of their instance metadata services.
    """
    for policy in cluster.policies:
        for opening in _openings(cluster, policy):
            problems = [f"{ip} ({whose})" for ip, whose in METADATA if opening.reaches(network(str(ip)))]
            problems = problems or [
                f"{ip} ({whose}), as IPv4 inside IPv6" for ip, whose in METADATA if opening.carries(ip)
            ]
            if problems:
                single = all(block.net.num_addresses == 1 for block in opening.blocks)
                advice = "take it out" if single else "exclude them"
                message = f"{opening.what} reaches metadata services: {', '.join(problems)}; {advice}"
                yield opening.node.problem(message)


def _openings(cluster: Cluster, policy: Policy) -> Iterator[Opening]:
    denied: tuple[Net, ...] = ()
    for rule in policy.towards("Egress"):
        if rule.action == "Deny" and not rule.narrowed and not rule.ports:
            denied += tuple(block.net for peer in rule.peers for block in peer.blocks if not block.holes)
        elif rule.action == "Allow":
            for peer in rule.peers:
                yield from _of_peer(rule, peer, denied)
                yield from _of_sets(cluster, policy, peer, denied)


def _of_peer(rule: PolicyRule, peer: RulePeer, denied: tuple[Net, ...]) -> Iterator[Opening]:
    if peer.anyone or peer.non_pods:
        # Open DNS is another rule's finding.
        if not (peer.anyone and dns_only(rule)):
            what = "a rule without peers" if peer.anyone else "a rule for all that are not pods"
            yield Opening(peer.node, what, peer.blocks, denied)
        return
    for block in peer.blocks:
        yield Opening(block.node, str(block.net), (block,), denied)


def _of_sets(cluster: Cluster, policy: Policy, peer: RulePeer, denied: tuple[Net, ...]) -> Iterator[Opening]:
    if not policy.calico or peer.blocks:
        return
    for item in selected(cluster.network_sets, policy, peer):
        for net in item.nets:
            yield Opening(peer.node, f"{net} of {item.noun} {item.name}", (Block(peer.node, net),), denied)


def _listed(nets: list[Net]) -> str:
    return ", ".join(str(net) for net in nets)


CHECKS: tuple[Check[Cluster], ...] = (egress_leaves_out_private_addresses, metadata_is_unreachable)
SEVERITIES: Severities = {
    egress_leaves_out_private_addresses: (Severity.ERROR, Severity.WARNING),
}
