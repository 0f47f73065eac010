"""The trial's results as a table, as JUnit and as stages."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from tools.cluster.results import junit, stages, summary, table
from tools.cluster.verdict import ERROR, FAIL, NOT_RUN, PASS, Result
from tools.findings.model import Where
from tools.findings.report import Report, exit_code, formats
from tools.reach.flows.read import Flow, FlowTarget

FLOW = Flow(
    "apex", "gateway", FlowTarget("internet", "openai.com"), 443, "deny", "not listed", via="proxy", sni="", line=7
)
ALLOW = Flow("dns", "gateway", FlowTarget("dns"), 53, "allow", "names", protocol="UDP", line=8)
GOOD = Result("dns", "installed", PASS, "answer: x", 0.25, 8, ALLOW)
BAD = Result("apex", "installed", FAIL, "should be denied, but the target answered: y", 2.0, 7, FLOW)
UNKNOWN = Result("apex", "upgraded", ERROR, "could not be probed, so nothing is known: no pod", 0.1, 7, FLOW)
ABSENT = Result("sark-as-shipped", "SARK as shipped", NOT_RUN, "it did not run: nobody said where it is")
LEFT = Result("nothing-left-behind", "uninstalled", FAIL, "Pod sark/x")


def test_the_table_has_one_line_a_result_by_state_and_the_counts() -> None:
    assert table([GOOD, BAD, UNKNOWN]).splitlines() == [
        "installed",
        "  ok    dns   gateway → dns:53/UDP  allow  answer: x",
        "  FAIL  apex  gateway → openai.com:443/TCP by proxy:3128, SNI none  deny  "
        "should be denied, but the target answered: y",
        "",
        "upgraded",
        "  ERROR apex  gateway → openai.com:443/TCP by proxy:3128, SNI none  deny  "
        "could not be probed, so nothing is known: no pod",
        "",
        "1 passed, 1 failed, 1 could not be probed",
    ]


def test_the_table_can_leave_out_what_is_good() -> None:
    assert "dns" not in table([GOOD, BAD], everything=False)
    assert table([]) == summary([]) == "0 passed, 0 failed, 0 could not be probed"


def test_junit_keeps_failures_and_errors_apart_and_times_each_row() -> None:
    root = ElementTree.fromstring(junit([GOOD, BAD, UNKNOWN], "the cluster went away"))
    assert [(it.get("name"), it.get("tests"), it.get("failures"), it.get("errors")) for it in root] == [
        ("installed", "2", "1", "0"),
        ("upgraded", "1", "0", "1"),
        ("trial", "1", "0", "1"),
    ]
    cases = [(case.get("classname"), case.get("name"), [child.tag for child in case]) for case in root.iter("testcase")]
    assert cases == [
        ("cluster.installed", "dns", []),
        ("cluster.installed", "apex", ["failure"]),
        ("cluster.upgraded", "apex", ["error"]),
        ("cluster.trial", "the-trial-ends", ["error"]),
    ]
    assert [case.get("time") for case in root.iter("testcase")] == ["0.250", "2.000", "0.100", "0.000"]
    assert [suite.get("time") for suite in root] == ["2.250", "0.100", "0.000"]


def test_junit_survives_what_no_xml_can_hold() -> None:
    root = ElementTree.fromstring(junit([Result("a", "s", FAIL, "bell \x07 & <tag>")]))
    assert root.findtext(".//failure") == "bell \\x07 & <tag>"


def test_each_state_is_a_stage_and_each_failure_a_finding_at_its_row() -> None:
    stages_shown = stages([GOOD, BAD, LEFT], "tests/flows.yaml", {"rows: installed": 4.0, "twins: installed": 1.0})
    assert [(stage.name, len(stage.findings), stage.skipped, stage.seconds) for stage in stages_shown] == [
        ("cluster: installed", 1, "", 5.0),
        ("cluster: uninstalled", 1, "", 0),
    ]
    finding = stages_shown[0].findings[0]
    assert finding.rule == "flow-is-denied"
    assert finding.problem.where == Where("tests/flows.yaml", "flows: apex", 7)
    assert finding.problem.message == "should be denied, but the target answered: y (not listed)"
    assert stages_shown[1].findings[0].rule == "nothing-left-behind"
    assert exit_code(stages_shown) == 1


def test_what_could_not_be_probed_is_a_stage_that_did_not_run() -> None:
    stages_shown = stages([UNKNOWN], "f", {})
    assert stages_shown[0].skipped == "could not be probed: apex"
    assert stages_shown[0].findings[0].rule == "flow-could-not-be-probed"
    assert exit_code(stages_shown) == 2


def test_a_trial_that_stopped_could_not_run_however_good_it_was_so_far() -> None:
    stages_shown = stages([GOOD], "f", {}, "the cluster went away")
    assert (stages_shown[-1].name, stages_shown[-1].skipped) == ("cluster", "the cluster went away")
    assert exit_code(stages_shown) == 2
    assert exit_code(stages([GOOD], "f", {})) == 0


def test_what_did_not_run_is_no_pass_and_no_failure_and_is_shown_everywhere() -> None:
    assert table([GOOD, ABSENT]).splitlines()[-4:] == [
        "SARK as shipped",
        "  skip  sark-as-shipped  it did not run: nobody said where it is",
        "",
        "1 passed, 0 failed, 0 could not be probed, 1 not run",
    ]
    assert "sark-as-shipped" in table([GOOD, ABSENT], everything=False)
    suite = ElementTree.fromstring(junit([ABSENT]))[0]
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["1", "0", "0", "1"]
    [case] = suite.iter("testcase")
    assert [(child.tag, child.get("message")) for child in case] == [("skipped", ABSENT.message)]
    stages_shown = stages([GOOD, ABSENT], "f", {})
    assert [(stage.findings, stage.skipped, stage.excused) for stage in stages_shown] == [
        ((), "", False),
        ((), ABSENT.message, True),
    ]
    assert exit_code(stages_shown) == 0
    assert exit_code(stages([GOOD, BAD, ABSENT], "f", {})) == 1


def test_the_toolkits_formats_take_the_stages() -> None:
    written = json.loads(formats()["json"](Report(stages([BAD], "tests/flows.yaml", {}))))
    assert written["exit"] == 1
    assert written["stages"][0]["findings"][0]["line"] == 7
