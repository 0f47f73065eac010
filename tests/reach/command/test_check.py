"""`python -m tools.reach check`: the rows of a specification, and how it ends."""

import json
from pathlib import Path

import pytest

from tests.reach.shell import GUARD, PODS, Runner
from tools.findings.report import FORMATS

SPEC = """pods:
  web: {namespace: sark, labels: {app: web}, ports: [8000]}
  db: {namespace: sark, labels: {app: db}, ports: [8000]}
  stranger: {namespace: sark, labels: {app: stranger}, ports: [8000]}
internet: {}
flows:
  - {flow: web-to-db, source: web, target: db, port: 8000, expect: allow, why: it keeps its state there}
  - {flow: stranger-to-db, source: stranger, target: db, port: 8000, expect: deny, why: nobody invited it}
"""


def findings(run: Runner, *arguments: str) -> tuple[int, list[tuple[str, str, int]]]:
    """The exit code, and each failing finding's environment, rule and line."""
    ran = run("check", *arguments, "--format", "json")
    report = json.loads(ran.out)
    assert report["exit"] == ran.code
    failing = [
        (stage["environment"], finding["rule"], finding["line"])
        for stage in report["stages"]
        for finding in stage["findings"]
        if finding["severity"] != "note"
    ]
    return ran.code, failing


def test_the_projects_own_rows_hold_everywhere(run: Runner) -> None:
    ran = run("check", "--format", "json")
    report = json.loads(ran.out)
    assert [stage["environment"] for stage in report["stages"]] == [
        "app-sark",
        "dev",
        "full",
        "guarded",
        "production",
        "staging",
        "steered",
    ]
    assert (ran.code, ran.err) == (0, "")


def test_one_environment(run: Runner) -> None:
    assert findings(run, "--env", "production") == (0, [])
    assert run("check", "--env", "nowhere").code == 64


def test_rows_of_ones_own_over_manifests(run: Runner) -> None:
    """The specification's own pods take part; those of the manifests may have the same labels."""
    run.file("flows.yaml", SPEC)
    run.file("guard.yaml", GUARD)
    assert findings(run, "flows.yaml", "--manifests", "guard.yaml") == (0, [])
    run.file("open.yaml", GUARD.replace("{matchLabels: {app: web}}", "{}"))
    assert findings(run, "flows.yaml", "--manifests", "open.yaml") == (1, [("", "flows-hold", 8)])
    run.file("closed.yaml", GUARD.replace("app: web", "app: nobody"))
    text = run("check", "flows.yaml", "--manifests", "closed.yaml")
    assert text.code == 1
    assert "flows.yaml:7: error: " in text.out
    assert "NetworkPolicy sark/guard" in text.out


def test_broken_manifests_are_findings(run: Runner) -> None:
    run.file("flows.yaml", SPEC)
    run.file("all.yaml", PODS + GUARD + "a: [\n")
    assert findings(run, "flows.yaml", "--manifests", "all.yaml") == (1, [("", "flows-hold", 26)])


def test_a_specification_that_is_none(run: Runner) -> None:
    run.file("flows.yaml", SPEC.replace("expect: deny", "expect: perhaps"))
    run.file("guard.yaml", GUARD)
    assert findings(run, "flows.yaml", "--manifests", "guard.yaml") == (1, [("", "specification-is-well-formed", 8)])
    ran = run("check", "gone.yaml")
    assert (ran.code, ran.err) == (2, "reach: cannot read gone.yaml: No such file or directory\n")


def test_values_that_do_not_render(run: Runner) -> None:
    """Nothing was judged: that is no finding, and no pass."""
    run.file("wrong.yaml", "egress: {engine: magic}\n")
    run.file("flows.yaml", SPEC)
    ran = run("check", "flows.yaml", "--values", "wrong.yaml")
    assert ran.code == 2
    assert "not run: flows" in ran.out


def test_our_rows_are_not_for_other_input(run: Runner) -> None:
    """Somebody's list has other names than that of our environments, and no row of ours says so."""
    run.file("mine.yaml", "egress: {domains: [api.openai.com]}\n")
    run.file("guard.yaml", GUARD)
    run.file("theirs/Chart.yaml", "{apiVersion: v2, name: theirs, version: 0.1.0}")
    run.file("theirs/ci/production-values.yaml", "a: 1\n")
    theirs = ("--chart", "theirs")
    for arguments in (
        ("--values", "mine.yaml"),
        ("--manifests", "guard.yaml"),
        theirs,
        (*theirs, "--env", "production"),
    ):
        ran = run("check", *arguments)
        assert ran.code == 64
        assert "is for the environments of this project's chart; name the specification for this input" in ran.err


@pytest.mark.parametrize("format", FORMATS)
def test_every_format(run: Runner, format: str) -> None:
    run.file("flows.yaml", SPEC)
    run.file("guard.yaml", GUARD.replace("app: web", "app: nobody"))
    ran = run("check", "flows.yaml", "--manifests", "guard.yaml", "--format", format, "--output", "out")
    assert (ran.code, ran.out) == (1, "")
    assert "flows-hold" in Path("out").read_text()
