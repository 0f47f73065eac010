"""TAP, version 14: a test point for each rule of each stage of each environment, whether it found something or not.

A point that fails has its findings as diagnostics, in JSON, which YAML reads. What fails a run is not ok; a rule that
was not run is skipped where that is excused, and not ok where it is not.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.escaping import json_text, printable
from tools.findings.formats.junit import rules_of
from tools.findings.formats.text import place
from tools.findings.model import Finding, Stage
from tools.findings.report import Report, sentence


def write(report: Report) -> str:
    """The report as TAP."""
    points = [point for stage in report.stages for point in _points(stage, report)]
    lines = ["TAP version 14", f"1..{len(points)}"]
    for number, (passed, text) in enumerate(points, 1):
        lines.append(f"{'ok' if passed else 'not ok'} {number} - {text}")
    return "\n".join(lines) + "\n"


def _points(stage: Stage, report: Report) -> Iterator[tuple[bool, str]]:
    """Whether each test point passes, and what follows its number."""
    name = " ".join(filter(None, (stage.environment, stage.name)))
    for rule in rules_of(stage):
        findings = [finding for finding in stage.findings if finding.rule == rule]
        failed = any(finding.fault or report.gate.fails(finding) for finding in findings)
        title = _text(f"{name}: {rule}" if rule != stage.name else name)
        if findings:
            yield not failed, f"{title}{_diagnostics(findings)}"
        elif stage.skipped:
            reason = _text(stage.skipped)
            yield stage.excused, f"{title} # SKIP {reason}" if stage.excused else f"{title}{_not_run(stage)}"
        else:
            yield True, f"{title} # SKIP the rule is disabled" if rule in report.disabled else title


def _diagnostics(findings: list[Finding]) -> str:
    entries = [
        {
            "severity": "could-not-run" if finding.fault else finding.problem.severity.value,
            "at": place(finding.problem.where),
            "message": sentence(finding),
        }
        for finding in findings
    ]
    return _block(f"findings: {json_text(entries)}")


def _not_run(stage: Stage) -> str:
    return _block(f"did not run: {json_text(stage.skipped)}")


def _block(line: str) -> str:
    return f"\n  ---\n  {line}\n  ..."


def _text(text: str) -> str:
    """A description, in which no `#` begins a directive."""
    return printable(text).replace("\\", "\\\\").replace("#", "\\#")
