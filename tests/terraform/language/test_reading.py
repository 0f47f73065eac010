"""What cannot be read costs the attribute that it stands in; what Terraform takes is taken, with its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tools.terraform.language.model import Module, UnknownValue
from tools.terraform.modules.read import evaluate_text

RULE = """
resource "aws_vpc_security_group_ingress_rule" "a" {{
  security_group_id = "sg-1"
  description       = {}
  from_port         = 22
  cidr_ipv4         = "0.0.0.0/0"
}}
"""


def module(text: str | Mapping[str, str]) -> Module:
    return evaluate_text({"main.tf": text} if isinstance(text, str) else text)


def faults(module: Module) -> list[tuple[int, str]]:
    return [(fault.problem.where.line, fault.problem.message) for inner in module.walk() for fault in inner.faults]


def local(module: Module, name: str) -> Any:
    return module.locals[name].value.data


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("= 1", "column 23: `=` is not expected here"),
        ("", "column 23: the expression ends too early"),
        ('"a', 'column 23: a string that does not end on its line; close it with ", or write a heredoc'),
        ('"\\q"', "column 24: `\\q` is not an escape sequence; write a backslash as \\\\"),
        ('"\\ud800"', "column 24: `\\ud800` is half of a character; write the whole character"),
        ('"${a b}"', "column 28: `b` is not expected here"),
        ('"%{ if true }"', "column 23: a template without its %{ endif }"),
        ('"%{ while x }"', "column 26: `%{ while` is not a directive; write %{ if … } or %{ for … in … }"),
        ('"%{ for x of y }${x}%{ endfor }"', "column 26: a `%{ for` without its `in`; write %{ for … in … }"),
        ("[1, 2", "column 3: `from_port` is not expected here"),
        ("[for x of y : x]", "column 30: `of` is not expected here"),
        ("f(1", "column 3: `from_port` is not expected here"),
        ("{ a = 1 b = 2 }", "column 31: two entries on one line; write a comma between them"),
        ("1.2.3", "column 23: `1.2.3` is not a number"),
        ("x.1.2", "column 25: `.1.2` is not an index; write [1][2]"),
        ("a ? b", "column 28: the expression ends too early"),
        ("'a'", "column 23: `'` is not expected here"),
        ("[" * 70 + "]" * 70, "column 82: nested deeper than 60; split it into locals"),
        ("a.*.b.*.c", "column 29: `.*` after `.*`; write [*]"),
        ("<<E\n  x\ry\n  E", "column 4: a carriage return in the middle of a line; remove it"),
        ('<<E\n  ${"a\n  E', 'column 5: a string that does not end on its line; close it with ", or write a heredoc'),
        ('"' + '${"' * 40 + '"', "column 116: strings nested too deep in strings; split them into locals"),
    ],
)
def test_an_attribute_that_cannot_be_read_is_unknown_and_its_block_stays(written: str, fault: str) -> None:
    root = module(RULE.format(written))
    [(_, message)] = faults(root)
    assert message == fault
    [rule] = root.everything()
    assert {name: value.data for name, value in rule.body.attributes.items() if name != "description"} == {
        "security_group_id": "sg-1",
        "from_port": 22,
        "cidr_ipv4": "0.0.0.0/0",
    }
    assert rule.body.data("description") == UnknownValue("it cannot be read")


def test_a_local_that_cannot_be_read_leaves_the_others() -> None:
    root = module('locals {\n  a = = 1\n  b = "0.0.0.0/0"\n  c = "x${local.a}"\n}\n')
    assert faults(root) == [(2, "column 7: `=` is not expected here")]
    assert local(root, "b") == "0.0.0.0/0"
    assert local(root, "c") == UnknownValue("it cannot be read", type="string")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a = "${1e400}"', UnknownValue("a number with so many digits is not evaluated")),
        ("a = 1e400", UnknownValue("a number with so many digits is not evaluated")),
        ("a = -1e-400", UnknownValue("a number with so many digits is not evaluated")),
        ("a = 1e646456990", UnknownValue("a number with so many digits is not evaluated")),
        (f"a = 0.{'1' * 400}", UnknownValue("a number with so many digits is not evaluated")),
        ('a = tonumber("1e400")', UnknownValue("`1e400` as a number is not evaluated")),
        ('a = jsondecode("[1e400]")', UnknownValue("jsondecode is not evaluated for these arguments")),
        ('a = yamldecode("a: 1e400")', {"a": UnknownValue("this word means more than one thing in YAML")}),
    ],
)
def test_a_number_out_of_measure_is_unknown(text: str, expected: Any) -> None:
    root = module(f'locals {{\n  {text}\n  b = "known"\n}}\n')
    assert (faults(root), local(root, "b")) == ([], "known")
    assert local(root, "a") == expected


def test_a_number_out_of_measure_in_json_costs_that_value() -> None:
    root = module({"a.tf.json": '{"locals": {"a": 1e400, "b": "\\ud800", "c": 1}}'})
    assert faults(root) == []
    assert local(root, "a") == UnknownValue("a number with so many digits is not evaluated")
    assert (local(root, "b"), local(root, "c")) == ("\ufffd", 1)
    root = module({"a.tf.json": '{"locals": {"a": "${1 +}", "c": 1}}'})
    assert faults(root) == [(1, "column 18: the expression ends too early")]
    assert (local(root, "a"), local(root, "c")) == (UnknownValue("it cannot be read"), 1)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[{ a = [1, 2] }, { a = [3, 4] }].*.a.0", (1, 3)),
        ("[{ a = [1, 2] }, { a = [3, 4] }].*.a.1", (2, 4)),
        ("[{ a = [1, 2] }, { a = [3, 4] }].*.a[0]", (1, 2)),
        ("[{ a = [{ b = 1 }] }].*.a.0.b", (1,)),
        ("[[1, 2], [3, 4]].*.0", (1, 3)),
        ("[{ a = [1, 2] }, { a = [3, 4] }][*].a[0]", (1, 3)),
        ("[{ a = [{ b = 1 }, { b = 2 }] }][*].a[*].b", ((1, 2),)),
        ("merge([for x in [] : {}]...)", {}),
        ("merge()", {}),
        ("[\n  { a = 1 }\n    .a,\n]", (1,)),
        ("(\n  [1, 2]\n  [1]\n)", 2),
        ("true\\\n", None),
    ],
)
def test_values_that_were_wrong(expression: str, expected: Any) -> None:
    if expected is None:
        assert faults(module(f"locals {{\n  a = {expression}\n}}\n")) == [(2, "column 11: `\\` is not expected here")]
        return
    root = module(f"locals {{\n  a = {expression}\n}}\n")
    assert (faults(root), local(root, "a")) == ([], expected)


def test_names_of_any_script() -> None:
    root = module('locals {\n  π    = 3\n  été  = local.π + 1\n  über-x = "${local.été}"\n}\n')
    assert faults(root) == []
    assert [local(root, name) for name in ("π", "été", "über-x")] == [3, 4, 4]


@pytest.mark.parametrize(
    ("heredoc", "expected"),
    [
        ('<<-E\n    %{ for x in ["a", "b"] ~}\n    echo ${x}\n    %{ endfor ~}\n  E', "    echo a\n    echo b\n"),
        ('<<E\n%{ for x in ["a"] ~}\n  ${x}\n%{ endfor ~}\nE', "  a\n"),
        ("<<-E\n    a\n      ${1 ~}\n    b\n  E", "a\n  1    b\n"),
        ("<<-E\n    a\n    ${~ 1}\n  E", "    a\n1\n"),
        ("<<E\n  a\n  E", "  a\n"),
        ("<<-E\n\n    a\n\n  E", "\na\n\n"),
        ("<<-E\n    %{ if true ~}\n    yes\n    %{ else ~}\n    no\n    %{ endif ~}\n    E", "    yes\n"),
    ],
)
def test_heredocs_with_strip_markers(heredoc: str, expected: str) -> None:
    root = module(f'locals {{\n  script = {heredoc}\n  world  = "0.0.0.0/0"\n}}\n')
    assert faults(root) == []
    assert (local(root, "script"), local(root, "world")) == (expected, "0.0.0.0/0")


def test_providers_are_handed_to_a_module_by_reference() -> None:
    root = module(
        {
            "main.tf": 'module "a" {\n  source = "./child"\n'
            "  providers = {\n    aws     = aws\n    aws.alt = aws.dr\n  }\n}\n",
            "child/main.tf": 'resource "aws_x" "y" {\n  provider = aws.alt\n}\n',
        }
    )
    assert faults(root) == []
    assert [resource.address for resource in root.everything()] == ["module.a.aws_x.y"]


def test_a_file_over_which_the_parser_fails_costs_that_file(monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.terraform.modules import directory

    def failing(text: str, file: str) -> Any:
        raise ZeroDivisionError("x")

    root = directory.read(".", {"a.tf": "locals {}\n"}, failing)
    [fault] = root.faults
    assert fault.problem.message == "it cannot be read: internal error (please report): ZeroDivisionError: x"
    assert fault.problem.where.file == "a.tf"


@pytest.mark.parametrize(
    ("over", "attributes", "blocks"),
    [
        ('resource "aws_x" "a" {\n  one = 3\n}\n', {"one": 3, "two": 2}, {"rule": [1, 2]}),
        ('resource "aws_x" "a" {\n  rule {\n    n = 9\n  }\n}\n', {"one": 1, "two": 2}, {"rule": [9]}),
        (
            'resource "aws_x" "a" {\n  dynamic "rule" {\n    for_each = [7]\n    content {\n'
            "      n = rule.value\n    }\n  }\n}\n",
            {"one": 1, "two": 2},
            {"rule": [7]},
        ),
        ('locals {\n  v = 5\n}\nresource "aws_x" "a" {\n  two = local.v\n}\n', {"one": 1, "two": 5}, {"rule": [1, 2]}),
    ],
)
def test_override_files_are_merged(over: str, attributes: dict[str, Any], blocks: dict[str, Any]) -> None:
    base = (
        'locals {\n  v = 2\n}\nresource "aws_x" "a" {\n  one = 1\n  two = local.v\n'
        "  rule {\n    n = 1\n  }\n  rule {\n    n = 2\n  }\n}\n"
    )
    for name in ("override.tf", "x_override.tf"):
        root = module({"main.tf": base, name: over})
        assert faults(root) == []
        [resource] = root.everything()
        assert {key: value.data for key, value in resource.body.attributes.items()} == attributes
        assert [block.body.data("n") for block in resource.body.each("rule")] == blocks["rule"]


def test_what_override_files_say_has_their_places() -> None:
    base = (
        'resource "aws_x" "a" {\n  one = 1\n  two = 2\n  rule {\n    n = 1\n  }\n}\n'
        'variable "v" {\n  default = 1\n}\noutput "o" {\n  value = 1\n}\nmodule "m" {\n  source = "./m"\n  x = 1\n}\n'
    )
    over = (
        'resource "aws_x" "a" {\n  count = "no"\n\n  two = [\n    3,\n  ]\n  rule {\n    n = 1 + "x"\n    r {\n'
        '      s = 1\n    }\n  }\n}\nvariable "v" {\n  default = 2\n}\noutput "o" {\n  value = 2\n}\n'
        'module "m" {\n  x = [] + 1\n}\n'
    )
    child = 'variable "x" {}\noutput "x" {\n  value = var.x\n}\n'
    root = module({"main.tf": base, "o_override.tf": over, "m/main.tf": child})
    [resource] = root.everything()
    [rule] = resource.body.each("rule")
    [deeper] = rule.body.each("r")
    two = resource.body.attributes["two"]
    places = {
        "the resource": resource.where,
        "one": resource.body.attributes["one"].where,
        "two": two.where,
        "two[0]": two.items()[0].where,
        "rule": rule.where,
        "rule.r": deeper.where,
        "rule.r.s": deeper.body.attributes["s"].where,
        "var.v": root.variables["v"].value.where,
        "output.o": root.outputs["o"].value.where,
    }
    assert {name: (where.file, where.line) for name, where in places.items()} == {
        "the resource": ("main.tf", 1),
        "one": ("main.tf", 2),
        "two": ("o_override.tf", 4),
        "two[0]": ("o_override.tf", 5),
        "rule": ("o_override.tf", 7),
        "rule.r": ("o_override.tf", 9),
        "rule.r.s": ("o_override.tf", 10),
        "var.v": ("o_override.tf", 15),
        "output.o": ("o_override.tf", 18),
    }
    wrong = {(fault.problem.where.file, fault.problem.where.line) for fault in root.faults}
    assert wrong == {("o_override.tf", 2), ("o_override.tf", 8), ("o_override.tf", 21)}


def test_override_files_of_everything_else() -> None:
    root = module(
        {
            "main.tf": 'terraform {\n  required_version = ">= 1"\n  required_providers {\n'
            '    aws = { source = "a", version = "1" }\n'
            '    gcp = { source = "g", version = "1" }\n  }\n}\nvariable "v" {\n  type = string\n  default = "a"\n}\n'
            'output "o" {\n  value = var.v\n}\nprovider "aws" {\n  region = "a"\n}\n'
            'module "m" {\n  source = "./m"\n  x = 1\n}\n',
            "m/main.tf": 'variable "x" {}\noutput "x" {\n  value = var.x\n}\n',
            "a_override.tf": 'terraform {\n  required_providers {\n    aws = { source = "a", version = "2" }\n  }\n}\n'
            'variable "v" {\n  default = "b"\n}\nprovider "aws" {\n  region = "b"\n}\nmodule "m" {\n  x = 2\n}\n',
            "b_override.tf": 'module "m" {\n  x = 3\n}\nresource "aws_x" "none" {}\n',
        }
    )
    assert faults(root) == [
        (4, "there is no resource aws_x none to override; declare it in a file that is no override")
    ]
    assert {name: item.version for name, item in root.requirements.items()} == {"aws": "2", "gcp": "1"}
    assert root.outputs["o"].value.data == "b"
    assert [provider.body.data("region") for provider in root.providers] == ["b"]
    [call] = root.calls
    assert call.module is not None
    assert call.module.outputs["x"].value.data == 3


@pytest.mark.parametrize("name", ["main.tf", "x_override.tf"])
@pytest.mark.parametrize(
    "kind", ["resource", "data", "ephemeral", "action", "variable", "output", "module", "provider", "locals"]
)
def test_blocks_with_too_many_names(kind: str, name: str) -> None:
    root = module({name: f'{kind} "a" "b" "c" {{\n}}\nlocals {{\n  z = 1\n}}\n'})
    expected = {"resource": 2, "data": 2, "ephemeral": 2, "action": 2, "locals": 0}.get(kind, 1)
    assert faults(root) == [(1, f"`{kind}` has {expected} labels before its brace")]
    assert local(root, "z") == 1


def test_an_action_and_what_triggers_it_are_read() -> None:
    text = """
action "aws_lambda_invoke" "x" {
  config {
    function_name = "f"
  }
}
resource "terraform_data" "t" {
  input = var.missing
  lifecycle {
    action_trigger {
      events  = [after_create, before_update]
      actions = [action.aws_lambda_invoke.x]
    }
  }
}
"""
    faults = evaluate_text({"main.tf": text}, ".").faults
    assert [fault.problem.message for fault in faults] == ["var.missing is not declared"]
