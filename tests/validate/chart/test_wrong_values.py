"""`--wrong-values`: a place of the schema that refuses nothing is a finding, and one that refuses something is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.validate.chart.conftest import Report, of_stage
from tools.findings.model import run
from tools.render.chart import chart
from tools.validate.chart.command import schema_of
from tools.validate.chart.wrong_values import CHECKS, Schema

ANYTHING = ("every-value-can-be-wrong", "a value of any type is accepted here; write which `type` it has")
UNKNOWN = (
    "unknown-keys-are-refused",
    "a key that the schema does not name is accepted here; write `additionalProperties: false`",
)


def loose(pattern: str) -> tuple[str, str]:
    return "patterns-refuse-something", f"every text that was tried matches {pattern}; write `^…$` around it"


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (closed(a={"type": "string"}, b={"enum": ["x", 1]}, c={"type": ["string", "null"]}, d={"const": None}), []),
        (closed(a={}), [("a", *ANYTHING)]),
        (closed(a={"description": "x"}, b=True), [("a", *ANYTHING), ("b", *ANYTHING)]),
        (closed(a={"type": ["string", "number", "boolean", "null", "array", "object"]}), [("a", *ANYTHING)]),
        (closed(a={"maximum": 3}), [("a", *ANYTHING)]),
        (closed(a={"type": "array"}, b={"type": "array", "items": {}}), [("b[0]", *ANYTHING)]),
        (closed(a=closed(b={})), [("a.b", *ANYTHING)]),
        (closed(a={"type": "object", "additionalProperties": {}}), [("a.any", *ANYTHING)]),
        (closed(a={"type": "object", "patternProperties": {"^x": {}}}), [("a.any", *ANYTHING)]),
        (closed(a={"type": "object"}), []),
        (closed(a={"$ref": "#/definitions/d"}) | {"definitions": {"d": {"type": "string"}}}, []),
        (closed(a={"$ref": "#/definitions/d"}) | {"definitions": {"d": {}}}, [("a", *ANYTHING)]),
        (closed(a={"allOf": [closed(b={}), {}]}), [("a.b", *ANYTHING)]),
        (
            closed(a={"anyOf": [{"type": "string"}, {"type": "object", "properties": {"b": {}}}]}),
            [("a.b", *ANYTHING), ("a", *UNKNOWN)],
        ),
        # What is said of the place elsewhere counts.
        (closed(a={}) | {"allOf": [{"properties": {"a": {"type": "string"}}}]}, []),
        # What another block says of itself may be said of this one too.
        (
            closed(a={}, b={"type": "string"}) | {"allOf": [{"properties": {"a": {"$ref": "#/properties/b"}}}]},
            [],
        ),
        (closed(a={}) | {"if": {}, "then": {"properties": {"a": {"type": "integer"}}}}, []),
        (closed(a={"type": "string", "pattern": "^[a-z]+$"}), []),
        (closed(a={"type": "string", "pattern": ".*"}), [("a", *loose('".*"'))]),
        (closed(a={"type": "string", "pattern": "^"}), [("a", *loose('"^"'))]),
        (closed(a={"type": "string", "pattern": ".*", "maxLength": 9}), []),
        ({"properties": {"a": {"type": "string"}}}, [("", *UNKNOWN)]),
        (closed(a={"type": "object", "properties": {"b": {"type": "string"}}}), [("a", *UNKNOWN)]),
        (
            closed(
                a={"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": {"type": "null"}}
            ),
            [],
        ),
        (closed(a={"properties": {"b": {"type": "string"}}}) | {"allOf": [{"properties": {"a": closed(b={})}}]}, []),
    ],
    ids=lambda value: json.dumps(value)[:70],
)
def test_a_place_that_refuses_nothing_is_a_finding(schema: Any, expected: list[tuple[str, str, str]]) -> None:
    findings = run(CHECKS, Schema("values.schema.json", schema, {}, {}))
    assert [(item.problem.where.path, item.rule, item.problem.message) for item in findings] == expected


def test_a_schema_that_refers_to_itself_ends() -> None:
    node = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"more": {"$ref": "#/definitions/node"}, "x": {}},
    }
    schema = Schema("s", closed(a={"$ref": "#/definitions/node"}) | {"definitions": {"node": node}}, {}, {})
    paths = [item.problem.where.path for item in run(CHECKS, schema)]
    assert sorted(paths) == ["a.more.x", "a.x"]


def test_each_place_of_the_projects_schema_is_tried_and_refuses_something() -> None:
    schema = schema_of(chart())
    assert len(schema.places) > 300
    assert list(run(CHECKS, schema)) == []


def test_a_finding_stands_at_its_line_of_the_schema(small: Path, report: Report) -> None:
    file = small / "values.schema.json"
    file.write_text(json.dumps(json.loads(file.read_text()), indent=2).replace('"type": "integer"', '"title": "Size"'))
    [(severity, line, message)] = of_stage(report("--wrong-values"), "wrong-values")
    assert (severity, message) == ("warning", ANYTHING[1])
    assert file.read_text().splitlines()[line - 1].strip() == '"size": {'


def test_the_configuration_file_asks_for_it(report: Report) -> None:
    Path(".sark-network.yaml").write_text("wrong-values: true\n")
    assert of_stage(report(), "wrong-values") == []
    Path(".sark-network.yaml").write_text("wrong-values: false\n")
    assert "wrong-values" not in {stage["name"] for stage in report()["stages"]}


def test_a_flag_is_true_or_false(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    Path(".sark-network.yaml").write_text("wrong-values: always\n")
    with pytest.raises(SystemExit) as raised:
        report()
    assert raised.value.code == 64
    assert ": .sark-network.yaml:1: wrong-values is neither true nor false; " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "small has no values.schema.json, from which wrong values could be made"),
        ("{}", "small/values.schema.json: it names no key of the values, so no wrong value can be made from it"),
        (
            '{"type": 3}',
            "small/values.schema.json: not a draft-07 schema: type: 3 is not valid under any of the given schemas",
        ),
    ],
)
def test_a_schema_that_says_nothing_could_not_run(text: str | None, reason: str, small: Path, report: Report) -> None:
    file = small / "values.schema.json"
    file.unlink()
    if text is not None:
        file.write_text(text)
    [stage] = [stage for stage in report("--wrong-values")["stages"] if stage["name"] == "wrong-values"]
    assert stage["skipped"] == reason
