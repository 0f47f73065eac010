"""Random cases: the same from the same seed, valid for the API servers, mixed in their verdicts, of every feature."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.cluster.fuzz.cases import addresses, random_case
from tools.cluster.fuzz import compare
from tools.cluster.fuzz.coverage import coverage
from tools.cluster.fuzz.generate import FuzzCase
from tools.cluster.fuzz.topology import key, relabelled, topology
from tools.cluster.fuzz_run import attempts
from tools.findings.model import Severity, run
from tools.manifests.rules import objects as manifests
from tools.manifests.rules import schemas
from tools.policies.cluster import Cluster
from tools.policies.rules import syntax as policy_values

SEEDS = range(40)
CHECKS = (
    *manifests.CHECKS,
    *schemas.CHECKS,
    *policy_values.CHECKS,
)
# What every run of 400 policies must have used; the run prints how often each was.
FEATURES = """
Kubernetes ingress.from.ipBlock.except | Kubernetes egress.to.ipBlock.except | Kubernetes ingress.ports.endPort
Kubernetes egress.ports.endPort | Kubernetes port name | Kubernetes port number | Kubernetes operator In
Kubernetes operator NotIn | Kubernetes operator Exists | Kubernetes operator DoesNotExist | Kubernetes ingress: []
Kubernetes egress: [] | Kubernetes ingress: {} | Kubernetes egress: {} | Kubernetes ingress.from: []
Kubernetes egress.to: [] | Kubernetes ingress.ports: [] | Kubernetes egress.ports: [] | Kubernetes policyTypes: []
Kubernetes podSelector: {} | Kubernetes ingress.from.namespaceSelector: {} | Kubernetes ingress.from.podSelector: {}
Kubernetes policyTypes Egress | Kubernetes policyTypes Ingress | Kubernetes protocol UDP | Kubernetes protocol SCTP
Calico NetworkPolicy | Calico GlobalNetworkPolicy | Calico NetworkSet | Calico GlobalNetworkSet | Calico Tier
Calico tier | Calico defaultAction Pass | Calico defaultAction Deny | Calico order 1000 | Calico order 500.5
Calico action Allow | Calico action Deny | Calico action Pass | Calico action Log | Calico serviceAccountSelector
Calico namespaceSelector | Calico types Egress | Calico types Ingress | Calico ingress: [] | Calico egress: []
Calico selector ! | Calico selector == | Calico selector != | Calico selector in | Calico selector not in
Calico selector contains | Calico selector starts with | Calico selector ends with | Calico selector has()
Calico selector all() | Calico selector global() | Calico selector && | Calico selector || | Calico ingress.ipVersion
Calico ingress.source.notSelector | Calico egress.destination.notSelector | Calico ingress.source.nets
Calico ingress.source.notNets | Calico egress.destination.nets | Calico egress.destination.notNets
Calico ingress.source.serviceAccounts.names | Calico egress.destination.serviceAccounts.selector
Calico ingress.source.services | Calico egress.destination.services | Calico ingress.source.namespaceSelector
Calico ingress.destination.selector | Calico egress.source.notSelector | Calico ingress.destination.notPorts
Calico egress.destination.notPorts | Calico ports name | Calico ports range | Calico ports number
Calico notPorts name | Calico protocol 6 | Calico protocol 17 | Calico protocol ICMP | Calico ingress.notProtocol
""".replace("\n", " | ").strip(" |").split(" | ")  # fmt: skip


@pytest.fixture(scope="module")
def cases() -> list[FuzzCase]:
    return [random_case(seed) for seed in SEEDS]


def test_a_seed_makes_the_same_case_whatever_the_hashes_are() -> None:
    script = (
        "import json; from tests.cluster.fuzz.cases import random_case; "
        "print(json.dumps([random_case(n).objects for n in range(5)]))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=dict(os.environ) | {"PYTHONHASHSEED": hashes, "PYTHONPATH": "."},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashes in ("1", "2")
    }
    assert [json.loads(text) for text in texts] == [[list(random_case(seed).objects) for seed in range(5)]]
    assert random_case(1).objects != random_case(2).objects


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_object_is_valid(cases: list[FuzzCase], check: object) -> None:
    for case in cases:
        cluster = Cluster(tuple(compare.manifest(body) for body in case.objects))
        its = [it for it in run([check], cluster) if it.problem.severity is Severity.ERROR]  # type: ignore[list-item]
        assert not its, f"seed {case.seed}: {its[0].problem.where}: {its[0].problem.message}"


def test_the_judge_leaves_nothing_out(cases: list[FuzzCase]) -> None:
    for case in cases:
        assert compare.world(case.objects, addresses(case.topology)).problems == (), case.seed


def test_every_feature_is_used(cases: list[FuzzCase]) -> None:
    counts = coverage(body for case in cases for body in case.policies)
    assert [feature for feature in FEATURES if not counts[feature]] == []


def test_what_is_allowed_and_what_is_denied_are_both_common(cases: list[FuzzCase]) -> None:
    words: Counter[str] = Counter()
    for case in cases[:15]:
        words.update(compare.judge(case.objects, addresses(case.topology), attempts(case.topology)).values())
    assert 0.25 < words["allowed"] / words.total() < 0.75
    assert words["conditional"] / words.total() < 0.05


def test_exceptions_lie_inside_their_network(cases: list[FuzzCase]) -> None:
    blocks = [block for case in cases for body in case.policies for block in _blocks(body)]
    assert len(blocks) > 50
    for block in blocks:
        outer = ip_network(block["cidr"])
        assert all(ip_network(hole).subnet_of(outer) for hole in block.get("except", ()))  # type: ignore[arg-type]


def _blocks(value: object) -> list[dict[str, str]]:
    if isinstance(value, dict):
        own = [value["ipBlock"]] if "ipBlock" in value else []
        return own + [block for inner in value.values() for block in _blocks(inner)]
    return [block for inner in value for block in _blocks(inner)] if isinstance(value, list) else []


def test_without_tiers_no_policy_is_in_one() -> None:
    for seed in SEEDS:
        bodies = random_case(seed, tiers=False).policies
        assert not [body for body in bodies if body["kind"] == "Tier" or "tier" in body["spec"]]


def test_policies_are_counted_without_what_they_refer_to() -> None:
    case = random_case(3, policies=7)
    assert case.size == 7
    assert len(case.policies) > 7


def test_other_labels_leave_the_pods_and_what_is_behind_a_service() -> None:
    topology_before = topology("x")
    other = relabelled(topology_before, "y")
    assert [key(pod) for pod in topology_before.pods] == [key(pod) for pod in other.pods]
    assert [pod["spec"] for pod in topology_before.pods] == [pod["spec"] for pod in other.pods]
    labels = [[pod["metadata"]["labels"] for pod in given.pods] for given in (topology_before, other)]
    assert labels[0] != labels[1]
    assert [it.get("behind") for it in labels[0]] == [it.get("behind") for it in labels[1]]
