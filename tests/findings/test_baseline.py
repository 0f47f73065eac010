"""A baseline: what it accepts is counted, what is new fails, what is gone is named."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tools.findings.baseline import Baseline, read, without, written
from tools.findings.errors import InputError
from tools.findings.model import Finding, Problem, Severity, Stage, Where
from tools.findings.report import Report, formats
from tools.validate.__main__ import main

OLD = Finding("r", Problem(Where("a.yaml", "spec", 3), "denied by b.yaml:7"))
MOVED = Finding("r", Problem(Where("a.yaml", "spec", 9), "denied by b.yaml:12"))
NEW = Finding("r", Problem(Where("a.yaml", "spec", 3), "something else"))
NOTE = Finding("hint", Problem(Where("a.yaml"), "look here", Severity.NOTE))
FAULT = Finding("r", Problem(Where("a.yaml"), "not judged by this rule"), fault=True)


def report(*findings: Finding) -> Report:
    return Report((Stage("policies", "dev", findings), Stage("policies", "production", findings)))


def accepted(*findings: Finding) -> Baseline:
    return read(written(report(*findings)), "old.jsonl")


GONE = "the finding is gone (r at a.yaml: spec: denied by b.yaml); --write-baseline takes it out"


@pytest.mark.parametrize(
    ("before", "now", "left", "known", "gone", "code"),
    [
        ((OLD, NOTE), (OLD, NOTE), (), 2, [], 0),
        # Lines move: its own, and those in its message.
        ((OLD,), (MOVED,), (), 1, [], 0),
        ((OLD,), (OLD, NEW), (NEW,), 1, [], 1),
        ((OLD,), (OLD, MOVED), (MOVED,), 1, [], 1),
        ((OLD, MOVED), (OLD, MOVED), (), 2, [], 0),
        ((OLD, MOVED), (OLD,), (), 1, [GONE], 0),
        ((OLD,), (), (), 0, [GONE], 0),
        ((OLD,), (NOTE,), (NOTE,), 0, [GONE], 0),
        ((FAULT,), (FAULT,), (FAULT,), 0, [], 2),
        ((), (OLD,), (OLD,), 0, [], 1),
    ],
)
def test_what_is_accepted_is_counted_and_what_is_new_fails(
    before: tuple[Finding, ...],
    now: tuple[Finding, ...],
    left: tuple[Finding, ...],
    known: int,
    gone: list[str],
    code: int,
) -> None:
    judged = without(report(*now), accepted(*before))
    *stages, last = judged.stages
    assert [stage.findings for stage in stages] == [left, left]
    assert (judged.known, judged.exit) == (known, code)
    assert [finding.problem.message for finding in last.findings] == gone
    assert {finding.problem.severity for finding in last.findings} <= {Severity.NOTE}


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("denied by b.yaml:7", "denied by b.yaml:12"),
        ("refused (a/templates/b.yaml:3:12)", "refused (a/templates/b.yaml:4:2)"),
        ("key 'kind' is already set on line 5; keep one", "key 'kind' is already set on line 6; keep one"),
        ("not YAML: no (line 2, column 1)", "not YAML: no (line 12, column 31)"),
        ("a.example expires in 12 days, on 2026-12-01", "a.example expires in 1 day, on 2026-12-01"),
        ("a.example expires in 12 days, on 2026-12-01", "a.example expires within a day, on 2026-12-01"),
    ],
)
def test_what_moves_while_the_fault_stays_makes_no_new_finding(before: str, now: str) -> None:
    old, new = (Finding("r", Problem(Where("a.yaml", "spec", 3), message)) for message in (before, now))
    judged = without(report(new), accepted(old))
    assert (judged.known, judged.exit, [it for stage in judged.stages for it in stage.findings]) == (1, 0, [])
    prints = [
        json.loads(formats()["sarif"](report(it)))["runs"][0]["results"][0]["partialFingerprints"] for it in (old, new)
    ]
    assert prints[0] == prints[1]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("TCP 80 is open", "TCP 81 is open"),
        ("a.example expires in 2 days, on 2026-12-01", "a.example expires in 2 days, on 2026-12-02"),
        ("unknown key `line`", "unknown key `column`"),
    ],
)
def test_another_fault_is_a_new_finding(before: str, now: str) -> None:
    old, new = (Finding("r", Problem(Where("a.yaml", "spec", 3), message)) for message in (before, now))
    assert without(report(new), accepted(old)).exit == 1


def test_a_baseline_is_a_line_a_finding_in_one_order() -> None:
    text = written(report(NEW, OLD))
    assert text == written(report(OLD, NEW))
    assert [json.loads(line) for line in text.splitlines()] == [
        {"rule": "r", "file": "a.yaml", "path": "spec", "message": "denied by b.yaml"},
        {"rule": "r", "file": "a.yaml", "path": "spec", "message": "something else"},
    ]


def test_a_gone_finding_has_its_line_in_the_baseline() -> None:
    [*_, stage] = without(report(OLD), accepted(OLD, NEW)).stages
    assert [finding.problem.where for finding in stage.findings] == [Where("old.jsonl", "", 2)]


def test_reports_say_what_was_left_out() -> None:
    judged = without(report(OLD), accepted(OLD))
    assert formats()["text"](judged) == "no findings beside 1 of old.jsonl; 2 environments, 3 of 3 stages ran\n"
    assert json.loads(formats()["json"](judged))["baseline"] == {"file": "old.jsonl", "known": 1}
    assert formats()["text"](replace(judged, known=0, baseline="")).startswith("no findings; ")


@pytest.mark.parametrize(
    "line", ["{", "[]", "null", '{"rule": "r"}', '{"rule": 1, "file": "", "path": "", "message": ""}']
)
def test_a_line_that_is_no_finding_is_named(line: str) -> None:
    with pytest.raises(InputError) as raised:
        read(f"{written(report(OLD))}\n{line}\n", "old.jsonl")
    assert str(raised.value) == "old.jsonl:3: no finding of a baseline; --write-baseline writes the file anew"


POD = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {containers: [{name: c, imag: i}]}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pod.yaml").write_text(POD)


def test_a_project_with_old_findings_fails_for_new_ones(capsys: pytest.CaptureFixture[str]) -> None:
    judge = ["--manifests", "pod.yaml", "--baseline", "old.jsonl"]
    assert main(["--manifests", "pod.yaml"]) == 1
    assert main([*judge, "--write-baseline"]) == 0
    Path("pod.yaml").write_text("# A line above.\n" + POD)
    assert main(judge) == 0
    Path("pod.yaml").write_text(POD + "---\n" + POD.replace("name: a", "name: b"))
    capsys.readouterr()
    assert main(judge) == 1
    assert "Pod b" in capsys.readouterr().out
    Path("pod.yaml").write_text(POD.replace("imag:", "image:"))
    assert main(judge) == 0
    assert "the finding is gone (objects-fit-their-schema at pod.yaml" in capsys.readouterr().out


def test_the_configuration_file_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".sark-network.yaml").write_text("manifests: pod.yaml\nbaseline: old.jsonl\n")
    assert main([]) == 2
    assert capsys.readouterr().err == "validate: cannot read old.jsonl: No such file or directory\n"
    assert main(["--write-baseline"]) == 0
    assert main([]) == 0


def test_a_baseline_of_half_a_run_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--manifests", "nowhere.yaml", "--baseline", "old.jsonl", "--write-baseline"]
    assert main(words) == 2
    assert capsys.readouterr().err == (
        "validate: old.jsonl is not written, because not everything was judged: "
        "cannot read nowhere.yaml: No such file or directory\n"
    )
    assert not Path("old.jsonl").exists()


def test_to_write_one_it_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--manifests", "pod.yaml", "--write-baseline"])
    assert raised.value.code == 64
    assert "--write-baseline needs --baseline FILE" in capsys.readouterr().err
