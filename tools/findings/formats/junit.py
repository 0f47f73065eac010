"""JUnit XML: a suite for each stage of each environment, a case for each rule of it, whether it found something or not.

A case fails by an error; warnings and notes are in the suite's output. A rule that was not run is a case that says so.
It has what both the schema that Jenkins publishes and the older, stricter one of Ant's users ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from tools.findings.escaping import xml
from tools.findings.formats.text import place
from tools.findings.model import Finding, Severity, Stage
from tools.findings.report import Report, sentence
from tools.findings.stages import MODULES, manual


def write(report: Report) -> str:
    """The report as JUnit XML."""
    root = Xml.Element("testsuites")
    for number, stage in enumerate(report.stages):
        root.append(_suite(stage, number, report))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(stage: Stage, number: int, report: Report) -> Xml.Element:
    name = ".".join(filter(None, (stage.environment, stage.name)))
    cases = [_case(rule, name, stage, report) for rule in rules_of(stage)]
    if stage.skipped and not stage.excused and not any(case.find("error") is not None for case in cases):
        cases.append(_case(stage.name, name, stage, report))
    beside = [finding for finding in stage.findings if not _fails(finding)]
    suite = Xml.Element(
        "testsuite",
        name=xml(name),
        id=str(number),
        package="sark-network",
        hostname="localhost",
        timestamp=report.started or "1970-01-01T00:00:00",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{stage.seconds:.3f}",
    )
    Xml.SubElement(suite, "properties")
    suite.extend(cases)
    Xml.SubElement(suite, "system-out").text = "\n".join(map(_line, beside))
    Xml.SubElement(suite, "system-err")
    return suite


def rules_of(stage: Stage) -> tuple[str, ...]:
    """Every rule of the stage, and those that found something beside them; the stage itself when there is none."""
    known = manual((stage.name,)) if stage.name in MODULES else {}
    return tuple(dict.fromkeys((*known, *(finding.rule for finding in stage.findings)))) or (stage.name,)


def _case(rule: str, suite: str, stage: Stage, report: Report) -> Xml.Element:
    case = Xml.Element("testcase", name=xml(rule), classname=xml(suite), time=f"{0:.3f}")
    findings = [finding for finding in stage.findings if finding.rule == rule]
    faults = [finding for finding in findings if finding.fault]
    if failures := [finding for finding in findings if _fails(finding)]:
        failure = Xml.SubElement(case, "error" if faults else "failure", _about(faults or failures))
        failure.text = "\n".join(map(_line, failures))
    elif stage.skipped and not findings:
        kind = "skipped" if stage.excused else "error"
        reason = {"message": xml(stage.skipped)} | ({} if stage.excused else {"type": "could-not-run"})
        Xml.SubElement(case, kind, reason)
    elif rule in report.disabled:
        Xml.SubElement(case, "skipped", {"message": "the rule is disabled"})
    return case


def _about(findings: Sequence[Finding]) -> dict[str, str]:
    first = findings[0]
    kind = "could-not-run" if first.fault else first.problem.severity.value
    return {"message": xml(sentence(first)), "type": kind}


def _fails(finding: Finding) -> bool:
    return finding.problem.severity is Severity.ERROR


def _line(finding: Finding) -> str:
    start = place(finding.problem.where)
    return xml(f"{start}: {sentence(finding)}" if start else sentence(finding))
