"""JUnit XML and SARIF against schemas: what is written has the shape that those who read it ask for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
import xmlschema
import yaml
from jsonschema import Draft202012Validator

from tests.findings.test_report import NAMED, REPORT, SAME, WARNING
from tools.cluster import results
from tools.cluster.verdict import ERROR, FAIL, NOT_RUN, PASS, Result
from tools.findings.model import Finding, Problem, Severity, Stage, Where
from tools.findings.report import Gate, Report, formats

HERE = Path(__file__).parent
JUNIT = xmlschema.XMLSchema10(HERE / "junit.xsd")
SARIF = Draft202012Validator(yaml.load((HERE / "sarif.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader))
Draft202012Validator.check_schema(SARIF.schema)

# What no XML can hold, what a URI cannot, half a character, and a sequence that would end a CDATA section.
HOSTILE = "a\x00b\x0b\x1b[31m\ud800\ufffe ]]> <x> & \"'\r\n\t%"
BAD = Finding("r", Problem(Where(HOSTILE, HOSTILE, 1), HOSTILE))
FAULT = Finding("old", Problem(Where("a.yaml"), "not judged by this rule"), fault=True)
REPORTS = {
    "everything": REPORT,
    "nothing": Report(()),
    "clean": Report((Stage("values", "dev"),)),
    "an object": Report((Stage("policies", "dev", (NAMED,)),)),
    "a fault": Report((Stage("policies", "dev", (SAME, FAULT)),)),
    "in part": Report((Stage("cluster: installed", "", (SAME,), "could not be probed: dns"),)),
    "disabled": Report((Stage("render", "dev"),), gate=Gate(disabled=frozenset({"chart-renders"}))),
    "hostile": Report((Stage("policies", HOSTILE, (BAD, WARNING)), Stage("render", "", skipped=HOSTILE))),
    "hostile notes": Report(
        (Stage("policies", "", (Finding("r", Problem(Where(""), HOSTILE, Severity.NOTE)),)),), {"r": HOSTILE}
    ),
}
STATUSES = tuple(Result(status, "the state", status, HOSTILE, 0.25) for status in (PASS, FAIL, ERROR, NOT_RUN))
TRIALS = {
    "nothing": results.junit(()),
    "every status": results.junit(STATUSES, started="2026-11-24T06:00:00"),
    "stopped": results.junit(STATUSES[:1], HOSTILE),
    "hostile": results.junit([Result(HOSTILE, HOSTILE, FAIL)]),
}
DOCUMENTS = {
    **{f"report: {name}": formats()["junit"](report) for name, report in REPORTS.items()},
    **{f"trial: {name}": text for name, text in TRIALS.items()},
}


def as_written(text: str) -> bytes:
    """As a file holds it, which no half of a character may be left in."""
    return text.encode("utf-8")


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_junit_fits_its_schema(text: str) -> None:
    assert [error.reason for error in JUNIT.iter_errors(as_written(text).decode())] == []


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_junit_counts_the_cases_that_it_holds(text: str) -> None:
    for suite in Xml.fromstring(text):
        tags = [child.tag for case in suite.iter("testcase") for child in case]
        counts = {"failures": tags.count("failure"), "errors": tags.count("error"), "skipped": tags.count("skipped")}
        assert {name: int(suite.attrib[name]) for name in counts} == counts
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_sarif_fits_its_schema(report: Report) -> None:
    document = json.loads(as_written(formats()["sarif"](report)))
    assert [error.message for error in SARIF.iter_errors(document)] == []
    [run] = document["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [ids[result["ruleIndex"]] for result in run["results"]] == [result["ruleId"] for result in run["results"]]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<properties />", ""),
        ("<properties />", "<properties /><note />"),
        ('id="0" ', ""),
        ('tests="', 'tests="-'),
        ('timestamp="2026-11-24T06:00:00"', 'timestamp="2026-11-24 06:00"'),
        ('<testsuite name="dev.values"', '<testsuite name=""'),
        (' type="error"', ""),
        ('<failure message="port 53 is open; name DNS" type="error">', '<failure type="error">'),
        ("<testsuites>", '<testsuites passed="1">'),
        ('time="0.250"', 'time="0.25 s"'),
    ],
)
def test_the_junit_schema_sees(old: str, new: str) -> None:
    text = DOCUMENTS["report: everything"]
    assert old in text
    assert not JUNIT.is_valid(text.replace(old, new, 1))


def _location(run: dict[str, Any]) -> dict[str, Any]:
    location: dict[str, Any] = run["results"][1]["locations"][0]["physicalLocation"]
    return location


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: run.pop("tool"),
        lambda run: run["tool"]["driver"].pop("name"),
        lambda run: run["results"][0].update(level="info"),
        lambda run: run["results"][0].pop("message"),
        lambda run: run["results"][0].update(rule="hint"),
        lambda run: run["invocations"][0].pop("executionSuccessful"),
        lambda run: run["invocations"][0].update(exitCode="2"),
        lambda run: _location(run)["region"].update(startLine=0),
        lambda run: _location(run)["artifactLocation"].update(uri="values, all.yaml"),
        lambda run: _location(run).pop("artifactLocation"),
    ],
)
def test_the_sarif_schema_sees(spoil: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(formats()["sarif"](REPORT))
    spoil(document["runs"][0])
    assert not SARIF.is_valid(document)
