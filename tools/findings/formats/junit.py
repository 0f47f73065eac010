"""JUnit XML: a suite for each stage of each environment, a case for each rule of it, whether it found something or not.

A case fails by what fails the run (`--fail-on`); other findings are in the suite's output. A rule that was not run is a
case that says so.
"""

from __future__ import annotations

from tools.findings.formats.text import place
from tools.findings.junit_xml import CaseOutcome, JUnitCase, JUnitSuite, document
from tools.findings.model import Finding, Stage
from tools.findings.report import WORST_FIRST, Report, sentence
from tools.findings.stages import MODULES, manual


def write(report: Report) -> str:
    """The report as JUnit XML."""
    return document((_suite(stage, report) for stage in report.stages), report.started)


def _suite(stage: Stage, report: Report) -> JUnitSuite:
    cases = [_case(rule, stage, report) for rule in rules_of(stage)]
    ran_in_part = stage.skipped and not stage.excused
    if ran_in_part and not any(case.outcome is CaseOutcome.COULD_NOT_RUN for case in cases):
        cases.append(_case(stage.name, stage, report))
    beside = (finding for finding in stage.findings if not _fails(finding, report))
    name = ".".join(filter(None, (stage.environment, stage.name)))
    return JUnitSuite(name, tuple(cases), seconds=stage.seconds, output=tuple(map(_line, beside)))


def rules_of(stage: Stage) -> tuple[str, ...]:
    """Every rule of the stage, and those that found something beside them; the stage itself when there is none."""
    known = manual((stage.name,)) if stage.name in MODULES else {}
    return tuple(dict.fromkeys((*known, *(finding.rule for finding in stage.findings)))) or (stage.name,)


def _case(rule: str, stage: Stage, report: Report) -> JUnitCase:
    findings = [finding for finding in stage.findings if finding.rule == rule]
    faults = [finding for finding in findings if finding.fault]
    if failures := [finding for finding in findings if _fails(finding, report)]:
        outcome = CaseOutcome.COULD_NOT_RUN if faults else CaseOutcome.FAILED
        first = (faults or sorted(failures, key=lambda it: WORST_FIRST.index(it.problem.severity)))[0]
        severity = first.problem.severity.value
        return JUnitCase(rule, outcome, sentence(first), tuple(map(_line, failures)), severity=severity)
    if stage.skipped and not findings:
        return JUnitCase(rule, CaseOutcome.SKIPPED if stage.excused else CaseOutcome.COULD_NOT_RUN, stage.skipped)
    if rule in report.disabled:
        return JUnitCase(rule, CaseOutcome.SKIPPED, "the rule is disabled")
    return JUnitCase(rule)


def _fails(finding: Finding, report: Report) -> bool:
    return finding.fault or report.gate.fails(finding)


def _line(finding: Finding) -> str:
    start = place(finding.problem.where)
    return f"{start}: {sentence(finding)}" if start else sentence(finding)
