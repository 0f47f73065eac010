"""Checks of DNS in policies: a pod that cannot resolve is down, and one that resolves anywhere has a tunnel out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tools.findings.model import Check, Manifest, Problem, Severities, Severity
from tools.manifests.addresses import private
from tools.manifests.label_selector import selector
from tools.manifests.node import Node, root
from tools.manifests.pods import Pod
from tools.policies.calico_expression import All
from tools.policies.cluster import Cluster
from tools.policies.endpoints import Endpoints
from tools.policies.matching import every_label, every_space, members
from tools.policies.model import Pods, Policy, PolicyRule, RulePeer
from tools.policies.rules.openness import dns_only, matches_all

NAME_LABELS = ("kubernetes.io/metadata.name", "projectcalico.org/name")
SYSTEM_NAMESPACES = ("kube-system", "openshift-dns")
# Labels with which people find a namespace by name, and that nothing sets.
HOME_MADE = ("name", "namespace", "k8s-namespace", "ns")
WIDEST = {4: 24, 6: 64}


def dns_egress_is_pinned(cluster: Cluster) -> Iterator[Problem]:
    """Egress on port 53 goes to named DNS servers.

    Port 53 open to everyone, to wide blocks or to every pod is a tunnel: whatever listens on it takes the data, and
    a resolver of an attacker's answers as it likes. Cluster DNS is pods with `k8s-app: kube-dns` in `kube-system`.
    Write `to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector:
    {matchLabels: {k8s-app: kube-dns}}}]`, or the address of a node-local cache.
    Source: the DNS add-on's labels in kubernetes/kubernetes cluster/addons/dns.
    """
    for policy in cluster.policies:
        for rule in policy.towards("Egress"):
            if rule.action == "Allow" and dns_only(rule):
                for peer in rule.peers:
                    if whom := _unpinned(cluster, peer):
                        yield peer.node.problem(f"DNS is open to {whom}; name the DNS servers: {_ADVICE}")
                    for block in peer.blocks:
                        wide = block.net.prefixlen < WIDEST[block.net.version] and not private(block.net)
                        if wide and not peer.anyone:
                            yield block.node.problem(
                                f"DNS is open to all of {block.net}; name the DNS servers: {_ADVICE}"
                            )


def dns_egress_is_udp_and_tcp(cluster: Cluster) -> Iterator[Problem]:
    """DNS is open on UDP and on TCP.

    A resolver asks again by TCP when an answer does not fit a datagram (DNSSEC, many records): with UDP alone some
    names fail, sometimes. With TCP alone almost everything does.
    Write both `{protocol: UDP, port: 53}` and `{protocol: TCP, port: 53}` to the same servers; a port without a
    protocol is TCP.
    Source: RFC 7766.
    """
    for policy in cluster.policies:
        opened: dict[str, set[str]] = {}
        places: dict[str, Node] = {}
        for rule in policy.towards("Egress"):
            for port in rule.ports if rule.action == "Allow" else ():
                if (port.first, port.last) == (53, 53):
                    key = _destination(policy, rule)
                    opened.setdefault(key, set()).add(port.protocol)
                    places.setdefault(key, port.node)
        for key, protocols in opened.items():
            missing = [protocol for protocol in ("UDP", "TCP") if protocol not in protocols]
            if len(missing) == 1 and not _covered(policy, key, missing[0]):
                have = "TCP" if missing[0] == "UDP" else "UDP"
                yield places[key].problem(f"DNS is open on {have} and not on {missing[0]}; add port 53 of {missing[0]}")


def namespaces_are_found_by_name(cluster: Cluster) -> Iterator[Problem]:
    """A namespace is found by its name through the label that every cluster sets.

    `kubernetes.io/metadata.name` is on every namespace since Kubernetes 1.21. A label such as `name: kube-system`
    is on none unless somebody put it there, so the peer matches nobody and, for DNS, nothing resolves. Where Namespace
    objects are given and one carries the label, it is there.
    Write `namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}`; in Calico's language
    `projectcalico.org/name == 'kube-system'`.
    Source: Kubernetes documentation, well-known labels.
    """
    for policy in cluster.policies:
        for node in policy.spec.walk():
            if node.path.rpartition(".")[2] != "namespaceSelector":
                continue
            for requirement in selector(node).requirements:
                if any(requirement.holds(labels) for labels in cluster.namespaces.values()):
                    continue
                name = next((value for value in requirement.values if value), "")
                system = any(value in SYSTEM_NAMESPACES for value in requirement.values)
                if requirement.key in HOME_MADE or (system and requirement.key not in NAME_LABELS):
                    yield node.problem(
                        f"no cluster sets {requirement.key}: {name} on a namespace; write {NAME_LABELS[0]}: {name}",
                        Severity.ERROR if system else Severity.WARNING,
                    )
            if isinstance(node.value, str):
                yield from _calico_names(node)


def egress_isolation_leaves_dns(cluster: Cluster) -> Iterator[Problem]:
    """A pod whose egress is isolated may still resolve names.

    The first policy of type Egress closes everything that none of the policies opens, DNS too. A policy that opens
    some egress and no port 53, with no other policy for the same pods that does, leaves pods that reach addresses
    but no names. A port that a Service at hand calls 53 counts too, where its pods are the ones that are opened.
    Add a rule for cluster DNS, or open it for all pods of the namespace in a policy of its own.
    Source: k8s.io/api networking/v1.
    """
    servers = _name_servers(cluster)
    resolving = [policy for policy in cluster.policies if _opens_dns(policy) or _leads_to(cluster, policy, servers)]
    for policy in cluster.policies:
        if (
            policy.calico
            or policy.staged
            or not policy.kind.isolates
            or not policy.towards("Egress")
            or any(policy is other for other in resolving)
        ):
            continue
        if not any(_also_selects(cluster, other, policy) for other in resolving):
            yield policy.spec["egress"].problem(
                "some egress is open and DNS is not, so these pods cannot resolve names; add a rule for cluster DNS",
                Severity.WARNING,
            )


_ADVICE = "kubernetes.io/metadata.name: kube-system with k8s-app: kube-dns"


def _unpinned(cluster: Cluster, peer: RulePeer) -> str:
    if peer.anyone:
        return "everyone"
    match peer.pods:
        case Pods() as pods if every_space(cluster, pods) and every_label(cluster, pods):
            return "every pod of the cluster"
        case Endpoints(spaces=spaces, chosen=chosen) if spaces == All() and chosen in (None, All()) and not peer.nets:
            return "every pod"
    return ""


def _destination(policy: Policy, rule: PolicyRule) -> str:
    """A rule's far side as text, to find the rules that have the same one."""
    peers = rule.node["destination" if policy.calico else "to"]
    value = peers.value if peers.present else None
    if isinstance(value, dict):
        value = {key: inner for key, inner in value.items() if key != "ports"}
    return json.dumps(value, sort_keys=True, default=str)


