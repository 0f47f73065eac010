"""A small chart of one's own, which the tests of this folder change."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.validate import small_chart
from tools.validate.__main__ import main

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: {{ .Values.host }}, namespace: {{ .Release.Namespace }}}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "host": {"type": "string", "pattern": "^[a-z.]+$"},
        "size": {"type": "integer"},
        "global": {"type": "object", "additionalProperties": False},
    },
}
Report = Callable[..., dict[str, Any]]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The chart, with one environment, below the current directory."""
    monkeypatch.chdir(tmp_path)
    return small_chart.write(tmp_path, SCHEMA, POLICY)


@pytest.fixture
def report(small: Path, capsys: pytest.CaptureFixture[str]) -> Report:
    """Options -> the JSON report of a run over the chart."""

    def run(*words: str) -> dict[str, Any]:
        code = main(["--chart", "small", *words, "--format", "json"])
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert document["exit"] == code
        return document

    return run


def of_stage(report: dict[str, Any], name: str) -> list[tuple[str, int, str]]:
    """The severity, the line and the message of each finding of a stage, which ran."""
    stages = [stage for stage in report["stages"] if stage["name"] == name]
    assert [stage["skipped"] for stage in stages] == [""] * len(stages) != []
    findings = [finding for stage in stages for finding in stage["findings"]]
    return [(finding["severity"], finding["line"], finding["message"]) for finding in findings]
