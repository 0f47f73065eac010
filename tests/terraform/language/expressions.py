"""Expressions to evaluate: a seeded generator of Terraform's language, right types mostly and wrong ones too."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

PRELUDE = """
variable "ports" {
  type    = map(object({ port = number, cidr = optional(string, "10.0.0.0/8"), tags = optional(list(string)) }))
  default = { pg = { port = "5432" }, redis = { port = 6379, cidr = "0.0.0.0/0", tags = ["a", "b"] } }
}
variable "names" {
  type    = list(string)
  default = ["b", "a", "c", "a"]
}
variable "set" {
  type    = set(string)
  default = ["z", "y", "y"]
}
variable "numbers" {
  type    = list(number)
  default = [3, 1, "2"]
}
variable "tags" {
  type    = map(string)
  default = { env = "prod", port = 80, on = true }
}
variable "on" {
  type    = bool
  default = "true"
}
variable "nothing" {
  type    = string
  default = null
}
variable "loose" {
  default = { a = 1, b = ["x", 2], c = null }
}
"""

SEPARATORS = ['","', '"-"', '""']
KEYS = ['"a"', '"port"', '"env"']
PORTS = ['"pg"', '"redis"', '"no"']
TEXTUAL = ["upper", "lower", "title", "trimspace", "chomp", "strrev", "tostring"]
STRINGS = ['""', '"a"', '"10.0.0.0/16"', '"5432"', '"true"', '"a-b-c"', '"Hello World"', '"  x "', '"tcp"', '"a\\nb"']
NUMBERS = ["0", "1", "2", "5432", "-1", "1.5", "100", "7", "0.25", "65535"]


class Generator:
    """Makes expressions of a wanted kind, at most so deep. One in twelve is of another kind on purpose."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.kinds: dict[str, Callable[[int], str]] = {
            "string": self.string,
            "number": self.number,
            "bool": self.bool,
            "list": self.list,
            "map": self.map,
        }

    def expression(self, depth: int = 3) -> str:
        """Any expression."""
        return self.of(self.random.choice(list(self.kinds)), depth)

    def of(self, kind: str, depth: int) -> str:
        """An expression of a kind."""
        if self.random.random() < 1 / 12:
            kind = self.random.choice(list(self.kinds))
            if self.random.random() < 0.2:
                return "null"
        if depth > 0 and self.random.random() < 0.12:
            return f"({self.of('bool', depth - 1)} ? {self.of(kind, depth - 1)} : {self.of(kind, depth - 1)})"
        if depth > 0 and self.random.random() < 0.05:
            return f"try({self.of(kind, depth - 1)}, {self.of(kind, depth - 1)})"
        return self.kinds[kind](depth)

    def pick(self, *makers: Callable[[], str]) -> str:
        return self.random.choice(makers)()

    def string(self, depth: int) -> str:
        """A string."""
        if depth <= 0:
            return self.random.choice([*STRINGS, "var.names[0]", "var.tags.env", 'var.ports["pg"].cidr', "var.nothing"])
        s, n, t, m = (partial(self.of, kind, depth - 1) for kind in ("string", "number", "list", "map"))
        return self.pick(
            lambda: f'"${{{s()}}}-${{{n()}}}"',
            lambda: f'"x${{{s()}}}"',
            lambda: (
                f"{self.random.choice(['upper', 'lower', 'title', 'trimspace', 'chomp', 'strrev', 'tostring'])}({s()})"
            ),
            lambda: f"core::upper({s()})",
            lambda: f"join({self.random.choice(SEPARATORS)}, {t()})",
            lambda: f"replace({s()}, {self.random.choice(STRINGS)}, {s()})",
            lambda: f"substr({s()}, {self.random.choice(['0', '1', '-2'])}, {self.random.choice(['1', '2', '-1'])})",
            lambda: f'format("%s:%d", {s()}, {n()})',
            lambda: f'format("%v/%v", {s()}, {n()})',
            lambda: 'cidrsubnet("10.0.0.0/8", ' + f"{self.random.choice(['8', '4', '0', '16'])}, {n()})",
            lambda: f'cidrhost("10.1.0.0/24", {n()})',
            lambda: f"coalesce({s()}, {s()})",
            lambda: f"{m()}[{self.random.choice(KEYS)}]",
            lambda: f'lookup({m()}, "a", {s()})',
            lambda: f"element({t()}, {n()})",
            lambda: f"trimprefix({s()}, {s()})",
            lambda: f"trimsuffix({s()}, {s()})",
            lambda: f'"%{{ if {self.of("bool", depth - 1)} }}${{{s()}}}%{{ else }}no%{{ endif }}"',
            lambda: f'"%{{ for x in {t()} }}<${{x}}>%{{ endfor }}"',
            lambda: f"jsonencode({self.expression(depth - 1)})",
            lambda: self.heredoc(depth),
            lambda: f'regex("[a-z]+", {s()})',
            lambda: f"indent(2, {s()})",
        )

    def number(self, depth: int) -> str:
        """A number."""
        if depth <= 0:
            return self.random.choice([*NUMBERS, "var.numbers[0]", 'var.ports["pg"].port', "var.ports.redis.port"])
        n, t, s = (partial(self.of, kind, depth - 1) for kind in ("number", "list", "string"))
        return self.pick(
            lambda: f"({n()} {self.random.choice('+-*/%')} {n()})",
            lambda: f"-({n()})",
            lambda: f"{self.random.choice(['--', '- -', '---'])}({n()})",
            lambda: f"length({t()})",
            lambda: f"length({s()})",
            lambda: f"length({self.of('map', depth - 1)})",
            lambda: f"{self.random.choice(['max', 'min'])}({n()}, {n()})",
            lambda: f"{self.random.choice(['abs', 'ceil', 'floor'])}({n()})",
            lambda: f"tonumber({s()})",
            lambda: f"sum({t()})",
            lambda: f"{t()}[{n()}]",
            lambda: f"index({t()}, {n()})",
            lambda: f"parseint({s()}, 10)",
        )

    def bool(self, depth: int) -> str:
        """A bool."""
        if depth <= 0:
            return self.random.choice(["true", "false", "var.on", "!var.on", '"true"'])
        n, t, s, b = (partial(self.of, kind, depth - 1) for kind in ("number", "list", "string", "bool"))
        any_ = self.random.choice(list(self.kinds))
        return self.pick(
            lambda: f"({n()} {self.random.choice(['<', '>', '<=', '>='])} {n()})",
            lambda: f"({self.of(any_, depth - 1)} {self.random.choice(['==', '!='])} {self.of(any_, depth - 1)})",
            lambda: f"({b()} {self.random.choice(['&&', '||'])} {b()})",
            lambda: f"!({b()})",
            lambda: f"{self.random.choice(['!!', '! !', '!!!'])}({b()})",
            lambda: f"core::can({self.expression(depth - 1)})",
            lambda: f"contains({t()}, {s()})",
            lambda: f"can({self.expression(depth - 1)})",
            lambda: f"{self.random.choice(['startswith', 'endswith', 'strcontains'])}({s()}, {s()})",
            lambda: f"{self.random.choice(['alltrue', 'anytrue'])}([{b()}, {b()}])",
            lambda: f"tobool({b()})",
            lambda: f"({self.expression(depth - 1)} == null)",
        )

    def heredoc(self, depth: int) -> str:
        """A heredoc with directives and strip markers, in parentheses."""
        left, right = self.random.choice(["", "~"]), self.random.choice(["", "~"])
        lines = [
            f"%{{ for x in {self.of('list', depth - 1)} {right}}}",
            f"  ${{{left}x{right}}} y",
            f"%{{{left} endfor {right}}}",
            self.random.choice(["", "  z", "    ${1 ~}", "  %{ if true ~}", "\t"]),
        ]
        if "%{ if" in lines[-1]:
            lines.append(f"    %{{ endif {right}}}")
        indent = self.random.choice(["", "  ", "    "])
        text = "".join(f"{indent}{line}\n" for line in lines)
        return f"(<<{self.random.choice(['', '-'])}E\n{text}E\n)"

    def list(self, depth: int) -> str:
        """A list, tuple or set."""
        if depth <= 0:
            return self.random.choice(
                ["[]", '["a", "b"]', "[1, 2, 3]", "var.names", "var.set", "var.numbers", '["x", 1]', "toset([])"]
            )
        n, t, s, m = (partial(self.of, kind, depth - 1) for kind in ("number", "list", "string", "map"))
        function = self.random.choice(
            ["tolist", "toset", "distinct", "compact", "sort", "reverse", "flatten", "tolist", "toset"]
        )
        return self.pick(
            lambda: f"[{s()}, {s()}]",
            lambda: f"[{n()}, {n()}, {n()}]",
            lambda: f"[{self.expression(depth - 1)}]",
            lambda: f"concat({t()}, {t()})",
            lambda: f"{function}({t()})",
            lambda: f"flatten([{t()}, {t()}])",
            lambda: f"[for x in {t()} : x]",
            lambda: f'[for x in {t()} : "${{x}}!" if x != "a"]',
            lambda: f"[for i, x in {t()} : i]",
            lambda: f"[for k, v in {m()} : k]",
            lambda: f"[for k, v in {m()} : v]",
            lambda: f"{t()}[*]",
            lambda: f"{m()}[*]",
            lambda: "values(var.ports)[*].port",
            lambda: f"keys({m()})",
            lambda: f"values({m()})",
            lambda: f'split(",", {s()})',
            lambda: f"range({n()})",
            lambda: f"slice({t()}, 0, {self.random.choice('012')})",
            lambda: f"setproduct({t()}, {t()})",
            lambda: f"{self.random.choice(['setunion', 'setintersection', 'setsubtract'])}({t()}, {t()})",
            lambda: f"coalescelist({t()}, {t()})",
            lambda: f'formatlist("%s-%s", {t()}, {s()})',
            lambda: f'regexall("[a-z0-9]+", {s()})',
            lambda: f"one({t()})[*]",
            lambda: f"[{m()}, {m()}].*.a",
            lambda: f"[{{ a = {t()} }}, {{ a = {t()} }}].*.a.{self.random.choice('01')}",
            lambda: f"[{{ a = {t()} }}, {{ a = {t()} }}][*].a[{self.random.choice('01')}]",
            lambda: f"[[{t()}], [{t()}]].*.0",
        )

    def map(self, depth: int) -> str:
        """A map or object."""
        if depth <= 0:
            return self.random.choice(["{}", "{ a = 1 }", '{ a = "x", b = 2 }', "var.tags", "var.ports", "var.loose"])
        n, t, s, m = (partial(self.of, kind, depth - 1) for kind in ("number", "list", "string", "map"))
        return self.pick(
            lambda: f"{{ a = {s()}, b = {n()} }}",
            lambda: f"{{ a = {self.expression(depth - 1)} }}",
            lambda: f"{{ ({s()}) = {n()} }}",
            lambda: f"merge({m()}, {m()})",
            lambda: f"merge([for x in {t()} : {m()}]...)",
            lambda: f"tomap({m()})",
            lambda: f"zipmap({t()}, {t()})",
            lambda: f"{{ for k, v in {m()} : k => v }}",
            lambda: f'{{ for k, v in {m()} : "${{k}}x" => v if k != "a" }}',
            lambda: f"{{ for x in {t()} : x => length(x)... }}",
            lambda: f"{{ for x in {t()} : x => x }}",
            lambda: "{ for k, v in var.ports : v.port => k... }",
            lambda: f"jsondecode(jsonencode({m()}))",
            lambda: f"var.ports[{self.random.choice(PORTS)}]",
        )
