"""The schema's refusals: every one names the key and says what to write."""

import json
from typing import Any

import pytest

from tools.render.schema import Rejection, fault, judge, shown

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$"},
        "described": {"pattern": "^[0-9]+$", "description": "a number in quotes"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "on": {"type": "boolean"},
        "level": {"enum": ["low", "high", ""]},
        "short": {"minLength": 1, "maxLength": 3},
        "list": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True},
        "labels": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}, "minProperties": 1, "maxProperties": 1},
        "entry": {
            "if": {"type": "string"},
            "then": {"if": {"const": "*"}, "then": {"const": "the names that you mean"}},
            "else": {"type": "object", "required": ["name", "why"]},
        },
        "either": {"anyOf": [{"type": "boolean"}, {"enum": ["auto"]}]},
        "nothing": {"type": "object", "additionalProperties": False},
        "cidr": {
            "type": "string",
            "allOf": [{"if": {"pattern": "/0$"}, "then": {"const": "a range"}}, {"not": {"enum": [None]}}],
            "anyOf": [{"pattern": "^[0-9.]+/"}, {"type": "string", "pattern": ":"}],
        },
    },
}


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        ({"nmae": 1}, "nmae", "unknown key `nmae`; did you mean `name`?"),
        ({"Count": 1}, "Count", "unknown key `Count`; did you mean `count`?"),
        (
            {"zzz": 1},
            "zzz",
            "unknown key `zzz`; the keys here are name, described, count, share, on, level, short, list, labels, "
            "entry, either, nothing, cidr",
        ),
        ({"nothing": {"a/b": 1}}, 'nothing["a/b"]', "unknown key `a/b`; no key is known here"),
        ({"name": "A"}, "name", '"A" does not match ^[a-z]+$'),
        ({"name": "a\n"}, "name", '"a\\n" does not match ^[a-z]+$'),
        ({"described": "x"}, "described", '"x" is refused: write a number in quotes'),
        ({"name": 3}, "name", "3 is a whole number: write text"),
        ({"name": None}, "name", "null is nothing: write text"),
        ({"cidr": None}, "cidr", "null is nothing: write text"),
        ({"count": "3"}, "count", '"3" is text: write a whole number'),
        ({"count": 1.5}, "count", "1.5 is a number: write a whole number"),
        ({"count": True}, "count", "true is true or false: write a whole number"),
        ({"on": "yes"}, "on", '"yes" is text: write true or false'),
        ({"list": {}}, "list", "{} is a mapping: write a list"),
        ({"labels": []}, "labels", "[] is a list: write a mapping"),
        ({"count": 0}, "count", "0 is too small: write 1 or more"),
        ({"count": 10}, "count", "10 is too large: write 9 or less"),
        ({"share": 0}, "share", "0 is too small: write more than 0"),
        ({"share": 1}, "share", "1 is too large: write less than 1"),
        ({"level": "mid"}, "level", '"mid" is not one of them: write low, high, ""'),
        ({"short": ""}, "short", '"" is too short: write 1 characters or more'),
        ({"short": "abcd"}, "short", '"abcd" is too long: write 3 characters or fewer'),
        ({"list": []}, "list", "[] has too few items: write 1 or more"),
        ({"list": [1, 2, 3]}, "list", "[1, 2, 3] has too many items: write 2 or fewer"),
        ({"list": [1, 1]}, "list", "[1, 1] holds an item twice: keep one"),
        ({"labels": {}}, "labels", "{} has too few keys: write 1 or more"),
        ({"labels": {"a": 1, "b": 2}}, "labels", '{"a": 1, "b": 2} has too many keys: write 1 or fewer'),
        ({"labels": {"A": 1}}, "labels", 'key "A": "A" does not match ^[a-z]+$'),
        ({"entry": "*"}, "entry", '"*" is refused: write the names that you mean'),
        ({"entry": {"why": 1}}, "entry", "`name` is missing; write it"),
        ([], "", "[] is a list: write a mapping"),
    ],
    ids=json.dumps,
)
def test_refused(values: Any, path: str, message: str) -> None:
    assert judge(SCHEMA, values) == (Rejection(path, message),)


def test_of_alternatives_each_says_what_it_wants() -> None:
    assert judge(SCHEMA, {"either": 3}) == (
        Rejection("either", "3 is a whole number: write true or false"),
        Rejection("either", "3 is not one of them: write auto"),
    )


def test_every_refusal_is_reported() -> None:
    assert {rejection.path for rejection in judge(SCHEMA, {"count": 0, "on": 1, "x": 2, "entry": {}})} == {
        "count",
        "on",
        "x",
        "entry",
    }


@pytest.mark.parametrize(
    "values",
    [{}, {"name": "a", "count": 3.0, "share": 0.5, "level": "", "entry": "x", "either": "auto", "labels": {"a": 1}}],
)
def test_taken(values: Any) -> None:
    assert judge(SCHEMA, values) == ()


@pytest.mark.parametrize(
    ("pattern", "text", "taken"),
    [("^a$", "a\n", False), ("^[$]$", "$", True), (r"^\$$", "$", True), (r"^\d$", "٣", False), ("(?i)^A$", "a", True)],
)
def test_patterns_mean_what_re2_means(pattern: str, text: str, taken: bool) -> None:
    assert (judge({"pattern": pattern}, text) == ()) is taken


def test_a_faulty_schema_is_named() -> None:
    assert fault(SCHEMA) == ""
    assert fault({"properties": {"a": {"type": "text"}}}).startswith("properties.a.type: 'text' is not valid under any")
    assert fault([]).startswith("the schema: [] is not of type 'object'")


def test_values_in_messages_are_short() -> None:
    assert shown("x" * 100) == '"' + "x" * 56 + "..."
    assert shown({"a": "é"}) == '{"a": "é"}'
