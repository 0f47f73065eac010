"""No rule over Terraform falls over values of the wrong type: each literal of the cases becomes another, by turns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.findings.model import run
from tools.terraform.clouds.chart import Layers
from tools.terraform.modules.read import evaluate_text
from tools.terraform.rules import comments, registry
from tools.terraform.rules.comments import suppressions
from tools.terraform.rules.layers import CHECKS as LAYERS

CHECKS = (*registry.CHECKS, *comments.CHECKS)

CASES = Path(__file__).parents[2] / "cases" / "terraform"
FOLDERS = sorted(folder.name for folder in CASES.iterdir())
VALUES = (
    "null",
    "true",
    "-1",
    "1.5",
    '""',
    '"x"',
    "[]",
    "[null]",
    "[[1]]",
    "{}",
    "{ a = [] }",
    "var.unknown",
    "[var.unknown]",
)
LITERAL = re.compile(r'^(\s+\w+\s+= )((?:"[^"]*"|\d+|true|false|\[[^\]]*\]))$', re.MULTILINE)
UNKNOWN = '\nvariable "unknown" {}\n'


def replaced(text: str, value: str, turn: int) -> str:
    """A case with a third of its literals replaced: what makes a rule look at a resource must stay what it is."""
    places = {match.start() for match in list(LITERAL.finditer(text))[turn % 3 :: 3]}
    return LITERAL.sub(lambda match: match[1] + (value if match.start() in places else match[2]), text)


@pytest.mark.parametrize("rule", FOLDERS)
def test_no_value_makes_a_rule_fail(rule: str) -> None:
    text = (CASES / rule / "bad.tf").read_text("utf-8")
    for turn, value in enumerate(VALUES):
        changed = replaced(text, value, turn)
        module = evaluate_text({"main.tf": changed + UNKNOWN})
        list(run(CHECKS, module))
        list(suppressions(module))
        list(run(LAYERS, Layers({"aws": module, "gcp": module}, {"gateway": {"enabled": True}}, "x", "values.yaml")))


@pytest.mark.parametrize("values", [{}, {"egress": None}, {"gateway": []}, {"dns": {"enabled": True, "ports": "53"}}])
def test_no_chart_values_make_a_layer_fail(values: dict[str, object]) -> None:
    text = (CASES / "databases-stay-in-private-ranges" / "bad.tf").read_text("utf-8")
    list(run(LAYERS, Layers({"aws": evaluate_text({"main.tf": text})}, values)))
