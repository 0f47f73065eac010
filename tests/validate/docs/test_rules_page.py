"""docs/rules.md is what the checks say, and what it says of severities is what the cases show."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tools.findings.model import rule_id
from tools.findings.stages import checks, severities
from tools.validate.docs.rules_page import FILE, manual

CASES = Path(__file__).parents[2] / "cases"
CHECKS = {rule_id(check): check for check in (*checks("manifests"), *checks("policies"))}


def test_rules_are_written() -> None:
    assert FILE.read_text("utf-8") == manual(), "write docs/rules.md anew: python -m tools.validate.docs"


@pytest.mark.parametrize("rule", CHECKS)
def test_severities_are_those_of_the_cases(rule: str) -> None:
    expected = CASES / rule / "bad.txt"
    advice = f"write tests/cases/{rule}/bad.yaml and good.yaml, then pytest tests/validate/test_cases.py --update"
    assert expected.is_file(), f"the rule has no case that it must catch; {advice}"
    shown = {line.split(" ")[1].removesuffix(":") for line in expected.read_text("utf-8").splitlines()}
    stated = set(severities(CHECKS[rule]))
    if rule == "policies-select-something":
        # Its note is for runs without workloads, and its case has some.
        shown.add("note")
    if rule == "named-ports-are-somebodys":
        # Its warning is for workloads that nobody gave (test_at_hand.py), and its case has some.
        shown.add("warning")
    assert stated == shown


@pytest.mark.parametrize("rule", CHECKS)
def test_an_entry_says_the_fact_the_reason_and_the_source(rule: str) -> None:
    lines = (inspect.getdoc(CHECKS[rule]) or "").splitlines()
    assert lines[0].endswith(".")
    assert lines[1] == ""
    assert any(line.startswith("Source: ") for line in lines)
    assert len(lines) >= 5