def _covered(policy: Policy, destination: str, protocol: str) -> bool:
    """Whether another rule to the same place opens port 53 of that protocol among others."""
    return any(
        rule.action == "Allow"
        and _destination(policy, rule) == destination
        and (not rule.ports or any(port.protocol == protocol and port.includes(53) for port in rule.ports))
        for rule in policy.towards("Egress")
    )


def _calico_names(node: Node) -> Iterator[Problem]:
    for name in SYSTEM_NAMESPACES:
        quoted = any(f"{quote}{name}{quote}" in node.text() for quote in "'\"")
        if quoted and not any(label in node.text() for label in NAME_LABELS):
            yield node.problem(f"no cluster sets such a label on {name}; write projectcalico.org/name == '{name}'")


def _opens_dns(policy: Policy) -> bool:
    return any(
        rule.action == "Allow"
        and (
            not rule.ports
            or any(port.includes(53) or port.includes(5353) or port.name.startswith("dns") for port in rule.ports)
        )
        for rule in policy.towards("Egress")
    )


def _name_servers(cluster: Cluster) -> tuple[tuple[Manifest, int], ...]:
    """Services that answer DNS, each with the port of its pods, which is the one that policies see."""
    return tuple(
        (service, port["targetPort"].number() or 53)
        for service in cluster.objects
        if service.kind == "Service"
        for port in root(service)["spec"]["ports"].items()
        if (port["port"].number(), port["protocol"].text()) == (53, "UDP")
    )


def _leads_to(cluster: Cluster, policy: Policy, servers: Sequence[tuple[Manifest, int]]) -> bool:
    """Whether a policy lets its pods reach the pods of such a Service."""
    return any(
        pod.namespace == service.namespace and _selects(service, pod)
        for service, number in servers
        for rule in policy.towards("Egress")
        if rule.action == "Allow" and any(port.includes(number) for port in rule.ports)
        for peer in rule.peers
        for pod in members(cluster, policy, peer)
    )


def _selects(service: Manifest, pod: Pod) -> bool:
    chosen = {key: value.text() for key, value in root(service)["spec"]["selector"].fields()}
    return bool(chosen) and chosen.items() <= pod.labels.items()


def _also_selects(cluster: Cluster, other: Policy, policy: Policy) -> bool:
    """Whether another policy of the namespace surely selects all pods of this one."""
    if other.calico:
        return matches_all(other.spec["selector"].text())
    if other.clusterwide:
        every = isinstance(other.subject, Pods) and every_space(cluster, other.subject)
        return every and isinstance(other.subject, Pods) and every_label(cluster, other.subject)
    if other.manifest.namespace != policy.manifest.namespace:
        return False
    mine, theirs = policy.subject, other.subject
    if not isinstance(mine, Pods) or not isinstance(theirs, Pods):
        return False
    return theirs.chosen_at.value == mine.chosen_at.value or every_label(cluster, theirs)


CHECKS: tuple[Check[Cluster], ...] = (
    dns_egress_is_pinned,
    dns_egress_is_udp_and_tcp,
    namespaces_are_found_by_name,
    egress_isolation_leaves_dns,
)
SEVERITIES: Severities = {
    namespaces_are_found_by_name: (Severity.ERROR, Severity.WARNING),
    egress_isolation_leaves_dns: (Severity.WARNING,),
}
