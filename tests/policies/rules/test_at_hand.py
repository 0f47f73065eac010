"""Rules over what is at hand: the manifests that are judged are workloads too, and selectors mean what they choose."""

from __future__ import annotations

import pytest

from tools.manifests.documents import manifests, parse
from tools.policies.cluster import Cluster
from tools.policies.rules.named_ports import named_ports_are_somebodys
from tools.policies.rules.openness import openings_carry_a_reason

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: client, namespace: app}}
spec: {spec}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: api, namespace: app}}
spec:
  selector: {{matchLabels: {{app: api, tier: back}}}}
  template:
    metadata: {{labels: {{app: api, tier: back}}}}
    spec: {{containers: [{{name: c, image: c, ports: [{{name: http, containerPort: 8080}}]}}]}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: app, labels: {{team: a}}}}
"""


def cluster(spec: str, *, given: bool = False) -> Cluster:
    """A policy and a Deployment; `given`: as though somebody had named the Deployment as the only workload."""
    objects = manifests(parse(POLICY.format(spec=spec), "f.yaml"), "f.yaml")
    return Cluster(objects[:1], objects[1:], given=True) if given else Cluster(objects)


def to_port(port: str, app: str = "api") -> str:
    peer = f"{{podSelector: {{matchLabels: {{app: {app}}}}}}}"
    return f"{{podSelector: {{}}, policyTypes: [Egress], egress: [{{to: [{peer}], ports: [{{port: {port}}}]}}]}}"


@pytest.mark.parametrize(
    ("port", "app", "message"),
    [
        ("controller", "api", "no pod that is called has a port controller (TCP); they have: http (TCP)"),
        ("http", "api", ""),
        ("controller", "elsewhere", ""),
    ],
)
def test_a_named_port_that_nobody_at_hand_has_is_a_warning(port: str, app: str, message: str) -> None:
    problems = [(it.message, it.severity) for it in named_ports_are_somebodys(cluster(to_port(port, app)))]
    assert problems == ([(message, "warning")] if message else [])
    given = [it.severity for it in named_ports_are_somebodys(cluster(to_port(port, app), given=True))]
    assert given == (["error"] if message else [])


def opened(peer: str, *, given: bool = False) -> list[str]:
    """Whom a rule for that peer lets in."""
    spec = f"{{podSelector: {{matchLabels: {{app: api}}}}, policyTypes: [Ingress], ingress: [{{from: [{peer}]}}]}}"
    return [it.message.partition(";")[0] for it in openings_carry_a_reason(cluster(spec, given=given))]


@pytest.mark.parametrize(
    ("peer", "whom"),
    [
        ("{podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}", "every pod of the namespace is let in"),
        (
            "{podSelector: {matchExpressions: [{key: gone, operator: DoesNotExist}]}}",
            "every pod of the namespace is let in",
        ),
        ("{podSelector: {matchExpressions: [{key: gone, operator: Exists}]}}", ""),
        ("{podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}", ""),
        (
            "{podSelector: {matchExpressions: [{key: gone, operator: NotIn, values: [a]}]}}",
            "every pod of the namespace is let in",
        ),
        ("{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}, {key: c, operator: Exists}]}}", ""),
        ("{podSelector: {matchLabels: {app: 5}}}", ""),
    ],
)
def test_a_condition_that_every_given_pod_meets_is_none(peer: str, whom: str) -> None:
    assert opened(peer, given=True) == ([whom] if whom else [])
    # Of pods that are not at hand nobody knows the labels; a condition that only leaves pods out lets in all others.
    only_leaves_out = "Exists}" not in peer.replace("DoesNotExist}", "") and "matchLabels" not in peer
    assert opened(peer) == ["every pod of the namespace but those that this leaves out is let in"] * only_leaves_out


@pytest.mark.parametrize(
    ("spaces", "everybody"),
    [
        ("{matchLabels: {}}", True),
        ("{matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}", True),
        ("{matchExpressions: [{key: team, operator: Exists}]}", True),
        ("{matchExpressions: [{key: gone, operator: DoesNotExist}]}", True),
        ("{matchExpressions: [{key: kubernetes.io/metadata.name, operator: DoesNotExist}]}", False),
        ("{matchExpressions: [{key: team, operator: DoesNotExist}]}", False),
        ("{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [app]}]}", False),
    ],
)
def test_a_condition_that_every_namespace_meets_is_none(spaces: str, everybody: bool) -> None:
    assert opened(f"{{namespaceSelector: {spaces}}}") == (["every pod of the cluster is let in"] if everybody else [])
