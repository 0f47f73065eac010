"""GitHub's workflow commands, which become annotations on a pull request.

Source: GitHub's documentation of workflow commands, and the escapes of its own actions toolkit.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.escaping import workflow_data, workflow_property
from tools.findings.model import Severity
from tools.findings.report import Grouped, Report, grouped, sentence

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def write(report: Report) -> str:
    """One command for each finding, and one for each stage that did not run."""
    lines = [_finding(group) for group in grouped(report.stages)]
    lines.extend(_not_run(report))
    return "".join(f"{line}\n" for line in lines)


def _finding(group: Grouped) -> str:
    problem = group.finding.problem
    properties = {"file": problem.where.file, "line": problem.where.line or "", "title": group.finding.rule}
    environments = f" ({', '.join(group.environments)})" if group.environments else ""
    return _command(_COMMANDS[problem.severity], properties, sentence(group.finding) + environments)


def _not_run(report: Report) -> Iterator[str]:
    for stage in report.stages:
        if stage.skipped:
            title = f"{' '.join(filter(None, (stage.environment, stage.name)))} did not run"
            yield _command("warning" if stage.excused else "error", {"title": title}, stage.skipped)


def _command(command: str, properties: dict[str, str | int], message: str) -> str:
    written = ",".join(f"{key}={workflow_property(str(value))}" for key, value in properties.items() if value)
    return f"::{command} {written}::{workflow_data(message)}"
