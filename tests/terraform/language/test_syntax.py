"""Text that is hardly Terraform, or not at all: what is wrong with it, where, and that the rest is still read."""

import time
from collections.abc import Mapping

import pytest

from tools.terraform.language.model import Module, UnknownValue
from tools.terraform.modules.read import evaluate_text

GOOD = 'resource "aws_x" "{}" {{\n  a = 1\n}}\n'


def module(text: str | Mapping[str, str]) -> Module:
    return evaluate_text({"main.tf": text} if isinstance(text, str) else text)


def faults(module: Module) -> list[tuple[str, str, int, str]]:
    return [
        (fault.kind.removeprefix("terraform-"), place.file, place.line, fault.problem.message)
        for inner in module.walk()
        for fault in inner.faults
        for place in [fault.problem.where]
    ]


def names(module: Module) -> list[str]:
    return [resource.name for resource in module.everything()]


READABLE = "is-readable"


@pytest.mark.parametrize(
    ("block", "line", "message", "rest"),
    [
        ('resource "aws_x" "b" {\n  a = = 1\n}\n', 5, "column 7: `=` is not expected here", ["a", "b", "c"]),
        ('resource "aws_x" "b" {\n  a = 1\n\n', 7, "column 1: `}` is missing before this line", ["a", "b", "c"]),
        ('resource "aws_x" "b" {\n  a = [1\n}\n', 6, "column 1: `}` where `]` should be", ["a", "b", "c"]),
        ("}\n", 4, "column 1: `}` closes nothing", ["a", "c"]),
        (
            'resource "aws_x" "b" {\n  a = "x\n}\n',
            5,
            'column 7: a string that does not end on its line; close it with ", or write a heredoc',
            ["a", "b", "c"],
        ),
        (
            'resource "aws_x" "b" {\n  a = <<EOT\n}\n',
            5,
            "column 7: a heredoc without its closing marker EOT",
            ["a", "b", "c"],
        ),
        (
            'resource "aws_x" "b"\n{\n  a = 1\n}\n',
            5,
            "column 1: the opening brace of a block must be on the line of its name",
            ["a", "b", "c"],
        ),
        (
            'resource "aws_x" "b" {\n  a = 1 b = 2\n}\n',
            5,
            "column 9: two definitions on one line; write each on a line of its own",
            ["a", "b", "c"],
        ),
        (
            "locals {\n  a = 1\n    + 2\n}\n",
            6,
            "column 5: a line cannot start with `+`; put the whole expression in parentheses",
            ["a", "c"],
        ),
        (
            'locals {\n  a = "\\d"\n}\n',
            5,
            "column 8: `\\d` is not an escape sequence; write a backslash as \\\\",
            ["a", "c"],
        ),
        ('locals {\n  a = "${1 +}"\n}\n', 5, "column 13: the expression ends too early", ["a", "c"]),
        ('locals {\n  a = "${}"\n}\n', 5, "column 10: an empty interpolation; write an expression in it", ["a", "c"]),
        ('locals {\n  a = "%{ if true }x"\n}\n', 5, "column 7: a template without its %{ endif }", ["a", "c"]),
        (
            "locals {\n  a = { b.c = 1 }\n}\n",
            5,
            "column 9: a reference as a key must be in parentheses: (a.b) = …",
            ["a", "c"],
        ),
        (
            "locals {\n  a = { b[0] = 1 }\n}\n",
            5,
            "column 9: a reference as a key must be in parentheses: (a.b) = …",
            ["a", "c"],
        ),
        ("locals {\n  a = b::c\n}\n", 5, "column 11: the expression ends too early", ["a", "c"]),
        ("locals {\n  a = [for::b()]\n}\n", 5, "column 11: `::` is not expected here", ["a", "c"]),
        ("locals {\n  a = b[*\n]\n}\n", 5, "column 9: `*` is not expected here", ["a", "c"]),
        ("a = 1\n", 4, "`a =` is not inside a block; write locals { … }", ["a", "c"]),
        ("thing {\n}\n", 4, "`thing` is not a block type of Terraform", ["a", "c"]),
        ('resource "aws_x" {\n}\n', 4, "`resource` has 2 labels before its brace", ["a", "c"]),
        (
            "locals {\n  a = " + "[" * 100 + "]" * 100 + "\n}\n",
            5,
            "column 66: nested deeper than 60; split it into locals",
            ["a", "c"],
        ),
        (
            "locals {\n  a = 1" + " + 1" * 2000 + "\n}\n",
            5,
            "column 7: nested too deep; split it into locals",
            ["a", "c"],
        ),
    ],
)  # fmt: skip
def test_a_fault_has_its_place_and_hides_nothing(block: str, line: int, message: str, rest: list[str]) -> None:
    root = module(GOOD.format("a") + block + GOOD.format("c"))
    assert faults(root) == [(READABLE, "main.tf", line, message)]
    assert names(root) == rest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("provider::aws::arn_parse(1).a", UnknownValue("the function provider::aws::arn_parse is not evaluated")),
        ("f::g()", UnknownValue("the function f::g is not evaluated")),
        ("(f\n::\ng\n::h(--1))", UnknownValue("the function f::g::h is not evaluated")),
        ("(- # c\n-\n-1)", -1),
        ("([[{ b = 1 }]][\n*\n][0].b)", (1,)),
        ("-" * 150 + "2", 2),
        ("!" * 151 + "true", False),
    ],
)
def test_signs_and_names_of_functions(text: str, value: object) -> None:
    root = module("locals {\n  a = " + text + "\n}\n")
    assert faults(root) == []
    assert root.locals["a"].value.data == value


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{"resource": {\n "aws_x": {,}\n}}', 2, "column 12: a JSON key is missing here"),
        ('{"locals": {\n "a": "${1 +}"\n}}', 2, "column 7: the expression ends too early"),
        ('{"locals": {\n "a": nul\n}}', 2, "column 7: a JSON value is missing here"),
        ('{"locals": {}} x', 1, "column 16: text after the end of the JSON"),
        ("[]", 1, "column 1: the file does not hold a JSON object"),
        ('{"locals": {"a": ' + "[" * 5000, 1, "column 77: nested deeper than 60"),
    ],
)
def test_a_fault_in_json(text: str, line: int, message: str) -> None:
    root = module({"a.tf.json": text, "main.tf": GOOD.format("a")})
    assert faults(root) == [(READABLE, "a.tf.json", line, message)]
    assert names(root) == ["a"]


