"""Each rule over Terraform, by table: it must catch `tests/cases/terraform/RULE/bad.tf`; `good.tf` passes every rule.

`bad.txt` holds what RULE says of bad.tf, a line a finding: line, severity, path, message.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tools.findings.model import Finding, Severity, rule_id, run
from tools.findings.stages import severities
from tools.terraform.language.model import Module
from tools.terraform.modules.read import evaluate_text
from tools.terraform.rules import comments, registry
from tools.terraform.rules.comments import peers

CHECKS = (*registry.CHECKS, *comments.CHECKS)

CASES = Path(__file__).parents[2] / "cases" / "terraform"
RULES = {rule_id(check): check for check in CHECKS}
FOLDERS = sorted(folder.name for folder in CASES.iterdir())
# A case in a directory of modules, which one rule is about.
DIRECTORIES = {"modules-hold-no-provider": "terraform/modules/network"}


def module(folder: Path, name: str) -> Module:
    """A case, evaluated."""
    directory = DIRECTORIES.get(folder.name, ".")
    file = name if directory == "." else f"{directory}/{name}"
    return evaluate_text({file: (folder / name).read_text("utf-8")}, directory)


def line(finding: Finding) -> str:
    """A finding as bad.txt writes it."""
    problem = finding.problem
    place = f"{problem.where.line} {problem.severity}"
    return f"{place} {problem.where.path}: {problem.message}" if problem.where.path else f"{place}: {problem.message}"


def test_every_rule_has_cases_and_every_case_a_rule() -> None:
    assert sorted(RULES) == FOLDERS
    assert len(CHECKS) == len(RULES)


@pytest.mark.parametrize("rule", FOLDERS)
def test_bad_is_caught_word_for_word(rule: str, request: pytest.FixtureRequest) -> None:
    folder = CASES / rule
    subject = module(folder, "bad.tf")
    assert [fault for fault in subject.faults if fault.kind == "terraform-is-readable"] == []
    lines = [line(finding) for finding in run((RULES[rule],), subject)]
    expected = folder / "bad.txt"
    if request.config.getoption("--update"):
        expected.write_text("".join(f"{text}\n" for text in lines), "utf-8")
    assert lines, "the rule says nothing"
    assert lines == expected.read_text("utf-8").splitlines(), "pytest tests/terraform --update writes bad.txt anew"


@pytest.mark.parametrize("rule", FOLDERS)
def test_good_passes_every_rule(rule: str) -> None:
    subject = module(CASES / rule, "good.tf")
    assert subject.faults == ()
    findings = run(CHECKS, subject)
    assert [f"{item.rule} {line(item)}" for item in findings if _counts(item, rule)] == []


@pytest.mark.parametrize("rule", RULES)
def test_severities_are_those_of_the_cases(rule: str) -> None:
    text = (CASES / rule / "bad.txt").read_text("utf-8")
    assert set(severities(RULES[rule])) == {line.split(" ")[1].removesuffix(":") for line in text.splitlines()}


@pytest.mark.parametrize("rule", RULES)
def test_an_entry_says_the_fact_the_reason_and_the_source(rule: str) -> None:
    lines = (inspect.getdoc(RULES[rule]) or "").splitlines()
    assert lines[0].endswith(".")
    assert lines[1] == ""
    assert any(line.startswith("Source: ") for line in lines)
    assert len(lines) >= 5
    if any(line.startswith("Peers: ") for line in lines):
        assert peers(RULES[rule]) or "Peers: terraform validate." in lines


def _counts(finding: Finding, rule: str) -> bool:
    """The rule itself must say nothing; of the others notes are no fault."""
    return finding.rule == rule or finding.problem.severity is not Severity.NOTE
