"""Whatever is written, an evaluation ends soon and within its memory: what is beyond is unknown."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tools.findings.model import run
from tools.terraform.functions.regex_cost import steps
from tools.terraform.language.budget import MAX_MODULES
from tools.terraform.language.model import Module, UnknownValue, unknowns
from tools.terraform.modules.read import evaluate_text
from tools.terraform.rules import comments, registry

CHECKS = (*registry.CHECKS, *comments.CHECKS)

SECONDS = 20
MEGABYTES = 400


@contextmanager
def bounded() -> Iterator[None]:
    """Fails for what takes too long (processor's time) or too much."""
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - started < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024


def module(text: str) -> Module:
    return evaluate_text({"main.tf": text})


def chain(first: str, each: str, count: int) -> str:
    lines = "".join(f"  a{n + 1} = {each.format(f'local.a{n}')}\n" for n in range(count))
    return f"locals {{\n  a0 = {first}\n{lines}}}\n"


@pytest.mark.parametrize("heavy", [1, 2, 5])
def test_what_takes_too_much_costs_itself(heavy: int) -> None:
    each = "[for x in local.a : [for y in local.a : [for z in local.a : upper(z)]]]"
    text = "locals {\n  a = range(1000)\n" + "".join(f"  b{at} = {each}\n" for at in range(heavy))
    root = module(text + '  c = upper("x")\n  d = 1\n}\nresource "aws_x" "y" {\n  a = local.c\n  b = 2\n}\n')
    assert all(any(unknowns(root.locals[f"b{at}"].value.data)) for at in range(heavy))
    assert (root.locals["c"].value.data, root.locals["d"].value.data) == ("X", 1)
    [made] = root.everything()
    assert (made.body.data("a"), made.body.data("b")) == ("X", 2)


def unknown(data: Any) -> bool:
    return isinstance(data, UnknownValue)


@pytest.mark.parametrize(
    ("first", "each"),
    [
        ("[1, 2]", "[{0}, {0}]"),
        ("{{ a = 1 }}", "{{ a = {0}, b = {0} }}"),
        ('"x"', '"${{{0}}}${{{0}}}"'),
        ('"x"', 'join("", [{0}, {0}])'),
        ("[1]", "concat({0}, {0})"),
        ("[1]", "[for x in [1, 2] : {0}]"),
        ("[1]", "setproduct({0}, {0}, [1, 2])"),
        ('"x"', "jsonencode([{0}, {0}])"),
        ('"x"', 'format("%s%s", {0}, {0})'),
        ('"x"', 'replace({0}, "x", "xx")'),
        ("[1]", "true ? [{0}, {0}] : []"),
        ("[[1]]", "{0}[*]"),
        ("[1]", "merge({{ a = {0} }}, {{ b = {0} }})"),
    ],
)
def test_what_doubles(first: str, each: str) -> None:
    text = chain(first.replace("{{", "{").replace("}}", "}"), each, 40)
    text += 'resource "aws_x" "y" {\n  count = length(flatten([local.a40]))\n'
    text += "  a = jsonencode(local.a40)\n  b = local.a40\n}\n"
    with bounded():
        root = module(text)
        list(run(CHECKS, root))
    assert root.faults == ()


def test_what_was_given_stays_known_beside_it() -> None:
    root = module(chain("[1, 2]", "[{0}, {0}]", 40) + 'locals {\n  small = "10.0.0.0/8"\n}\n')
    assert root.locals["small"].value.data == "10.0.0.0/8"
    assert root.locals["a3"].value.known
    assert root.locals["a40"].value.unknown is not None


@pytest.mark.parametrize("each", ["[{0}]", "{0} + 1", '"${{{0}}}x"', "({0})", "{{ a = {0} }}"])
def test_long_chains_of_locals(each: str) -> None:
    """None is reported as a fault; what is no deeper for it is known."""
    with bounded():
        root = module(chain("0", each, 1500))
        list(run(CHECKS, root))
    assert root.faults == ()
    if each in ("{0} + 1", "({0})"):
        assert root.locals["a1500"].value.data == (1500 if "+" in each else 0)


@pytest.mark.parametrize(
    "pattern",
    ["a*a*a*a*a*a*b", "(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)b",
     "a?" * 30 + "a" * 30 + "b", "(a+)+b", "(?:a|aa)+b", "a{0,60}a{0,60}a{0,60}a{0,60}a{0,60}b",
     "[a-z]*.*\\\\w*\\\\S*b",
     "(.*)(.*)(.*)(.*)(.*)(.*)b"],
)  # fmt: skip
@pytest.mark.parametrize("call", ['regexall("{}", local.s)', 'regex("{}", local.s)', 'replace(local.s, "/{}/", "")'])
def test_expressions_that_go_back_and_forth(pattern: str, call: str) -> None:
    with bounded():
        root = module(f'locals {{\n  s = "{"a" * 80}"\n  b = {call.format(pattern)}\n  c = 1\n}}\n')
    assert unknown(root.locals["b"].value.data)
    assert root.locals["c"].value.data == 1


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^(\\\\d+)\\\\.(\\\\d+)\\\\.(\\\\d+)\\\\.(\\\\d+)/(\\\\d+)$", "10.20.30.40/16",
         ("10", "20", "30", "40", "16")),
        ("^([a-z]+)-([a-z]+)-([0-9]+)$", "subnet-private-1", ("subnet", "private", "1")),
        ("^[a-z]([-a-z0-9]*[a-z0-9])?", "a-name-that-is-nearly-as-long-as-it-may-be-which-is-a-lot",
         ("-name-that-is-nearly-as-long-as-it-may-be-which-is-a-lot",)),
        (".*/(.*)", "projects/p/regions/r/subnetworks/s", ("s",)),
    ],
)  # fmt: skip
def test_expressions_in_use_are_worked_out(pattern: str, text: str, expected: Any) -> None:
    root = module(f'locals {{\n  a = regex("{pattern}", "{text}")\n}}\n')
    assert root.locals["a"].value.data == expected


