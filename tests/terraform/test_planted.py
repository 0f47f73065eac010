"""Clean modules are clean, and each fault that is planted in one is found by its rule."""

from __future__ import annotations

from functools import cache

import pytest

from tests.terraform.planted import Fault, faults, modules
from tools.findings.model import Finding, Severity, run
from tools.terraform.modules.read import evaluate_text
from tools.terraform.rules import comments, registry

CHECKS = (*registry.CHECKS, *comments.CHECKS)

MODULES = modules()
FAULTS = tuple(faults())


@cache
def findings(text: str) -> tuple[Finding, ...]:
    """What the linter says of a module in one file."""
    module = evaluate_text({"main.tf": text})
    return (*(Finding(fault.kind, fault.problem) for fault in module.faults), *run(CHECKS, module))


@pytest.mark.parametrize("name", MODULES)
def test_a_clean_module_passes_every_rule(name: str) -> None:
    items = [item for item in findings(MODULES[name]) if item.problem.severity is not Severity.NOTE]
    assert [f"{item.problem.where.line} {item.rule}: {item.problem.message}" for item in items] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_clean_module_says_what_it_cannot_tell(name: str) -> None:
    assert sum(item.problem.message.startswith("cannot tell: ") for item in findings(MODULES[name])) <= 2


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_by_its_rule(fault: Fault) -> None:
    rules = {item.rule for item in findings(fault.text) if item.problem.severity is not Severity.NOTE}
    assert fault.rule in rules
