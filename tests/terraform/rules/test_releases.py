"""`helm_release`: its values against the schema of its chart, with what is not known named and left out."""

import json
from pathlib import Path

import pytest

from tools.findings.model import run
from tools.terraform.__main__ import main
from tools.terraform.modules.read import evaluate_text
from tools.terraform.rules.releases import CHECKS, TYPE, ChartValues, TerraformRelease

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["host"],
    "properties": {
        "host": {"type": "string"},
        "size": {"type": "integer", "minimum": 1},
        "open": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
CHART = ChartValues({"host": "a.example", "size": 1}, SCHEMA)
NOT_JUDGED = "cannot tell: var.x has no value; this part of the values is not judged"
NO_VALUES = "cannot tell: var.x has no value; these values are not judged"
NO_SETTING = "cannot tell: var.x has no value; this setting is not judged"
TOO_SMALL = "size: 0 is too small: write 1 or more"


def problems(body: str, chart: ChartValues = CHART) -> list[tuple[int, str, str]]:
    """The line, the severity and the message of what the rule says of a release with this body."""
    text = f'variable "x" {{}}\nresource "helm_release" "a" {{\n{body}\n}}\n'
    [resource] = evaluate_text({"main.tf": text}, ".").everything(TYPE)
    problems = [finding.problem for finding in run(CHECKS, TerraformRelease(resource, chart))]
    return [(problem.where.line, problem.severity.value, problem.message) for problem in problems]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", []),
        ('values = [yamlencode({ host = "b.example", size = 2, open = true, names = ["a"] })]', []),
        ("values = [yamlencode({ sise = 2 })]", [(3, "error", "sise: unknown key `sise`; did you mean `size`?")]),
        ('values = [yamlencode({ size = "2" })]', [(3, "error", 'size: "2" is text: write a whole number')]),
        ("values = [jsonencode({ size = 0 })]", [(3, "error", TOO_SMALL)]),
        ('values = ["size: 0", "size: 3"]', []),
        ('values = [\n"size: 3",\n"size: 0"]', [(5, "error", TOO_SMALL)]),
        ("values = [<<-EOT\n  open: maybe\n  EOT\n]", [(3, "error", 'open: "maybe" is text: write true or false')]),
        ('values = ["- a"]', [(3, "error", 'the values are ["a"], and no mapping; write yamlencode({…})')]),
        (
            'values = ["a: ["]',
            [(3, "error", "the values are not YAML: did not find expected node content (line 2, column 1)")],
        ),
        # What is not known is named, and the rest is judged all the same.
        ("values = [yamlencode({ host = var.x, size = 0 })]", [(3, "note", NOT_JUDGED), (3, "error", TOO_SMALL)]),
        ('values = [yamlencode({ names = ["a", var.x] })]', [(3, "note", NOT_JUDGED)]),
        ("values = [var.x]", [(3, "note", NO_VALUES)]),
        (
            'values = [file("absent.yaml")]',
            [(3, "note", "cannot tell: absent.yaml: it does not exist; these values are not judged")],
        ),
        # The blocks of the provider's second version, the attribute of its third.
        ('set {\nname = "size"\nvalue = 0\n}', [(5, "error", TOO_SMALL)]),
        ('set {\nname = "size"\nvalue = "2"\n}', []),
        (
            'set {\nname = "size"\nvalue = "2"\ntype = "string"\n}',
            [(5, "error", 'size: "2" is text: write a whole number')],
        ),
        ('set {\nname = "host"\nvalue = "2"\n}', [(5, "error", "host: 2 is a whole number: write text")]),
        ('set {\nname = "host"\nvalue = true\ntype = "string"\n}', []),
        (
            'set = [{ name = "open", value = "true" }, { name = "size", value = "x" }]',
            [(3, "error", 'size: "x" is text: write a whole number')],
        ),
        ('set {\nname = "names"\nvalue = "{a, b}"\n}', []),
        ('set {\nname = "names"\nvalue = "{a, 1}"\n}', [(5, "error", "names[1]: 1 is a whole number: write text")]),
        ('set {\nname = "names[0]"\nvalue = "a"\n}', []),
        ('set_list {\nname = "names"\nvalue = ["a", "b"]\n}', []),
        ('set_wo = [{ name = "size", value = 0 }]', [(3, "error", TOO_SMALL)]),
        ('set_sensitive {\nname = "labels.app\\\\.kubernetes\\\\.io/name"\nvalue = "x"\n}', []),
        ('set {\nname = "labels.a"\nvalue = "null"\n}', [(5, "error", "labels.a: null is nothing: write text")]),
        ('set {\nname = "size"\nvalue = var.x\n}', [(3, "note", NO_SETTING)]),
        # A null takes away what the chart has; but what is not known might put it back.
        ("values = [yamlencode({ host = null })]", [(2, "error", "values: `host` is missing; write it")]),
        ("values = [yamlencode({ host = null }), var.x]", [(3, "note", NO_VALUES)]),
    ],
)
def test_the_values_of_a_release_are_judged(body: str, expected: list[tuple[int, str, str]]) -> None:
    assert problems(body) == expected


def test_a_chart_that_is_not_here_is_named() -> None:
    message = "cannot tell: the chart x, which is no directory here; its values are not judged"
    assert problems('chart = "x"', ChartValues(missing="the chart x, which is no directory here")) == [
        (3, "note", message)
    ]


def findings(capsys: pytest.CaptureFixture[str], *words: str) -> list[tuple[str, int, str]]:
    main(["lint", *words, "--format", "json", "--no-cache"])
    stages = json.loads(capsys.readouterr().out)["stages"]
    every = [finding for stage in stages for finding in stage["findings"]]
    rule = "release-values-fit-the-chart"
    return [(item["severity"], item["line"], item["message"]) for item in every if item["rule"] == rule]


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        ("./charts/small", [("error", 3, "sise: unknown key `sise`; did you mean `size`?")]),
        ("oci://registry.example.com/charts/sark-network", [("error", 3, "sise: unknown key `sise`; ")]),
        ("sark-network", [("error", 3, "sise: unknown key `sise`; ")]),
        ("redis", [("note", 2, "cannot tell: the chart redis, which is no directory here; its values are not judged")]),
        ("./charts/plain", [("note", 2, "cannot tell: what net/charts/plain allows, which has no values.schema.json")]),
    ],
)
def test_the_chart_is_looked_for(
    chart: str,
    expected: list[tuple[str, int, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("small", "plain"):
        folder = tmp_path / "net" / "charts" / name
        folder.mkdir(parents=True)
        (folder / "Chart.yaml").write_text(f"{{apiVersion: v2, name: {name}, version: 0.1.0}}")
    (tmp_path / "net/charts/small/values.yaml").write_text("host: a.example\n")
    (tmp_path / "net/charts/small/values.schema.json").write_text(json.dumps(SCHEMA))
    Path("net/main.tf").write_text(
        f'resource "helm_release" "a" {{\n  chart  = "{chart}"\n  values = [yamlencode({{ sise = 1 }})]\n}}\n'
    )
    assert [
        (kind, line, message[: len(says)])
        for (kind, line, message), (_, _, says) in zip(findings(capsys, "net"), expected, strict=True)
    ] == expected


def test_a_finding_is_switched_off_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("main.tf").write_text(
        'resource "helm_release" "a" {\n  chart = "sark-network"\n'
        "  # sark:ignore release-values-fit-the-chart until 2999-01-01: the next version has it\n"
        "  values = [yamlencode({ sise = 1 })]\n}\n"
    )
    assert findings(capsys, ".") == []