def test_the_steps_of_an_expression() -> None:
    assert [steps(pattern, 60) for pattern in ("abc", "a+b", "a+a+", "a*b*c", "[a-z]+[0-9]+", "a?a", "(a|b)c")] == [
        61, 61, 61 * 61, 61, 61, 122, 122,
    ]  # fmt: skip


def test_modules_that_call_modules_that_call_modules() -> None:
    files = {"main.tf": "".join(f'module "c{k}" {{\n  source = "./m"\n}}\n' for k in range(6))}
    for level in range(1, 7):
        calls = "".join(f'module "c{k}" {{\n  source = "./m"\n}}\n' for k in range(6)) if level < 6 else ""
        files[f"{'m/' * level}main.tf"] = f'{calls}resource "aws_x" "y" {{\n  a = path.module\n}}\n'
    with bounded():
        module = evaluate_text(files)
        list(run(CHECKS, module))
    assert module.faults == ()
    assert sum(1 for _ in module.walk()) == MAX_MODULES + 1


@pytest.mark.parametrize(
    "text",
    [
        'resource "aws_x" "y" {\n  for_each = toset([for x in range(1000) : "k${x}"])\n'
        "  dynamic \"b\" {\n    for_each = range(1000)\n    content {\n      c = range(1000)\n    }\n  }\n}\n",
        "locals {\n  a = range(1000)\n"
        "  b = [for x in local.a : [for y in local.a : [for z in local.a : [for w in local.a : x]]]]\n}\n",
        'locals {\n  a = range(1000)\n  b = "%{ for x in local.a }%{ for y in local.a }%{ for z in local.a }x'
        '%{ endfor }%{ endfor }%{ endfor }"\n}\n',
        "".join(
            f'resource "aws_x" "y{n}" {{\n  count = 1000\n  a = count.index\n}}\n' for n in range(200)
        ),
        "locals {\n  a = { for x in range(1000) : x => range(90) }\n}\n"
        + "".join(f'resource "aws_x" "y{n}" {{\n  for_each = local.a\n  a = local.a\n}}\n' for n in range(20)),
        "locals {\n  a = range(1000)\n"
        + "".join(f"  b{n} = distinct([for x in local.a : [x]])\n" for n in range(200))
        + "}\n",
    ],
    ids=range(6),
)  # fmt: skip
def test_loops_in_loops(text: str) -> None:
    with bounded():
        root = module(text)
        list(run(CHECKS, root))
    assert root.faults == ()


@pytest.mark.parametrize(
    "text",
    [
        "locals {\n  a = " + '"${' * 3000,
        "locals {\n" + '  a = "${\n' * 1000,
        "a {" * 5000,
        "locals {\n  a = " + "(" * 100_000,
        "locals {\n  a = " + "x ? " * 5000 + "1\n}\n",
        "locals {\n  a = x" + "[0]" * 5000 + "\n}\n",
        "locals {\n  a = <<E\n" * 3000,
        "locals {\n" + "  a = [\n" * 5000 + "}\n",
        '"' * 100_000,
        "/*" * 100_000,
        'locals {\n  a = "' + "%{ if true }" * 2000 + '"\n}\n',
        'locals {\n  a = "' + "%{ if true }" * 2000 + "%{ endif }" * 2000 + '"\n}\n',
        "resource a b\n" * 20_000,
        "locals {\n" + "".join(f"  a{n} = = 1\n" for n in range(20_000)) + "}\n",
        "locals {\n" + "".join(f"  a{n} = [{n}\n" for n in range(5_000)) + "}\n",
    ],
    ids=range(15),
)
def test_broken_text_ends_in_time(text: str) -> None:
    with bounded():
        assert module(text).faults
