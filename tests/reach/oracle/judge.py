"""A second judge: one packet at a time, slowly and plainly, from the APIs' texts and Calico's sources alone.

It knows clusters whose pods all have known addresses. Policies become tiers of lists of rules, each with a function
that tells whether it matches a packet; the order is that of felix/calc/policy_sorter.go, and the walk that of
app-policy/checker/check.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from ipaddress import ip_address
from math import inf
from typing import Any

from tests.reach.oracle import admin as oracle_admin
from tests.reach.oracle import calico as oracle_calico
from tests.reach.oracle import kubernetes as oracle_kubernetes
from tests.reach.oracle.facts import Address, Body, Cluster, Endpoint, Packet, dig, protocol_number

Rule = tuple[str, Callable[[Packet], bool]]

# app-policy and api/pkg/apis/projectcalico/v3/tier.go: the tiers that are always there, order and end action.
TIERS: Mapping[str, tuple[float, str]] = {
    "kube-admin": (1_000, "Pass"),
    "default": (1_000_000, "Deny"),
    "kube-baseline": (10_000_000, "Pass"),
}


@dataclass(frozen=True)
class Policy:
    """A policy of any kind: where it comes in the order, whom it selects, and its rules by direction.

    `key` breaks ties: name/namespace/kind.
    """

    tier: str
    order: float
    key: str
    selects: Callable[[Endpoint], bool]
    rules: Mapping[str, Sequence[Rule]]


@dataclass(frozen=True)
class Oracle:
    """Judges packets in one cluster."""

    objects: Sequence[Body]
    namespace: str = "default"

    @cached_property
    def cluster(self) -> Cluster:
        """The objects as facts."""
        return Cluster(self.objects, self.namespace)

    @cached_property
    def tiers(self) -> list[tuple[str, list[Policy]]]:
        """The end action and the policies of each tier, all in order."""
        known = dict(TIERS)
        for body in self.cluster.of_kind("Tier"):
            order, action = dig(body, "spec", "order"), dig(body, "spec", "defaultAction")
            known[body["metadata"]["name"]] = (inf if order is None else order, action or "Deny")
        policies = sorted(_policies(self.cluster), key=lambda policy: (policy.order, policy.key))
        names = sorted(known, key=lambda name: (known[name][0], name))
        return [(known[name][1], [policy for policy in policies if policy.tier == name]) for name in names]

    def place(self, name: str) -> tuple[Address, Endpoint | None]:
        """An address, and the pod there: by `namespace/name` or by the address itself."""
        if "/" in name:
            namespace, _, short = name.partition("/")
            endpoint = next(
                candidate
                for candidate in self.cluster.endpoints
                if (candidate.namespace, candidate.name) == (namespace, short)
            )
            return endpoint.addresses[0], endpoint
        return ip_address(name), self.cluster.at(ip_address(name))

    def allowed(
        self, src: str, dst: str, protocol: str | int, port: int, *, source_port: int = 40000, http: bool = True
    ) -> bool:
        """Whether a packet arrives. Whoever is no pod is bound by nothing; a pod's talk to itself cannot be blocked."""
        (source_address, source), (destination_address, destination) = self.place(src), self.place(dst)
        if source is not None and source is destination:
            return True
        packet = Packet(
            source_address,
            destination_address,
            source,
            destination,
            protocol_number(protocol),
            port,
            source_port,
            http,
        )
        return self.passes(source, "Egress", packet) and self.passes(destination, "Ingress", packet)

    def passes(self, endpoint: Endpoint | None, direction: str, packet: Packet) -> bool:
        """One side's verdict. A tier without a policy for this pod and direction is skipped, end action and all."""
        if endpoint is None:
            return True
        for end, policies in self.tiers:
            chosen = [policy for policy in policies if direction in policy.rules and policy.selects(endpoint)]
            if not chosen:
                continue
            action = next(self._actions(chosen, direction, packet), end)
            if action != "Pass":
                return action == "Allow"
        return True  # The namespace's profile, kns.NAME, allows both ways.

    def _actions(self, policies: Sequence[Policy], direction: str, packet: Packet) -> Iterator[str]:
        for policy in policies:
            for action, matches in policy.rules[direction]:
                if action != "Log" and matches(packet):
                    yield action


def allowed(objects: Sequence[Body], src: str, dst: str, protocol: str | int, port: int) -> bool:
    """Whether a packet arrives in a cluster of those objects. Places: `namespace/name` of a pod, or an address."""
    return Oracle(objects).allowed(src, dst, protocol, port)


