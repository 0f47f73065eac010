"""What an editor shows for each key of a values file."""

import json
from pathlib import Path

import pytest

from tools.manifests.documents import parse
from tools.validate.docs.hover_texts import described, meanings, with_meanings
from tools.validate.docs.values_table import ValueRow, rows

CHART = Path("charts/sark-network")
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
TEXT = (CHART / "values.yaml").read_text()
VALUES = tuple(rows(parse(TEXT, "values.yaml").documents[0], TEXT))


@pytest.mark.parametrize("row", VALUES, ids=lambda row: row.path)
def test_each_value_has_its_comment_as_a_description(row: ValueRow) -> None:
    assert row.meaning
    assert described(SCHEMA["definitions"]["meanings"], row.path) == row.meaning


def test_the_root_of_the_schema_holds_the_descriptions() -> None:
    assert {"$ref": "#/definitions/meanings"} in SCHEMA["allOf"]


@pytest.mark.parametrize("entry", ["entry", "internalEntry", "externalEntry"])
def test_each_key_of_an_entry_of_the_list_has_a_description(entry: str) -> None:
    schema = SCHEMA["definitions"][entry]
    keys = schema.get("properties") or schema["then"]["properties"]
    assert {key for key, value in keys.items() if not value.get("description")} == set()


def test_descriptions_refuse_nothing() -> None:
    """Nothing but keys and words: a constraint among them would hold beside the schema's own."""
    assert words(SCHEMA["definitions"]["meanings"]) == {"properties", "description"}


def words(schema: dict[str, object]) -> set[str]:
    below = schema.get("properties", {})
    assert isinstance(below, dict)
    return set(schema).union(*(words(value) for value in below.values()))


def test_a_key_without_a_comment_has_no_description() -> None:
    made = meanings([ValueRow("a.b", 1, "The b."), ValueRow("a.c", 1, ""), ValueRow("d", {}, "The d.")])
    assert made == {
        "properties": {"a": {"properties": {"b": {"description": "The b."}, "c": {}}}, "d": {"description": "The d."}}
    }
    assert [described(made, path) for path in ("a.b", "a.c", "d", "e")] == ["The b.", "", "The d.", ""]


def test_other_lines_of_the_schema_stay() -> None:
    shape = '{\n    "complete": {},\n    "meanings": %s,\n    "domain": {}\n}\n'
    new = shape % '{"properties": {"a": {"description": "It."}}}'
    assert with_meanings(shape % '{"properties": {}}', [ValueRow("a", 1, "It.")]) == new
