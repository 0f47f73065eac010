"""AdminNetworkPolicy and BaselineAdminNetworkPolicy as network-policy-api's conformance suite probes them, and what
ClusterNetworkPolicy makes of the same: the nine pods again, in tables of our own.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.reach.samples.nine_pods import differences, world

ALL = "[{namespaces: {}}]"
FROM_W = "from: [{namespaces: {matchLabels: {ns: w}}}]"
TO_W = "to: [{namespaces: {matchLabels: {ns: w}}}]"
SUBJECT = "subject: {namespaces: {matchLabels: {ns: x}}}"
ONE_POD = "subject: {pods: {namespaceSelector: {matchLabels: {ns: x}}, podSelector: {matchLabels: {pod: a}}}}"


def admin(spec: str, priority: int = 10) -> str:
    """An AdminNetworkPolicy."""
    meta = f"{{name: admin-{priority}}}"
    return f"""apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {meta}
spec: {{priority: {priority}, {spec}}}"""


def baseline(spec: str) -> str:
    """The BaselineAdminNetworkPolicy."""
    return f"""apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {{name: default}}
spec: {{{spec}}}"""


def cluster(spec: str, tier: str = "Admin", priority: int = 10) -> str:
    """A ClusterNetworkPolicy."""
    return f"""apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {{name: cluster-{tier.lower()}-{priority}}}
spec: {{tier: {tier}, priority: {priority}, {spec}}}"""


@dataclass(frozen=True, slots=True)
class Case:
    """Cluster-wide policies, NetworkPolicies beside them, and who may reach whom."""

    name: str
    wide: tuple[str, ...]
    expected: tuple[str, ...]
    policies: tuple[str, ...] = ()


CLOSED = "x: {podSelector: {}}"
PORT_80 = "ports: [{portNumber: {protocol: TCP, port: 80}}]"

CASES = (
    Case("deny from a namespace", (admin(f"{SUBJECT}, ingress: [{{action: Deny, {FROM_W}}}]"),), ("w/* > x/*: none",)),
    Case("deny to a namespace", (admin(f"{SUBJECT}, egress: [{{action: Deny, {TO_W}}}]"),), ("x/* > w/*: none",)),
    Case("of one pod alone", (admin(f"{ONE_POD}, ingress: [{{action: Deny, {FROM_W}}}]"),), ("w/* > x/a: none",)),
    Case(
        "the first rule that matches decides",
        (admin(f"{SUBJECT}, ingress: [{{action: Allow, {FROM_W}, {PORT_80}}}, {{action: Deny, {FROM_W}}}]"),),
        ("w/* > x/*: TCP 80",),
    ),
    Case(
        "and not the second",
        (admin(f"{SUBJECT}, ingress: [{{action: Deny, {FROM_W}}}, {{action: Allow, {FROM_W}, {PORT_80}}}]"),),
        ("w/* > x/*: none",),
    ),
    Case(
        "the lower priority's number first",
        (
            admin(f"{SUBJECT}, ingress: [{{action: Deny, {FROM_W}}}]", 20),
            admin(f"{SUBJECT}, ingress: [{{action: Allow, {FROM_W}}}]", 5),
        ),
        (),
    ),
    Case(
        "allow overrides a NetworkPolicy",
        (admin(f"{SUBJECT}, ingress: [{{action: Allow, {FROM_W}}}]"),),
        ("* > x/*: none", "w/* > x/*: all"),
        (CLOSED,),
    ),
    Case(
        "pass leaves it to a NetworkPolicy",
        (admin(f"{SUBJECT}, ingress: [{{action: Pass, {FROM_W}}}, {{action: Allow, from: {ALL}}}]"),),
        ("w/* > x/*: none", "198.51.100.7 > x/*: none"),
        (CLOSED,),
    ),
    Case(
        "pass leaves it to the baseline where no NetworkPolicy is",
        (
            admin(f"{SUBJECT}, ingress: [{{action: Pass, from: {ALL}}}]"),
            baseline(f"{SUBJECT}, ingress: [{{action: Deny, {FROM_W}}}]"),
        ),
        ("w/* > x/*: none",),
    ),
    Case(
        "a NetworkPolicy is final, and the baseline not asked",
        (baseline(f"{SUBJECT}, ingress: [{{action: Deny, from: {ALL}}}]"),),
        ("* > x/*: TCP 81", "198.51.100.7 > x/*: TCP 81"),
        ("x: {podSelector: {}, ingress: [{ports: [{port: 81}]}]}",),
    ),
    Case("a baseline alone", (baseline(f"{SUBJECT}, egress: [{{action: Deny, {TO_W}}}]"),), ("x/* > w/*: none",)),
    Case(
        "allow at egress still needs ingress",
        (admin(f"subject: {{namespaces: {{}}}}, egress: [{{action: Allow, to: {ALL}}}]"),),
        ("* > x/*: none",),
        (CLOSED,),
    ),
    Case(
        "a port by name at ingress is the called pod's",
        (
            admin(
                f"{SUBJECT}, ingress: [{{action: Allow, {FROM_W}, ports: [{{namedPort: serve-81-tcp}}]}},"
                f" {{action: Deny, {FROM_W}}}]"
            ),
        ),
        ("w/* > x/*: TCP 81",),
    ),
    Case(
        "a port by name at egress is the called pod's",
        (admin(f"{SUBJECT}, egress: [{{action: Deny, {TO_W}, ports: [{{namedPort: serve-80-udp}}]}}]"),),
        ("x/* > w/*: TCP all, SCTP all, UDP 81",),
    ),
    Case(
        "a range of ports",
        (
            admin(
                f"{SUBJECT}, ingress: [{{action: Deny, {FROM_W},"
                " ports: [{portRange: {protocol: SCTP, start: 81, end: 90}}]}]"
            ),
        ),
        ("w/* > x/*: TCP all, UDP all, SCTP 80",),
    ),
    Case(
        "networks, pods' own among them",
        (admin(f"{SUBJECT}, egress: [{{action: Deny, to: [{{networks: [10.0.2.0/24, 198.51.100.0/24]}}]}}]"),),
        ("x/* > w/*: none", "x/* > 198.51.100.7: none", "x/* > 203.0.113.7: all"),
    ),
    Case(
        "two peers of a rule",
        (admin(f"{ONE_POD}, ingress: [{{action: Deny, {FROM_W[:-1]}, {{namespaces: {{matchLabels: {{ns: z}}}}}}]}}]"),),
        ("[wz]/* > x/a: none",),
    ),
    Case(
        "Accept is a ClusterNetworkPolicy's allow",
        (
            cluster(f"{SUBJECT}, ingress: [{{action: Accept, {FROM_W}}}]"),
            cluster(f"{SUBJECT}, ingress: [{{action: Deny, from: {ALL}}}]", "Baseline"),
        ),
        ("[xz]/* > x/*: none",),
    ),
    Case(
        "a ClusterNetworkPolicy's named port is the called pod's",
        (
            cluster(
                f"{SUBJECT}, ingress: [{{action: Accept, {FROM_W},"
                " protocols: [{tcp: {destinationPort: {number: 81}}}, {destinationNamedPort: serve-80-udp}]},"
                f" {{action: Deny, {FROM_W}}}]"
            ),
        ),
        ("w/* > x/*: TCP 81, UDP 80",),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_policies(case: Case) -> None:
    assert differences(world(case.policies, more="\n---\n".join(case.wide)), case.expected) == []
