"""`--helm` named several times: what one renders otherwise than the first is a finding."""

from pathlib import Path

import pytest

from tests.programs import program
from tests.validate.chart.conftest import Report, of_stage
from tools.render.helm import located
from tools.render.helm_errors import RenderError
from tools.validate.chart.helms import Compared, Rendered, helms_agree

SMALL = """\
---
# Source: small/templates/a.yaml
kind: ConfigMap
metadata: {name: a, namespace: s}
data: {x: "1", z: [1, 2]}
"""
OTHER = "---\n# Source: small/templates/b.yaml\nkind: ConfigMap\nmetadata: {name: b}\n"


def problems(*renders: Rendered) -> list[tuple[str, str, str]]:
    """The file, the path and the message of what the rule says."""
    return [
        (problem.where.file, problem.where.path, problem.message)
        for problem in helms_agree(Compared("small/ci/dev-values.yaml", "small", renders))
    ]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (SMALL, []),
        (SMALL.replace('{x: "1", z: [1, 2]}', "\n  z:\n  - 1\n  - 2\n  x: '1'"), []),
        (SMALL.replace('"1"', "1"), [("small/templates/a.yaml", "data.x", 'Helm 3 renders "1" here, and Helm 4 1')]),
        (
            SMALL.replace("[1, 2]", "[1]"),
            [("small/templates/a.yaml", "data.z[1]", "Helm 3 renders 2 here, and Helm 4 nothing")],
        ),
        (
            SMALL.replace("\ndata", "\nmore: true\ndata"),
            [("small/templates/a.yaml", "more", "Helm 3 renders nothing here, and Helm 4 true")],
        ),
        (SMALL + OTHER, [("small/templates/b.yaml", "", "Helm 4 renders this object, and Helm 3 does not")]),
        ("", [("small/templates/a.yaml", "", "Helm 3 renders this object, and Helm 4 does not")]),
        (
            SMALL + SMALL,
            [("small/templates/a.yaml", "", "Helm 4 renders this object, and Helm 3 does not")],
        ),
    ],
)
def test_objects_are_compared_as_data(second: str, expected: list[tuple[str, str, str]]) -> None:
    assert problems(Rendered("Helm 3", SMALL), Rendered("Helm 4", second)) == expected


def test_the_order_of_objects_is_no_difference() -> None:
    assert problems(Rendered("Helm 3", SMALL + OTHER), Rendered("Helm 4", OTHER + SMALL)) == []


def test_one_that_refuses_what_the_other_renders_is_named_and_two_refusals_agree() -> None:
    refusal = RenderError("schema", "size: got string, want integer")
    message = "Helm 4 refuses the values, and Helm 3 renders the chart with them: size: got string, want integer"
    good, bad = Rendered("Helm 3", SMALL), Rendered("Helm 4", error=refusal)
    assert problems(good, bad) == problems(bad, good) == [("small/ci/dev-values.yaml", "", message)]
    assert problems(bad, Rendered("Helm 3", error=refusal)) == []


def helm(name: str, version: str, change: str) -> str:
    """A program that is the helm in use, but for its version and for a change to what it prints."""
    body = f'if [ "$1" = version ]; then echo {version}; else {located()} "$@" | sed "{change}"; fi'
    return str(program(Path(name), body).resolve())


def test_each_environment_is_compared(small: Path, report: Report) -> None:
    three, four = helm("three", "v3.22.0", ""), helm("four", "v4.3.2", "s/Ingress/Egress/")
    document = report("--helm", three, "--helm", four)
    message = 'Helm 3.22.0 renders "Ingress" here, and Helm 4.3.2 "Egress"'
    assert of_stage(document, "helms") == [("error", 0, message)]
    [stage] = [stage for stage in document["stages"] if stage["name"] == "helms"]
    assert stage["environment"] == "dev"
    [finding] = stage["findings"]
    assert (finding["file"], finding["path"]) == ("small/templates/policy.yaml", "spec.policyTypes[0]")
    assert of_stage(report("--helm", three, three), "helms") == []


def test_a_helm_alone_is_the_one_that_renders(small: Path, report: Report) -> None:
    document = report("--helm", helm("four", "v4.3.2", "s/policyTypes/polcyTypes/"))
    assert "helms" not in {stage["name"] for stage in document["stages"]}
    assert [message for severity, _, message in of_stage(document, "manifests") if severity == "error"] != []


@pytest.mark.parametrize("names", [["nowhere"], ["three", "nowhere"]])
def test_a_helm_that_is_none_could_not_run(names: list[str], small: Path, report: Report) -> None:
    helm("three", "v3.22.0", "")
    document = report("--helm", *[str(Path(name).resolve()) for name in names])
    reasons = {stage["skipped"].partition(" (")[0] for stage in document["stages"] if stage["skipped"]}
    assert (document["exit"], reasons) == (2, {f"--helm names {Path('nowhere').resolve()}, which does not run"})
