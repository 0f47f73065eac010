"""For programs: `{"exit", "stages": [{"name", "environment", "seconds", "skipped", "findings"}]}`.

A finding is `{"rule", "severity", "message", "file", "path", "line"}`; with `kind`, `namespace` and `name` where it is
about a Kubernetes object, and with `fault` where the rule itself failed and judged nothing.
"""

from __future__ import annotations

from typing import Any

from tools.findings.escaping import json_text
from tools.findings.model import Finding, Stage
from tools.findings.report import Report


def write(report: Report) -> str:
    """The report as one JSON document."""
    document: dict[str, Any] = {"exit": report.exit, "stages": [_stage(stage) for stage in report.stages]}
    if report.disabled:
        document["disabled"] = sorted(report.disabled)
    if report.configuration:
        document["configuration"] = report.configuration
    if report.baseline:
        document["baseline"] = {"file": report.baseline, "known": report.known}
    return json_text(document, 2) + "\n"


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "environment": stage.environment,
        "seconds": round(stage.seconds, 3),
        "skipped": stage.skipped,
        "findings": [_finding(finding) for finding in stage.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    problem, identity = finding.problem, finding.problem.where.identity
    written: dict[str, Any] = {
        "rule": finding.rule,
        "severity": problem.severity.value,
        "message": problem.message,
        "file": problem.where.file,
        "path": problem.where.path,
        "line": problem.where.line,
    }
    if identity:
        written |= {"kind": identity.kind, "namespace": identity.namespace, "name": identity.name}
    return written | ({"fault": True} if finding.fault else {})
