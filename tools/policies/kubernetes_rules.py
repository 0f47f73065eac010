"""Kubernetes' NetworkPolicy as rules. Source: k8s.io/api networking/v1."""

from __future__ import annotations

from tools.findings.model import Manifest
from tools.manifests.addresses import network
from tools.manifests.node import Node, root
from tools.policies.model import DIRECTIONS, Block, Direction, Peer, Policy, Port, Rule, networks, whole

NEAR_AND_FAR: tuple[tuple[Direction, str, str], ...] = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))


def kubernetes_policy(manifest: Manifest) -> Policy:
    """A NetworkPolicy. Absent policyTypes mean Ingress, and Egress too where its list of rules is not empty.

    Source: k8s.io/kubernetes pkg/apis/networking/v1 SetDefaults_NetworkPolicy.
    """
    spec = root(manifest)["spec"]
    rules = tuple(
        _rule(node, direction, key, far) for direction, key, far in NEAR_AND_FAR for node in spec[key].items()
    )
    written = set(spec["policyTypes"].texts())
    types: set[Direction] = {direction for direction in DIRECTIONS if direction in written}
    if spec["policyTypes"].empty:
        types = {"Ingress"} if spec["egress"].empty else {"Ingress", "Egress"}
    return Policy(manifest, False, rules, frozenset(types))


def _rule(node: Node, direction: Direction, key: str, far: str) -> Rule:
    peers = tuple(_peer(item) for item in node[far].items())
    if node[far].empty:
        peers = (Peer(node, whole(node), anyone=True),)
    ports = tuple(_port(item) for item in node["ports"].items())
    return Rule(node, direction, "Allow", peers, ports)


def _peer(node: Node) -> Peer:
    cidr = node["ipBlock"]["cidr"]
    net = network(cidr.text())
    return Peer(node, (Block(cidr, net, networks(node["ipBlock"]["except"])),) if net else ())


def _port(node: Node) -> Port:
    protocol = node["protocol"].text() or "TCP"
    number = node["port"].number()
    if number is not None:
        return Port(node, protocol, number, node["endPort"].number() or number)
    return Port(node, protocol, name=node["port"].text())
