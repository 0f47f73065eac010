"""From stages to what is printed: the exit code, and a table of formats."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from tools.findings.model import Finding, Identity, Severity, Stage

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2
# How `Report.started` is written.
STARTED = "%Y-%m-%dT%H:%M:%S"

WORST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class Gate:
    """What fails a run: findings as severe as `fail_on` or more severe, but none of a rule that is disabled."""

    fail_on: Severity = Severity.WARNING
    disabled: frozenset[str] = frozenset()

    def fails(self, finding: Finding) -> bool:
        """Whether the finding fails a run."""
        return WORST_FIRST.index(finding.problem.severity) <= WORST_FIRST.index(self.fail_on)


@dataclass(frozen=True, slots=True)
class Report:
    """One run: its stages, and what formats say beside them.

    `rules`: the manual entry of each rule; `started`: ISO 8601, in UTC, without a zone; `colour` and `timings` are for
    text on a terminal; `configuration`: the file that options were read from, "" without one.
    """

    stages: tuple[Stage, ...]
    rules: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    colour: bool = False
    timings: bool = False
    gate: Gate = Gate()
    configuration: str = ""

    @property
    def exit(self) -> int:
        """The exit code of the run."""
        return exit_code(self.stages, self.gate)

    @property
    def disabled(self) -> frozenset[str]:
        """The rules that were not asked for."""
        return self.gate.disabled


@dataclass(frozen=True, slots=True)
class Grouped:
    """A finding, and every environment that has it."""

    finding: Finding
    environments: tuple[str, ...]


def exit_code(stages: Iterable[Stage], gate: Gate = Gate()) -> int:
    """2 when a stage could not run (and is not excused) or a rule failed, else 1 when a finding fails the run (an error
    or a warning, unless the gate says otherwise), else 0.
    """
    stages = tuple(stages)
    if any(stage.skipped and not stage.excused for stage in stages):
        return COULD_NOT_RUN
    if any(finding.fault for stage in stages for finding in stage.findings):
        return COULD_NOT_RUN
    return FINDINGS if any(gate.fails(finding) for stage in stages for finding in stage.findings) else CLEAN


def fails(finding: Finding) -> bool:
    """Whether the finding fails a run where nobody says otherwise: errors and warnings do, notes do not."""
    return Gate().fails(finding)


def grouped(stages: Sequence[Stage]) -> tuple[Grouped, ...]:
    """The findings by file and line, each once, with the environments that have it."""
    by_key: dict[tuple[Finding, Identity | None], dict[str, Finding]] = {}
    for stage in stages:
        for finding in stage.findings:
            by_key.setdefault((finding, finding.problem.where.identity), {}).setdefault(stage.environment, finding)
    groups = [Grouped(finding, tuple(filter(None, names))) for (finding, _), names in by_key.items()]
    return tuple(sorted(groups, key=lambda group: _order(group.finding)))


def subject(finding: Finding) -> str:
    """The object that a finding is about, "" when there is none or the message names it."""
    identity = finding.problem.where.identity
    return "" if identity is None or str(identity) in finding.problem.message else str(identity)


def sentence(finding: Finding) -> str:
    """The message, after the object that it is about."""
    about = subject(finding)
    return f"{about}: {finding.problem.message}" if about else finding.problem.message


def _order(finding: Finding) -> tuple[str, int, str, str, str, str]:
    where = finding.problem.where
    return where.file, where.line, where.path, finding.rule, finding.problem.message, str(where.identity or "")


def formats() -> Mapping[str, Callable[[Report], str]]:
    """Each format and what writes it."""
    return {name: partial(_write, name) for name in FORMATS}


def _write(name: str, report: Report) -> str:
    # Only the module that is used is loaded: together they take as long as a directory of Terraform.
    text: str = importlib.import_module(f"tools.findings.formats.{name}").write(report)
    return text


FORMATS = ("text", "json", "junit", "sarif", "github", "tap")
