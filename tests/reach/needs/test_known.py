"""What is known of a cluster whose needs are judged: expected pods, namespaces, objects that are there twice."""

from __future__ import annotations

import pytest

from tests.reach.needs.renders import CHECKS, RULES
from tools.findings.model import Finding, Manifest, run
from tools.manifests.documents import manifests, parse
from tools.policies.cluster import Cluster
from tools.reach.needs.known import known
from tools.reach.needs.roles import roles

WEB = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: sark, labels: {app: web}}
spec: {containers: [{name: web, image: web, env: [{name: DB_URL, value: "postgres://db.stores"}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: stores}
spec: {selector: {app: db}, ports: [{port: 5432}]}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: sark}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: %s}}]}]
"""
SITE = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}, annotations: {prometheus.io/scrape: "true", prometheus.io/port: "9113"}}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
"""
ENTRY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: sark}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %s}}}]}]
"""
VALUES = {"monitoring": {"namespaces": ["monitoring"]}, "ingressController": {"namespaces": ["ingress-nginx"]}}


def read(text: str, file: str = "file.yaml") -> tuple[Manifest, ...]:
    """The objects of a text."""
    return manifests(parse(text, file), file)


def rules(cluster: Cluster) -> list[str]:
    """The ids of the rules of needs that say something."""
    return [finding.rule for finding in run(CHECKS, cluster) if finding.rule in RULES]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("{app: db}", []),
        ("{app: other}", ["called-services-are-reachable"]),
        ("{tier: other}", ["called-services-are-reachable"]),
        # Its pods may carry the other label too: nobody can tell.
        ("{app: db, role: primary}", []),
    ],
)
def test_the_pods_of_a_service_that_nobody_gave(labels: str, expected: list[str]) -> None:
    assert rules(Cluster(read(POLICY % labels), read(WEB), given=True)) == expected


def test_an_object_that_is_there_twice_counts_once() -> None:
    policy = read(POLICY % "{app: other}")
    again = read(WEB, "again.yaml")
    assert rules(Cluster((*policy, *again), read(WEB), given=True)) == ["called-services-are-reachable"]


@pytest.mark.parametrize(
    ("space", "on", "expected"),
    [
        ("monitoring", True, ["ingress-backends-are-open"]),
        ("ingress-nginx", True, ["scraped-ports-are-open"]),
        ("elsewhere", True, []),
        ("ingress-nginx", False, []),
    ],
)
def test_each_role_is_looked_for_beside_the_others(space: str, on: bool, expected: list[str]) -> None:
    values = {**VALUES, "monitoring": {**VALUES["monitoring"], "enabled": on}}
    assert rules(Cluster(read(ENTRY % space), read(SITE), given=True, roles=roles(values))) == expected


@pytest.mark.parametrize("values", [{}, {"monitoring": 7}, {"monitoring": {"namespaces": "x"}}, {"monitoring": []}])
def test_values_of_any_shape_say_nothing(values: dict[str, object]) -> None:
    assert roles(values) == {}


def test_objects_without_a_namespace_are_where_the_policies_are() -> None:
    facts = known(Cluster(read(ENTRY % "elsewhere"), read(SITE), given=True))
    assert (facts.namespace, [*facts.classes]) == ("sark", ["sark/web[Pod]"])


def test_one_cause_is_one_finding() -> None:
    findings: list[Finding] = [
        finding
        for finding in run(CHECKS, Cluster(read(ENTRY % "sark"), read(SITE), given=True))
        if finding.rule in RULES
    ]
    assert [(finding.rule, finding.problem.where.path) for finding in findings] == [
        ("ingress-backends-are-open", "spec.defaultBackend.service"),
        ("scraped-ports-are-open", 'metadata.annotations["prometheus.io/port"]'),
    ]
