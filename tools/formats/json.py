"""For programs: `{"exit", "stages": [{"name", "environment", "seconds", "skipped", "findings"}]}`."""

from __future__ import annotations

import json
from typing import Any

from tools.model import Finding, Stage
from tools.report import Report


def write(report: Report) -> str:
    """The report as one JSON document."""
    document = {"exit": report.exit, "stages": [_stage(stage) for stage in report.stages]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "environment": stage.environment,
        "seconds": round(stage.seconds, 3),
        "skipped": stage.skipped,
        "findings": [_finding(finding) for finding in stage.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    problem = finding.problem
    return {
        "rule": finding.rule,
        "severity": problem.severity.value,
        "message": problem.message,
        "file": problem.where.file,
        "path": problem.where.path,
        "line": problem.where.line,
    }