def test_json_means_what_the_native_syntax_means() -> None:
    root = module(
        {
            "main.tf.json": """{
  "//": "a comment",
  "variable": {"cidrs": {"type": "list(string)", "default": ["10.0.0.0/8"]}},
  "locals": {"port": "${5000 + 432}"},
  "resource": {"aws_x": {"y": {
    "for_each": "${toset(var.cidrs)}",
    "cidr": "${each.value}",
    "text": "a-${local.port}",
    "rule": [{"port": "${local.port}"}]
  }}},
  "output": {"o": {"value": "${aws_x.y}"}}
}"""
        }
    )
    assert faults(root) == []
    [resource] = root.everything("aws_x")
    assert resource.address == 'aws_x.y["10.0.0.0/8"]'
    assert {name: value.data for name, value in resource.body.attributes.items()} == {
        "cidr": "10.0.0.0/8",
        "text": "a-5432",
        "rule": ({"port": 5432},),
    }
    assert [value.where.line for value in (*resource.body.find("cidr"), *resource.body.find("rule.port"))] == [7, 9]


def test_line_ends_and_byte_order_marks() -> None:
    """Both are as Terraform has them: a heredoc keeps its carriage returns."""
    root = module("\ufeff" + 'locals {\r\n  a = <<-E\r\n    x\r\n     y\r\n    E\r\n  b = "q" # c\r\n}\r\n')
    assert faults(root) == []
    assert {name: local.value.data for name, local in root.locals.items()} == {"a": "x\r\n y\r\n", "b": "q"}
    assert [(comment.line, comment.text, comment.alone) for comment in root.comments] == [(6, "c", False)]


def test_comments_have_lines() -> None:
    root = module('# one\nlocals { // two\n  /* three\n  four */\n  a = "# five" # six\n}\n')
    assert [(comment.line, comment.text, comment.alone) for comment in root.comments] == [
        (1, "one", True), (2, "two", False), (3, "three\n  four", True), (5, "six", False),
    ]  # fmt: skip


def test_what_is_set_twice() -> None:
    text = 'resource "aws_x" "a" {\n  a = 1\n  a = 2\n  b {\n    c = 1\n    c = 2\n  }\n}\n'
    root = module({"main.tf": text, "more.tf": GOOD.format("a") + 'variable "v" {}\nvariable "v" {}\n'})
    assert faults(root) == [
        ("names-are-unique", "main.tf", 3, "`a` is set twice, first on line 2; keep one"),
        ("names-are-unique", "main.tf", 6, "`c` is set twice, first on line 5; keep one"),
        ("names-are-unique", "more.tf", 1, "resource aws_x a is declared twice; keep one"),
        ("names-are-unique", "more.tf", 5, "variable v is declared twice; keep one"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "thing {\n" * 3000 + "}\n" * 3000,
        "locals {\n  a = " + '"${' * 2000 + "1" + '}"' * 2000 + "\n}\n",
        "locals {\n  a = var.x" + ".a" * 3000 + "\n}\n",
        "locals {\n  a = " + "-" * 5000 + "1\n}\n",
        'locals {\n  a = "\x00"\n}\n\x00\n',
        GOOD.format("a") * 160_000,
        "locals {\n  a = range(1024)\n  b = setproduct(local.a, local.a)\n  c = setproduct(local.b, local.b)\n}\n",
        "locals {\n  a = range(1024)\n  b = [for x in local.a : [for y in local.a : [for z in local.a : z]]]\n}\n",
        "locals {\n"
        + "".join(f"  a{n + 1} = concat(local.a{n}, local.a{n})\n" for n in range(50))
        + "  a0 = [1, 2]\n}\n",
        "locals {\n"
        + "".join(f'  a{n + 1} = "${{local.a{n}}}${{local.a{n}}}"\n' for n in range(50))
        + '  a0 = "x"\n}\n',
        'locals {\n  a = can(regex("(a+)+$", "' + "a" * 60 + '!"))\n}\n',
    ],
    ids=range(11),
)
def test_what_is_out_of_measure_ends_in_time(text: str) -> None:
    started = time.perf_counter()
    module(text)
    assert time.perf_counter() - started < 20
