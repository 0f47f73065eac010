"""Each rule over manifests, by table: it must catch `tests/cases/RULE/bad.yaml`, and `good.yaml` passes every rule.

`bad.txt` holds what RULE says of bad.yaml, a line a finding: line, severity, path, message. `workloads.yaml`, where
it is there, is what a user would give with --workloads.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.findings.model import Finding, Manifest, Severity, rule_id, run
from tools.findings.stages import checks
from tools.manifests.documents import manifests, parse
from tools.policies.cluster import Cluster

CASES = Path(__file__).parents[1] / "cases"
CHECKS = (*checks("manifests"), *checks("policies"))
# Folders that hold no rule's cases: whole sets of manifests, and the cases of the rules over Terraform.
WHOLE = {"sark-published", "terraform"}
FOLDERS = sorted(folder.name for folder in CASES.iterdir() if folder.is_dir() and folder.name not in WHOLE)


def objects(file: Path) -> tuple[Manifest, ...]:
    """The objects of a file."""
    return manifests(parse(file.read_text("utf-8"), file.name), file.name)


def cluster(folder: Path, name: str) -> Cluster:
    """The objects of a case, with its workloads when it has some."""
    workloads = folder / "workloads.yaml"
    given = objects(workloads) if workloads.exists() else ()
    text = (folder / name).read_text("utf-8")
    return Cluster(objects(folder / name), given, workloads.exists(), texts=((name, text),))


def line(finding: Finding) -> str:
    """A finding as bad.txt writes it."""
    problem = finding.problem
    place = f"{problem.where.line} {problem.severity}"
    return f"{place} {problem.where.path}: {problem.message}" if problem.where.path else f"{place}: {problem.message}"


def test_every_rule_has_cases_and_every_case_a_rule() -> None:
    rules = sorted(rule_id(check) for check in CHECKS)
    assert rules == FOLDERS


@pytest.mark.parametrize("rule", FOLDERS)
def test_bad_is_caught_word_for_word(rule: str, request: pytest.FixtureRequest) -> None:
    folder = CASES / rule
    lines = [line(finding) for finding in run(CHECKS, cluster(folder, "bad.yaml")) if finding.rule == rule]
    expected = folder / "bad.txt"
    if request.config.getoption("--update"):
        expected.write_text("".join(f"{text}\n" for text in lines), "utf-8")
    assert lines, "the rule says nothing"
    assert lines == expected.read_text("utf-8").splitlines(), "pytest tests/validate --update writes bad.txt anew"


@pytest.mark.parametrize("rule", FOLDERS)
def test_good_passes_every_rule(rule: str) -> None:
    findings = run(CHECKS, cluster(CASES / rule, "good.yaml"))
    assert [f"{item.rule} {line(item)}" for item in findings if _counts(item, rule)] == []


def _counts(finding: Finding, rule: str) -> bool:
    """The rule itself must say nothing; of the others notes are no fault."""
    return finding.rule == rule or finding.problem.severity is not Severity.NOTE
