"""Terraform: files that are spoilt, expressions made by a grammar, and open rules that hide behind expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from tests.standing_fuzz import hostile
from tests.standing_fuzz.case import Subject, Unmet
from tools.cluster.fuzz.dice import Dice
from tools.findings.model import Stage
from tools.findings.report import FORMATS, Report, formats
from tools.findings.stages import manual
from tools.terraform.lint import lint
from tools.terraform.modules.read import evaluate_directory
from tools.terraform.modules.sources import Texts

TESTS = Path(__file__).resolve().parent.parent
OPEN = ("ingress-is-not-open-to-the-world", "ranges-together-are-not-the-world")
LONGEST = 90
TOKEN = re.compile(r"\w+|\s+|.", re.DOTALL)
FRAGMENTS = (
    *("{", "}", "(", ")", "[", "]", '"', "${", "%{", "}", "<<EOT\n"),
    *("<<-EOT\n", "EOT\n", "=", "==", "?", ":", "...", "=>"),
    *("for x in", "if", ".*", "[*]", ".0", "null", "true"),
    *("each.value", "self", "var.x", "local.x", "#", "/*", "*/", "//"),
    *("\\ud800", "\\u0000", "\\U0001f600", "1e999999", "9" * 400),
    *("-", "!", "&&", "~", "\ufeff", "\x00", "\r", "é", "π = 3\n"),
    *("%{ for a in [1] ~}", "%{ endfor ~}", "%{ if true }", "(" * 60, "[" * 300, "-" * 200, "{a=" * 100, "x." * 200),
)  # fmt: skip
WORDS = """
length concat merge flatten keys values lookup element slice range setproduct format formatlist join split replace regex
regexall substr trimspace title cidrsubnet cidrhost cidrsubnets cidrnetmask max min pow log ceil floor parseint
jsonencode jsondecode yamldecode base64decode toset tolist tomap tonumber tostring zipmap transpose distinct coalesce
compact chunklist one sum sort reverse nosuch
"""
FUNCTIONS = tuple(WORDS.split())
WORLD = '"0.0.0.0/0"'
# Expressions whose value is the world for certain, and the blocks that they need; then what leaves a list as it is.
OPEN_FORMS = (
    (f"[{WORLD}]", ""),
    (f"concat([], [{WORLD}])", ""),
    ("[local.world]", f"locals {{\n  world = {WORLD}\n}}\n"),
    ("local.all[*].cidr", f"locals {{\n  all = [{{ cidr = {WORLD} }}]\n}}\n"),
    ("local.all.*.cidr", f"locals {{\n  all = [{{ cidr = {WORLD} }}]\n}}\n"),
    (f"[for one in [{WORLD}] : one]", ""),
    ('["${"0.0.0.0"}/${0}"]', ""),
    ('[format("%s/%d", "0.0.0.0", 0)]', ""),
    ('[join("/", ["0.0.0.0", "0"])]', ""),
    (f'true ? [{WORLD}] : ["10.0.0.0/8"]', ""),
    (f'values({{ a = {WORLD} }})', ""),
    (f'compact(["", {WORLD}])', ""),
    (f"flatten([[{WORLD}], []])", ""),
    (f'tolist(toset([{WORLD}, {WORLD}]))', ""),
    (f"try([{WORLD}], [])", ""),
    (f'split(",", {WORLD})', ""),
    (f'coalescelist([], [{WORLD}])', ""),
    ('["0.0.0.0/1", "128.0.0.0/1"]', ""),
    (f'[lookup({{ a = {WORLD} }}, "a", "10.0.0.0/8")]', ""),
    ("var.open", f'variable "open" {{\n  type    = list(string)\n  default = [{WORLD}]\n}}\n'),
)  # fmt: skip
WRAPS = ("concat({}, [])", "[for it in {} : it]", "distinct({})", "({})")
RULE = """
resource "aws_security_group" "it" {{
  name        = "it"
  description = "planted"
  vpc_id      = "vpc-1"
}}
resource "aws_security_group_rule" "planted" {{
  type              = "ingress"
  description       = "planted"
  security_group_id = aws_security_group.it.id
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = {blocks}
}}
"""


@cache
def _seeds() -> tuple[str, ...]:
    files = [*sorted((TESTS / "cases" / "terraform").rglob("*.tf")), *sorted((TESTS / "terraform").rglob("*.tf"))]
    texts = [path.read_text() for path in files]
    return tuple(text for text in texts if text.count("\n") <= LONGEST)


def make(dice: Dice) -> Any:
    """The files of one directory and a format; or, by numbers, an open rule that is to be seen."""
    kind = dice.weighted({"spoilt": 5, "expressions": 3, "planted": 3, "json": 2, "tfvars": 2})
    files: dict[str, str] = {}
    if kind == "spoilt":
        files["main.tf"] = spoilt(dice.pick(_seeds()), dice)
    elif kind == "expressions":
        lines = (f"  v{index} = {expression(dice, 4)}\n" for index in range(dice.number(1, 6)))
        files["main.tf"] = f"locals {{\n{''.join(lines)}}}\n"
    elif kind == "planted":
        wraps = [dice.number(0, len(WRAPS) - 1) for _ in dice.times(0, 2)]
        return {"form": dice.number(0, len(OPEN_FORMS) - 1), "wraps": wraps, "format": dice.pick(FORMATS)}
    elif kind == "json":
        files["main.tf.json"] = _as_json(dice)
    else:
        files["main.tf"] = 'variable "x" {\n  type = any\n}\nlocals {\n  y = var.x\n}\n'
        files["terraform.tfvars"] = spoilt(f"x = {expression(dice, 3)}\n", dice)
    if dice.chance(0.1):
        files["override.tf"] = spoilt(dice.pick(_seeds()), dice)
    return {"files": files, "format": dice.pick(FORMATS)}


def spoilt(text: str, dice: Dice) -> str:
    """The text with some of its tokens gone, doubled, exchanged or put in."""
    tokens = TOKEN.findall(text)
    for _ in dice.times(1, 5):
        at = dice.number(0, max(len(tokens) - 1, 0))
        kind = dice.weighted({"drop": 3, "twice": 2, "insert": 4, "other": 3, "cut": 1, "hostile": 2})
        if kind == "cut":
            tokens = tokens[: at + 1] if dice.chance(0.3) else tokens
        elif kind == "insert":
            tokens.insert(at, dice.pick(FRAGMENTS))
        elif kind == "hostile":
            tokens.insert(at, json.dumps(hostile.text(dice)))
        elif tokens:
            tokens[at] = {"drop": "", "twice": tokens[at] * 2, "other": dice.pick(tokens)}[kind]
    return "".join(tokens)


def expression(dice: Dice, depth: int) -> str:
    """An expression of Terraform's language, right by its grammar; its types are as they come."""
    if depth == 0:
        return _atom(dice)
    left, two = expression(dice, depth - 1), expression(dice, depth - 1 if dice.chance(0.4) else 0)
    forms = (
        f"[{left}, {two}]",
        f'{{ a = {left}, "b" = {two} }}',
        f"{left} {dice.pick(('+', '-', '*', '/', '%', '==', '!=', '<', '&&', '||'))} {two}",
        f"({left}) ? {two} : {_atom(dice)}",
        f"[for k, v in {left} : v if {two}]",
        f"{{ for k, v in {left} : k => v... }}",
        f"({left})[{two}]",
        f"({left})[*].a",
        f"({left}).*.a",
        f'"x${{{left}}}y"' if '"' not in left and "\n" not in left else left,
        f"{dice.pick(FUNCTIONS)}({left}, {two})",
        f"{dice.pick(FUNCTIONS)}({left})",
        f"{dice.pick(FUNCTIONS)}([{left}]...)",
        f"try({left}, {two})",
    )
    return dice.pick(forms)


