"""Custom resources are judged by the definitions that a chart brings, and those that stand among the objects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.validate.chart.conftest import Report, of_stage
from tools.validate.__main__ import main

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.a.example}
spec:
  group: a.example
  names: {kind: Thing, plural: things, singular: thing, listKind: ThingList}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}
"""
THING = "apiVersion: a.example/v1\nkind: Thing\nmetadata: {name: b}\nspec: {size: many}\n"
WRONG = ("error", "'many' is not a whole number")
UNKNOWN = (
    "note",
    "no schema of Thing (a.example/v1) is known here, so it was not checked; name its CRD with --schemas",
)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("crds/nested/thing.yaml", CRD, WRONG),
        ("charts/below/crds/thing.yaml", CRD, WRONG),
        ("templates/crd.yaml", CRD, WRONG),
        # Such a definition says nothing; it is judged where it is an object.
        ("crds/thing.yaml", CRD.replace("schema:", "shema:"), UNKNOWN),
        ("crds/thing.yaml", CRD.replace("a.example", "b.example"), UNKNOWN),
        ("crds/thing.txt", CRD, UNKNOWN),
    ],
)
def test_a_chart_brings_its_definitions(
    file: str, text: str, expected: tuple[str, str], small: Path, report: Report
) -> None:
    (small / "templates" / "thing.yaml").write_text(THING)
    (small / file).parent.mkdir(parents=True, exist_ok=True)
    (small / file).write_text(text)
    if file.startswith("charts/"):
        (small / "charts/below/Chart.yaml").write_text("{apiVersion: v2, name: below, version: 0.1.0}")
        # Helm gives a chart below values, of which this schema knows nothing.
        (small / "values.schema.json").unlink()
    assert {(severity, message) for severity, _, message in of_stage(report(), "manifests")} == {expected}


def test_what_is_given_goes_before_what_the_chart_brings(small: Path, report: Report) -> None:
    (small / "templates" / "thing.yaml").write_text(THING)
    (small / "crds").mkdir()
    (small / "crds/thing.yaml").write_text(CRD)
    Path("newer.yaml").write_text(CRD.replace("type: integer", "type: string"))
    assert of_stage(report("--schemas", "newer.yaml"), "manifests") == []


def test_a_definition_among_manifests_is_read(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("all.yaml").write_text(f"{CRD}---\n{THING}")
    assert main(["all.yaml", "--format", "json"]) == 1
    stages = json.loads(capsys.readouterr().out)["stages"]
    assert [finding["message"] for stage in stages for finding in stage["findings"]] == [WRONG[1]]
