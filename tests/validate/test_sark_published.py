"""Every fault of the policies that SARK publishes is found, where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.findings.model import Finding, Manifest, run
from tools.findings.stages import checks
from tools.manifests.documents import manifests, parse
from tools.policies.cluster import Cluster
from tools.reach.world import World
from tools.validate.__main__ import main

FOLDER = Path(__file__).parents[1] / "cases" / "sark-published"
POLICIES = ("gateway-egress.yaml", "gateway-ingress.yaml", "allow-list.yaml")

FAULTS = {
    "egress selects a label that no workload carries": ("policies-select-something", "gateway-egress.yaml", 8),
    "ingress selects a label that no workload carries": ("policies-select-something", "gateway-ingress.yaml", 7),
    "the allow list selects a label that no workload carries": ("policies-select-something", "allow-list.yaml", 6),
    "the database's label is nobody's": ("peers-match-somebody", "gateway-egress.yaml", 23),
    "the cache's label is nobody's": ("peers-match-somebody", "gateway-egress.yaml", 30),
    "OPA is looked for in SARK's namespace": ("peers-match-somebody", "gateway-egress.yaml", 38),
    "the gateway is left open": ("workloads-are-isolated", "workloads.yaml", 5),
    "the database is left open": ("workloads-are-isolated", "workloads.yaml", 14),
    "the cache is left open": ("workloads-are-isolated", "workloads.yaml", 24),
    "DNS goes to a namespace by a label that no cluster sets": (
        "namespaces-are-found-by-name",
        "gateway-egress.yaml",
        15,
    ),
    "ingress comes from a namespace by such a label": ("namespaces-are-found-by-name", "gateway-ingress.yaml", 13),
    "DNS is open on UDP alone": ("dns-egress-is-udp-and-tcp", "gateway-egress.yaml", 19),
    "every pod of the namespace is let in": ("openings-carry-a-reason", "gateway-ingress.yaml", 21),
    "open-source Calico drops the domains": ("calico-domains-have-an-enforcer", "allow-list.yaml", 14),
    "ports stand where Calico has no such field": ("objects-fit-their-schema", "allow-list.yaml", 17),
    "the metadata service is listed as a domain": ("calico-domains-are-names", "allow-list.yaml", 23),
    "a higher order is believed to win": ("comments-tell-the-order-right", "allow-list.yaml", 8),
    "the last Deny leaves UDP and IPv6 open": ("lock-downs-end-in-deny", "allow-list.yaml", 25),
}


def read(name: str) -> tuple[Manifest, ...]:
    """The objects of a file."""
    return manifests(parse((FOLDER / name).read_text("utf-8"), name), name)


@pytest.fixture(scope="module")
def findings() -> tuple[Finding, ...]:
    subject = Cluster(
        tuple(item for name in POLICIES for item in read(name)),
        read("workloads.yaml"),
        given=True,
        texts=tuple((name, (FOLDER / name).read_text("utf-8")) for name in POLICIES),
    )
    return tuple(run((*checks("manifests"), *checks("policies")), subject))


@pytest.fixture(scope="module")
def places(findings: tuple[Finding, ...]) -> set[tuple[str, str, int]]:
    return {(item.rule, item.problem.where.file, item.problem.where.line) for item in findings}


@pytest.fixture(scope="module")
def messages(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    return tuple(item.problem.message for item in findings)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault: str, places: set[tuple[str, str, int]]) -> None:
    assert FAULTS[fault] in places


def test_the_command_finds_them(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(FOLDER / name) for name in POLICIES]
    code = main(["--manifests", *files, "--workloads", str(FOLDER / "workloads.yaml"), "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    rules = {finding["rule"] for stage in report["stages"] for finding in stage["findings"]}
    assert code == 1
    assert {rule for rule, _, _ in FAULTS.values()} <= rules


# What the design names of them, each with the words that a user is told.
WORDS = {
    "selects app=sark-gateway, but no workload matches": 2,
    "selects app == 'sark-gateway', but no workload matches": 1,
    "no cluster sets name: kube-system on a namespace; write kubernetes.io/metadata.name: kube-system": 1,
    "DNS is open on UDP and not on TCP; add port 53 of TCP": 1,
    "169.254.169.254/32 is an address, the metadata service of AWS, GCP, Azure and others, not a domain": 1,
    "in Calico the lower order comes first; correct the comment, and the orders that follow it": 1,
    "no workload matches app=opa; one runs in sark-system; "
    "add namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: sark-system}}": 1,
}


@pytest.mark.parametrize("words", WORDS)
def test_fault_is_told_in_words(words: str, messages: tuple[str, ...]) -> None:
    assert sum(words in message for message in messages) == WORDS[words]


def test_what_comes_of_them() -> None:
    """With these policies nobody is protected: the judge says so, and names no policy."""
    objects = (item for name in (*POLICIES, "workloads.yaml") for item in read(name))
    world = World(objects, namespace="sark")
    gateway, database = world.peer("sark/sark[Deployment]"), world.peer("sark/postgres[StatefulSet]")
    metadata = world.explain(gateway, world.peer("169.254.169.254"), 80)
    stolen = world.explain(world.peer("sark-system/opa[Deployment]"), database, 5432)
    for notices in (metadata, stolen):
        assert notices.verdict == "allowed"
        assert [side.deciding for side in notices.sides] == [None, None]


def test_workloads_that_cannot_be_read_are_no_pass(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--manifests", str(FOLDER / POLICIES[0]), "--workloads", str(FOLDER / "none.yaml")])
    assert code == 2
    assert "none.yaml: No such file or directory" in capsys.readouterr().out
