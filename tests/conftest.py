"""What the tests share: each environment rendered once, and `--update` for goldens."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests import evaluated, remembered, scheduling
from tools.findings import model
from tools.findings.model import Finding, Manifest, Problem, Severity, rule_id
from tools.findings.stages import MODULES, checks, severities
from tools.terraform import kept_stages

pytest_plugins = ["tools.validate.pytest_plugin"]

# The seed of what tests generate, beside their fixed ones. One for every process of a run, which must collect the same
# tests; and the same in every run, so that a gate fails for what changed. SARK_SEED names another.
os.environ.setdefault("SARK_SEED", "20261128")
# Helm and Terraform are written in Go, and end before it pays to collect garbage often.
os.environ.setdefault("GOGC", "400")

Rendered = Callable[[str], tuple[Manifest, ...]]


# What checks yielded in the test that runs, of a severity that they do not declare.
UNDECLARED: set[tuple[str, Severity]] = set()


@cache
def declared() -> dict[str, tuple[Severity, ...]]:
    """Each rule's id -> the severities that it declares."""
    return {rule_id(check): severities(check) for stage in MODULES for check in checks(stage)}


def stamped(rule: str, problem: Problem, fault: bool = False) -> Finding:
    """The finding that `run` makes of a check's problem; an undeclared severity is remembered."""
    if problem.severity not in declared().get(rule, Severity):
        UNDECLARED.add((rule, problem.severity))
    return Finding(rule, problem, fault)


model.Finding = stamped  # type: ignore[misc,assignment]  # `run` looks it up there; whoever imports the class has the class.
kept_stages.begun_job = lambda request: evaluated.EvaluatedJob(**vars(request))


@pytest.fixture(autouse=True)
def severities_are_declared() -> Iterator[None]:
    """Whatever a check yields, in whichever test, is of a severity that its module declares for it."""
    UNDECLARED.clear()
    yield
    assert not UNDECLARED, "write the severity into SEVERITIES, beside CHECKS of the rule's module"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        remembered.tidy()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return scheduling.processors() + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.Scheduler | None:
    return scheduling.Scheduler(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the goldens anew instead of comparing with them")


@pytest.fixture(scope="session")
def rendered_text(sark_rendered_text: Callable[[str], str]) -> Callable[[str], str]:
    """An environment's name -> what Helm prints for it."""
    return sark_rendered_text


@pytest.fixture(scope="session")
def rendered(sark_rendered: Rendered) -> Rendered:
    """An environment's name -> its objects."""
    return sark_rendered
