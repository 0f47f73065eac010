"""JUnit XML: a suite for each stage of each environment, a case for each rule that found something.

It has what both the schema that Jenkins publishes and the older, stricter one of Ant's users ask for.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from tools.formats.text import place
from tools.model import Finding, Stage
from tools.report import Report, fails

# XML 1.0, section 2.2: a document cannot hold these at all.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report) -> str:
    """The report as JUnit XML."""
    root = Xml.Element("testsuites")
    for number, stage in enumerate(report.stages):
        root.append(_suite(stage, number, report.started))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(stage: Stage, number: int, started: str) -> Xml.Element:
    name = ".".join(filter(None, (stage.environment, stage.name)))
    cases = _cases(stage, name)
    suite = Xml.Element(
        "testsuite",
        name=_clean(name),
        id=str(number),
        package="sark-network",
        hostname="localhost",
        timestamp=started or "1970-01-01T00:00:00",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{stage.seconds:.3f}",
    )
    Xml.SubElement(suite, "properties")
    suite.extend(cases)
    Xml.SubElement(suite, "system-out").text = _clean(
        "\n".join(_said(note) for note in stage.findings if not fails(note))
    )
    Xml.SubElement(suite, "system-err")
    return suite


def _cases(stage: Stage, suite: str) -> list[Xml.Element]:
    if stage.skipped:
        case = _case(stage.name, suite, stage.seconds)
        kind = "skipped" if stage.excused else "error"
        element = Xml.SubElement(case, kind, {"message": _clean(stage.skipped)})
        if kind == "error":
            element.set("type", "could-not-run")
        return [case]
    by_rule: dict[str, list[Finding]] = {}
    for finding in filter(fails, stage.findings):
        by_rule.setdefault(finding.rule, []).append(finding)
    cases = [_failed(rule, findings, suite) for rule, findings in by_rule.items()]
    return cases or [_case(stage.name, suite, stage.seconds)]


def _failed(rule: str, findings: list[Finding], suite: str) -> Xml.Element:
    case = _case(rule, suite, 0)
    problem = findings[0].problem
    failure = Xml.SubElement(case, "failure", {"message": _clean(problem.message), "type": problem.severity.value})
    failure.text = _clean("\n".join(map(_said, findings)))
    return case


def _said(finding: Finding) -> str:
    start = place(finding.problem.where)
    return f"{start}: {finding.problem.message}" if start else finding.problem.message


def _case(name: str, suite: str, seconds: float) -> Xml.Element:
    return Xml.Element("testcase", name=_clean(name), classname=_clean(suite), time=f"{seconds:.3f}")


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
