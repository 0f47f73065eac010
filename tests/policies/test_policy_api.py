"""The rules see the policy API's kinds as they see a NetworkPolicy of the same content, and agree with the judge."""

from __future__ import annotations

import pytest
import yaml

from tests.policies.test_matching import objects
from tools.findings.model import Severity
from tools.manifests.rules.schemas import objects_fit_their_schema
from tools.policies.cluster import Cluster
from tools.policies.rules.addresses import egress_leaves_out_private_addresses, metadata_is_unreachable
from tools.policies.rules.openness import openings_carry_a_reason
from tools.policies.unmodelled import notes
from tools.reach.rules.selection import peers_match_somebody, policies_select_something, workloads_are_isolated
from tools.reach.world import World

WORKLOADS = """
{apiVersion: v1, kind: Namespace, metadata: {name: sark}}
---
{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: sark, labels: {app: api}}, spec: {}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: sark, labels: {app: db}}, spec: {}}
"""
IN_SARK = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: sark}}"
PEER = f"{{{IN_SARK}, podSelector: {{matchLabels: {{app: gone}}}}}}"
NETWORK_POLICY = f"""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: sark}}
spec:
  podSelector: {{matchLabels: {{app: sark-gateway}}}}
  policyTypes: [Ingress, Egress]
  ingress: [{{from: [{PEER}]}}]
  egress: [{{to: [{{ipBlock: {{cidr: 0.0.0.0/0}}}}]}}]
"""


def of_the_policy_api(version: str, kind: str, more: str, allow: str) -> str:
    return f"""
apiVersion: policy.networking.k8s.io/{version}
kind: {kind}
metadata: {{name: {"default" if kind.startswith("Baseline") else "p"}}}
spec:
  {more}
  subject: {{pods: {{{IN_SARK}, podSelector: {{matchLabels: {{app: sark-gateway}}}}}}}}
  ingress: [{{action: {allow}, from: [{{pods: {PEER}}}]}}]
  egress: [{{action: {allow}, to: [{{networks: [0.0.0.0/0]}}]}}]
"""


KINDS = {
    "AdminNetworkPolicy": of_the_policy_api("v1alpha1", "AdminNetworkPolicy", "priority: 10", "Allow"),
    "BaselineAdminNetworkPolicy": of_the_policy_api("v1alpha1", "BaselineAdminNetworkPolicy", "", "Allow"),
    "ClusterNetworkPolicy v1alpha2": of_the_policy_api(
        "v1alpha2", "ClusterNetworkPolicy", "{tier: Admin, priority: 10}", "Accept"
    ).replace("{tier: Admin, priority: 10}", "tier: Admin\n  priority: 10"),
    "ClusterNetworkPolicy v1beta1": of_the_policy_api(
        "v1beta1", "ClusterNetworkPolicy", "{tier: Admin, priority: 10}", "Accept"
    ).replace("{tier: Admin, priority: 10}", "tier: Admin\n  priority: 10"),
}
RULES = (
    policies_select_something,
    peers_match_somebody,
    egress_leaves_out_private_addresses,
    metadata_is_unreachable,
)


def findings(policy: str) -> list[tuple[str, Severity]]:
    """Each rule that finds something, and how bad it is; titles and places differ from kind to kind."""
    subject = Cluster(objects(policy), objects(WORKLOADS), given=True)
    return [(rule.__name__, problem.severity) for rule in RULES for problem in rule(subject)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_rules_find_what_they_find_in_a_network_policy(kind: str) -> None:
    expected = [(rule.__name__, Severity.ERROR) for rule in RULES]
    assert findings(NETWORK_POLICY) == expected
    assert findings(KINDS[kind]) == expected


def test_messages_say_whom_a_policy_of_the_whole_cluster_is_for() -> None:
    subject = Cluster(objects(KINDS["AdminNetworkPolicy"]), objects(WORKLOADS), given=True)
    assert [(problem.where.path, problem.message) for rule in RULES[:2] for problem in rule(subject)] == [
        (
            "spec.subject",
            "AdminNetworkPolicy p selects app=sark-gateway in namespaces kubernetes.io/metadata.name=sark, but no "
            "workload matches; the pods there have app=api | app=db",
        ),
        ("spec.ingress[0].from[0]", "no workload matches app=gone; the pods there have app=db | app=api"),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_peer_of_pods_passes_the_schema_and_the_judge(kind: str) -> None:
    manifests = objects(KINDS[kind])
    assert [problem.message for problem in objects_fit_their_schema(Cluster(manifests))] == []
    world = World((*manifests, *objects(WORKLOADS)))
    assert [problem.message for problem in world.problems] == []
    assert [problem.message for problem in notes(manifests)] == []


def test_namespaces_are_every_pod_and_that_needs_a_reason() -> None:
    body = yaml.safe_load(KINDS["AdminNetworkPolicy"])
    body["spec"] |= {"subject": {"namespaces": {}}, "egress": [{"action": "Allow", "to": [{"namespaces": {}}]}]}
    subject = Cluster(objects(yaml.safe_dump(body)), objects(WORKLOADS), given=True)
    assert [problem.message for problem in openings_carry_a_reason(subject)] == [
        "every pod of the cluster is let out; name the peers, or annotate why: sark-network/open",
        "this opens something on every pod of the cluster; select the pods meant, or annotate why: sark-network/open",
    ]


def test_a_policy_of_the_policy_api_isolates_nobody() -> None:
    """It denies what it says, and leaves what it does not say to the NetworkPolicies."""
    body = yaml.safe_load(KINDS["AdminNetworkPolicy"])
    body["spec"]["subject"] = {"namespaces": {}}
    other = NETWORK_POLICY.replace("sark-gateway", "db")
    subject = Cluster(objects(f"{yaml.safe_dump(body)}\n---\n{other}"), objects(WORKLOADS), given=True)
    assert [problem.where.file for problem in workloads_are_isolated(subject)] == ["file"]
    assert ["sark/api" in problem.message for problem in workloads_are_isolated(subject)] == [True]