def _atom(dice: Dice) -> str:
    kind = dice.weighted({"text": 4, "number": 4, "word": 4})
    if kind == "text":
        return json.dumps(
            dice.pick(
                (*("a", "10.0.0.0/8", "0.0.0.0/0", "%d", "(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaa!"), hostile.text(dice))
            )
        )
    if kind == "number":
        return dice.pick((str(hostile.number(dice)), "1e309", "10000000", "0.1", "64"))
    return dice.pick(("null", "true", "false", "[]", "{}", "local.v0", "var.missing", "path.module", "data.x.y.z"))


def planted(form: int, wraps: list[int]) -> dict[str, str]:
    """A directory with an open rule, written in that way. Numbers, so that no smaller input is another rule."""
    blocks, others = OPEN_FORMS[form]
    for wrap in wraps:
        blocks = WRAPS[wrap].format(blocks)
    return {"main.tf": others + RULE.format(blocks=blocks)}


def _as_json(dice: Dice) -> str:
    body: Any = {
        "resource": {
            "aws_security_group": {"it": {"ingress": [{"from_port": 22, "cidr_blocks": [hostile.value(dice)]}]}}
        }
    }
    body = {
        **body,
        dice.pick(("locals", "variable", "output", "module", "provider", "terraform", "x")): hostile.value(dice),
    }
    text = json.dumps(body)
    return spoilt(text, dice) if dice.chance(0.5) else text


@cache
def _rules() -> Mapping[str, str]:
    return manual()


def judge(case: Any) -> str:
    """Lint the directory in memory, and write the report."""
    texts = planted(case["form"], case["wraps"]) if "form" in case else case["files"]
    files = {f"root/{name}": text for name, text in texts.items()}
    module = evaluate_directory("root", Texts(files))
    findings = lint([module], date(2026, 1, 1), frozenset(_rules()))
    report = Report((Stage("terraform", findings=findings),), rules=_rules())
    written = formats()[case["format"]](report)
    if not written and findings:
        raise Unmet("findings that no report has")
    if "form" in case and not any(finding.rule in OPEN for finding in findings):
        raise Unmet("an open rule passes in silence", texts["main.tf"][-300:])
    return "findings" if findings else "clean"


SUBJECT = Subject("terraform", make, judge, cases=2500, check=30, seconds=8)