def _policies(cluster: Cluster) -> Iterator[Policy]:
    for body in cluster.of_kind("NetworkPolicy", "networking.k8s.io"):
        yield _kubernetes(cluster, body)
    for kind in ("NetworkPolicy", "GlobalNetworkPolicy"):
        for body in cluster.of_kind(kind, "projectcalico.org"):
            # Policies of these two kinds come before the normal tiers, and never on a pod.
            if not dig(body, "spec", "doNotTrack") and not dig(body, "spec", "preDNAT"):
                yield _calico(cluster, body)
    for body in cluster.of_kind("AdminNetworkPolicy"):
        yield _admin(body, "kube-admin", float(dig(body, "spec", "priority")))
    for body in cluster.of_kind("BaselineAdminNetworkPolicy"):
        yield _admin(body, "kube-baseline", 0)
    for body in cluster.of_kind("ClusterNetworkPolicy"):
        yield _cluster_policy(cluster, body)


def _kubernetes(cluster: Cluster, body: Body) -> Policy:
    name, namespace = body["metadata"]["name"], cluster.space(body)
    return Policy(
        "default",
        1000,  # K8sNetworkPolicyToCalico
        f"{name}/{namespace}/KubernetesNetworkPolicy",
        partial(oracle_kubernetes.selects, body, namespace),
        {
            direction: [
                ("Allow", partial(oracle_kubernetes.matches, rule, namespace, direction))
                for rule in dig(body, "spec", direction.lower()) or ()
            ]
            for direction in oracle_kubernetes.types(body)
        },
    )


def _calico(cluster: Cluster, body: Body) -> Policy:
    spec, order = body.get("spec") or {}, dig(body, "spec", "order")
    name, namespace = body["metadata"]["name"], cluster.space(body) if body["kind"] == "NetworkPolicy" else ""

    def selects(endpoint: Endpoint) -> bool:
        return (
            namespace in ("", endpoint.namespace)
            and oracle_calico.selects(spec.get("selector") or "", endpoint.calico)
            and oracle_calico.selects(spec.get("serviceAccountSelector") or "", endpoint.calico, "pcsa.")
            and oracle_calico.selects((not namespace and spec.get("namespaceSelector")) or "", endpoint.calico, "pcns.")
        )

    return Policy(
        spec.get("tier") or "default",
        inf if order is None else float(order),
        f"{name}/{namespace}/{body['kind']}",
        selects,
        {
            direction: _calico_rules(cluster, namespace, spec.get(direction.lower()) or ())
            for direction in spec.get("types") or _calico_types(spec)
        },
    )


def _calico_types(spec: Body) -> tuple[str, ...]:
    """api/pkg/defaults/networkpolicy.go: by whether there are rules, not by whether there is a list."""
    if not spec.get("egress"):
        return ("Ingress",)
    return ("Ingress", "Egress") if spec.get("ingress") else ("Egress",)


def _calico_rules(cluster: Cluster, namespace: str, rules: Sequence[Any]) -> list[Rule]:
    return [(rule["action"], partial(oracle_calico.matches, cluster, namespace, rule)) for rule in rules]


def _admin(body: Body, tier: str, order: float) -> Policy:
    return Policy(
        tier,
        order,
        body["metadata"]["name"],
        partial(oracle_admin.selected, dig(body, "spec", "subject")),
        {
            direction: [
                (rule["action"], partial(oracle_admin.matches, rule, direction))
                for rule in oracle_admin.fail_closed(dig(body, "spec", direction.lower()))
            ]
            for direction in ("Ingress", "Egress")
            if dig(body, "spec", direction.lower())
        },
    )


def _cluster_policy(cluster: Cluster, body: Body) -> Policy:
    """A ClusterNetworkPolicy as the GlobalNetworkPolicy that Calico makes of it; it has the types it has rules for."""
    rules = {
        direction: oracle_admin.calico_rules(dig(body, "spec", direction.lower()), direction)
        for direction in ("Ingress", "Egress")
    }
    return Policy(
        f"kube-{dig(body, 'spec', 'tier').lower()}",
        float(dig(body, "spec", "priority")),
        f"{body['metadata']['name']}//KubernetesClusterNetworkPolicy",
        partial(oracle_admin.selected, dig(body, "spec", "subject")),
        {direction: _calico_rules(cluster, "", rule) for direction, rule in rules.items() if rule},
    )
