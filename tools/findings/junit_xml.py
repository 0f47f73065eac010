"""JUnit XML: suites of cases, as every reader of it takes them.

A suite has what both the schema that Jenkins publishes and the older, stricter one of Ant's users ask for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from xml.etree import ElementTree as Xml

from tools.findings.escaping import xml

EPOCH = "1970-01-01T00:00:00"


class CaseOutcome(Enum):
    """What became of a case; its value is the element that says so, "" for a pass, which has none."""

    PASSED = ""
    FAILED = "failure"
    COULD_NOT_RUN = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class JUnitCase:
    """One case: `message` is the reason for an outcome that is no pass, `details` the lines below it, and `severity`
    how bad a failure is.
    """

    name: str
    outcome: CaseOutcome = CaseOutcome.PASSED
    message: str = ""
    details: tuple[str, ...] = ()
    seconds: float = 0.0
    severity: str = "error"

    @property
    def types(self) -> dict[str, str]:
        """The attribute that the two outcomes of a failed case must have."""
        types = {CaseOutcome.FAILED: self.severity, CaseOutcome.COULD_NOT_RUN: "could-not-run"}
        return {"type": types[self.outcome]} if self.outcome in types else {}


@dataclass(frozen=True, slots=True)
class JUnitSuite:
    """Cases of one class: `classname` where it is not the suite's own name; `output`: what is said beside them."""

    name: str
    cases: tuple[JUnitCase, ...]
    classname: str = ""
    seconds: float = 0.0
    output: tuple[str, ...] = ()

    def count(self, outcome: CaseOutcome) -> int:
        """How many cases ended so."""
        return sum(case.outcome is outcome for case in self.cases)


def document(suites: Iterable[JUnitSuite], started: str = "") -> str:
    """The suites as one document; `started`: ISO 8601, in UTC, without a zone."""
    root = Xml.Element("testsuites")
    root.extend(_suite(suite, number, started or EPOCH) for number, suite in enumerate(suites))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(suite: JUnitSuite, number: int, started: str) -> Xml.Element:
    element = Xml.Element(
        "testsuite",
        name=xml(suite.name),
        id=str(number),
        package="sark-network",
        hostname="localhost",
        timestamp=started,
        tests=str(len(suite.cases)),
        failures=str(suite.count(CaseOutcome.FAILED)),
        errors=str(suite.count(CaseOutcome.COULD_NOT_RUN)),
        skipped=str(suite.count(CaseOutcome.SKIPPED)),
        time=f"{suite.seconds:.3f}",
    )
    Xml.SubElement(element, "properties")
    element.extend(_case(case, suite.classname or suite.name) for case in suite.cases)
    Xml.SubElement(element, "system-out").text = "\n".join(map(xml, suite.output))
    Xml.SubElement(element, "system-err")
    return element


def _case(case: JUnitCase, classname: str) -> Xml.Element:
    element = Xml.Element("testcase", name=xml(case.name), classname=xml(classname), time=f"{case.seconds:.3f}")
    if case.outcome is not CaseOutcome.PASSED:
        outcome = Xml.SubElement(element, case.outcome.value, {"message": xml(case.message), **case.types})
        outcome.text = "\n".join(map(xml, case.details)) or None
    return element
