"""What is open on purpose in somebody else's chart is a note; what the API server refuses stays an error."""

import json
import shutil
from pathlib import Path

import pytest

from tools.render.own import CHART
from tools.validate.__main__ import main
from tools.validate.opinions import OPINIONS

OPEN = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: sark}
spec: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: dns, namespace: sark}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{namespaceSelector: {}}], ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}]
"""


def severities(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, set[str]]:
    """The severities of each rule's findings."""
    main([*words, "--format", "json"])
    made: dict[str, set[str]] = {}
    for stage in json.loads(capsys.readouterr().out)["stages"]:
        for finding in stage["findings"]:
            made.setdefault(finding["rule"], set()).add(finding["severity"])
    return made


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("open.yaml").write_text(OPEN)


def chart(values: str) -> None:
    for name, text in {
        "Chart.yaml": "{apiVersion: v2, name: theirs, version: 0.1.0}",
        "values.yaml": values,
        "templates/open.yaml": OPEN.replace("policyTypes: [", "policyTypes: [Egres, "),
    }.items():
        path = Path("theirs", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_another_charts_opinions_are_notes_and_its_faults_are_errors(capsys: pytest.CaptureFixture[str]) -> None:
    chart("{}\n")
    made = severities(capsys, "--chart", "theirs")
    assert {rule: made[rule] for rule in OPINIONS} == {rule: {"note"} for rule in OPINIONS}
    assert made["policy-types-are-valid"] == {"error"}


def test_a_chart_that_lists_names_is_held_to_them(capsys: pytest.CaptureFixture[str]) -> None:
    chart("egress: {enabled: false, domains: []}\n")
    made = severities(capsys, "--chart", "theirs")
    assert not any("note" in made[rule] for rule in OPINIONS)


def test_manifests_and_the_projects_own_chart_are_held_to_them(capsys: pytest.CaptureFixture[str]) -> None:
    made = severities(capsys, "--manifests", "open.yaml")
    assert not any("note" in made[rule] for rule in OPINIONS)
    shutil.copytree(CHART, "copy")
    Path("copy/templates/open.yaml").write_text(OPEN)
    made = severities(capsys, "--chart", "copy", "--env", "dev", "--no-cache")
    assert not any("note" in made[rule] for rule in OPINIONS)
