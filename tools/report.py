"""From stages to what is printed: the exit code, and a table of formats."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from tools.model import Finding, Severity, Stage

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Report:
    """One run: its stages, and what formats say beside them.

    `rules`: the manual entry of each rule; `started`: ISO 8601, in UTC, without a zone; `colour` and `timings` are for
    text on a terminal.
    """

    stages: tuple[Stage, ...]
    rules: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    colour: bool = False
    timings: bool = False

    @property
    def exit(self) -> int:
        """The exit code of the run."""
        return exit_code(self.stages)


@dataclass(frozen=True, slots=True)
class Grouped:
    """A finding, and every environment that has it."""

    finding: Finding
    environments: tuple[str, ...]


def exit_code(stages: Iterable[Stage]) -> int:
    """2 when a stage could not run (and is not excused), else 1 when there is an error or a warning, else 0."""
    stages = tuple(stages)
    if any(stage.skipped and not stage.excused for stage in stages):
        return COULD_NOT_RUN
    return FINDINGS if any(fails(finding) for stage in stages for finding in stage.findings) else CLEAN


def fails(finding: Finding) -> bool:
    """Whether the finding fails a run: errors and warnings do, notes do not."""
    return finding.problem.severity is not Severity.NOTE


def grouped(stages: Sequence[Stage]) -> tuple[Grouped, ...]:
    """The findings by file and line, each once, with the environments that have it."""
    found: dict[Finding, list[str]] = {}
    for stage in stages:
        for finding in stage.findings:
            names = found.setdefault(finding, [])
            if stage.environment not in names:
                names.append(stage.environment)
    groups = [Grouped(finding, tuple(filter(None, names))) for finding, names in found.items()]
    return tuple(sorted(groups, key=lambda group: _order(group.finding)))


def _order(finding: Finding) -> tuple[str, int, str, str, str]:
    where = finding.problem.where
    return where.file, where.line, where.path, finding.rule, finding.problem.message


def formats() -> Mapping[str, Callable[[Report], str]]:
    """Each format and what writes it."""
    return {name: partial(_write, name) for name in FORMATS}


def _write(name: str, report: Report) -> str:
    # Only the module that is used is loaded: together they take as long as a directory of Terraform.
    text: str = importlib.import_module(f"tools.formats.{name}").write(report)
    return text


FORMATS = ("text", "json", "junit", "sarif", "github")
