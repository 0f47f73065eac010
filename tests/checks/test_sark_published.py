"""Every fault of the policies that SARK publishes is found, where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.model import run
from tools.source import manifests, parse
from tools.stages import checks
from tools.validate import main
from tools.workloads import Cluster

FOLDER = Path(__file__).parents[1] / "cases" / "sark-published"
POLICIES = ("gateway-egress.yaml", "gateway-ingress.yaml", "allow-list.yaml")

FAULTS = {
    "egress selects a label that no workload carries": ("policies-select-something", "gateway-egress.yaml", 8),
    "ingress selects a label that no workload carries": ("policies-select-something", "gateway-ingress.yaml", 7),
    "the allow list selects a label that no workload carries": ("policies-select-something", "allow-list.yaml", 6),
    "the peers' labels are nobody's": ("peers-match-somebody", "gateway-egress.yaml", 23),
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


@pytest.fixture(scope="module")
def found() -> set[tuple[str, str, int]]:
    texts = {name: (FOLDER / name).read_text("utf-8") for name in (*POLICIES, "workloads.yaml")}
    objects = {name: manifests(parse(text, name), name) for name, text in texts.items()}
    subject = Cluster(
        tuple(item for name in POLICIES for item in objects[name]),
        objects["workloads.yaml"],
        given=True,
        texts=tuple((name, texts[name]) for name in POLICIES),
    )
    findings = run((*checks("manifests"), *checks("policies")), subject)
    return {(item.rule, item.problem.where.file, item.problem.where.line) for item in findings}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault: str, found: set[tuple[str, str, int]]) -> None:
    assert FAULTS[fault] in found


def test_the_command_finds_them(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(FOLDER / name) for name in POLICIES]
    code = main(["--manifests", *files, "--workloads", str(FOLDER / "workloads.yaml"), "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    rules = {finding["rule"] for stage in report["stages"] for finding in stage["findings"]}
    assert code == 1
    assert {rule for rule, _, _ in FAULTS.values()} <= rules


def test_workloads_that_cannot_be_read_are_no_pass(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--manifests", str(FOLDER / POLICIES[0]), "--workloads", str(FOLDER / "none.yaml")])
    assert code == 2
    assert "none.yaml: No such file or directory" in capsys.readouterr().out
