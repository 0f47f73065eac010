"""Directories as they evaluate: instances, blocks, modules, variables, and what is not known."""

from collections.abc import Mapping
from typing import Any

import pytest

from tools.findings.model import Where
from tools.terraform.language.model import Module, UnknownValue
from tools.terraform.language.values import from_data
from tools.terraform.modules import tfvars
from tools.terraform.modules.read import evaluate_text

DECLARED, EVALUATES, THERE = (
    f"terraform-{name}" for name in ("references-are-declared", "expressions-evaluate", "modules-are-there")
)


def module(text: str | Mapping[str, str], **values: Any) -> Module:
    given = tfvars.TfvarsFile("v.tfvars", {name: (item, Where("v.tfvars", name, 1)) for name, item in values.items()})
    return evaluate_text({"main.tf": text} if isinstance(text, str) else text, given=(given,))


def faults(module: Module) -> list[tuple[str, str, int, str]]:
    return [
        (fault.kind, fault.problem.where.file, fault.problem.where.line, fault.problem.message)
        for inner in module.walk()
        for fault in inner.faults
    ]


def addresses(module: Module) -> list[str]:
    return [resource.address for resource in module.everything()]


PORTS = """
variable "ports" {
  type = map(object({
    port = number
    cidr = optional(string, "10.0.0.0/8")
  }))
  default = { pg = { port = "5432" }, redis = { port = 6379, cidr = "10.1.0.0/16" } }
}
"""


def test_for_each_and_dynamic_blocks() -> None:
    root = module(
        PORTS
        + """
resource "aws_a" "r" {
  for_each = var.ports
  port     = each.value.port
  name     = "sark-${each.key}"
}
resource "aws_b" "g" {
  dynamic "ingress" {
    for_each = var.ports
    iterator = it
    content {
      port  = it.value.port
      cidrs = [it.value.cidr,
        "10.2.0.0/16"]
    }
  }
  ingress {
    port = 1
  }
}
"""
    )
    assert faults(root) == []
    assert addresses(root) == ['aws_a.r["pg"]', 'aws_a.r["redis"]', "aws_b.g"]
    assert [resource.body.data("port") for resource in root.everything("aws_a")] == [5432, 6379]
    [group] = root.everything("aws_b")
    assert [value.data for value in group.body.find("ingress.port")] == [5432, 6379, 1]
    [first, _] = group.body.find("ingress.cidrs")
    assert [(item.data, item.where.line) for item in first.items()] == [("10.0.0.0/8", 21), ("10.2.0.0/16", 22)]
    assert (group.where.line, group.end) == (15, 28)


def test_count() -> None:
    root = module('resource "a" "x" {\n  count = 2\n  n = count.index\n}\nresource "a" "y" {\n  count = 0\n}\n')
    assert addresses(root) == ["a.x[0]", "a.x[1]"]
    assert [resource.body.data("n") for resource in root.everything()] == [0, 1]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("count = -1", "count needs a whole number, 0 or more"),
        ('count = "x"', "count needs a whole number, 0 or more"),
        ('for_each = ["a"]', "for_each needs a map or a set of strings, and this is a tuple; write toset(…)"),
        ("for_each = null", "for_each needs a map or a set of strings"),
    ],
)
def test_instances_that_terraform_refuses(setting: str, message: str) -> None:
    root = module(f'resource "a" "x" {{\n  {setting}\n}}\n')
    assert faults(root) == [(EVALUATES, "main.tf", 2, message)]
    assert [resource.doubt is not None for resource in root.everything()] == [True]


def test_instances_that_are_not_known() -> None:
    root = module(
        'variable "c" {\n  type = set(string)\n}\nresource "a" "x" {\n  for_each = var.c\n  v = each.value\n}\n'
    )
    [resource] = root.everything()
    assert (resource.address, resource.doubt) == ("a.x[?]", UnknownValue("var.c has no value", frozenset({"var.c"})))
    assert isinstance(resource.body.data("v"), UnknownValue)


def test_values_from_tfvars_are_of_the_variables_type() -> None:
    text = 'variable "c" {\n  type = set(string)\n}\nresource "a" "x" {\n  for_each = var.c\n}\n'
    assert addresses(module(text, c=from_data(["b", "a", "b"]))) == ['a.x["a"]', 'a.x["b"]']
    refused = module(text, c=from_data({"a": 1}))
    assert faults(refused) == [(EVALUATES, "v.tfvars", 1, "var.c: a set is needed, but this is an object")]


def test_automatic_tfvars() -> None:
    module = evaluate_text(
        {
            "main.tf": 'variable "a" {}\nvariable "b" {}\nvariable "c" {}\n',
            "terraform.tfvars": 'a = "1"\nb = "1"\n',
            "x.auto.tfvars.json": '{"b": 2}',
            "y.auto.tfvars": "# c\nc = [1,\n  2]\nd = file(1)\n",
        }
    )
    values = {name: (variable.value.data, variable.value.where) for name, variable in module.variables.items()}
    assert values == {
        "a": ("1", Where("terraform.tfvars", "a", 1)),
        "b": (2, Where("x.auto.tfvars.json", "b", 1)),
        "c": ((1, 2), Where("y.auto.tfvars", "c", 2)),
    }
    assert faults(module) == [
        (
            "terraform-is-readable",
            "y.auto.tfvars",
            4,
            "file(…) is not a constant; a tfvars file can hold only constants",
        )
    ]


CHILD = """
variable "cidr" {
  type = string
  validation {
    condition     = can(cidrsubnet(var.cidr, 0, 0))
    error_message = "A CIDR, please."
  }
}
variable "more" {
  type    = list(string)
  default = []
}
resource "aws_rule" "r" {
  for_each = toset(concat([var.cidr], var.more))
  cidr     = each.value
}
resource "aws_group" "g" {}
output "id" { value = aws_group.g.id }
output "path" { value = path.module }
output "cidrs" { value = [var.cidr] }
"""


def test_modules_are_evaluated_with_their_inputs() -> None:
    root = module(
        {
            "main.tf": """
locals { base = "10.0.0.0/8" }
module "net" {
  for_each = { a = 1, b = 2 }
  source   = "./net"
  cidr     = cidrsubnet(local.base, 8, each.value)
}
resource "aws_x" "y" {
  group = module.net["a"].id
  cidrs = flatten([for one in module.net : one.cidrs])
  path  = module.net["b"].path
}
""",
            "net/main.tf": CHILD,
        }
    )
    assert faults(root) == []
    assert addresses(root) == [
        "aws_x.y",
        'module.net["a"].aws_rule.r["10.1.0.0/16"]',
        'module.net["a"].aws_group.g',
        'module.net["b"].aws_rule.r["10.2.0.0/16"]',
        'module.net["b"].aws_group.g',
    ]
    [resource] = root.everything("aws_x")
    group = resource.body.data("group")
    assert (group.refs, group.bare) == (frozenset({'module.net["a"].aws_group.g.id'}), True)
    assert resource.body.data("cidrs") == ("10.1.0.0/16", "10.2.0.0/16")
    assert resource.body.data("path") == "net"


def test_a_validation_that_fails_is_reported_where_the_value_is() -> None:
    call = 'module "net" {\n  source = "./net"\n  cidr   = "10.0.0.0/33"\n}\n'
    root = module({"main.tf": call, "net/main.tf": CHILD})
    message = "var.cidr fails its validation: A CIDR, please."
    assert faults(root) == [(EVALUATES, "main.tf", 3, message)]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"main.tf": 'module "m" {\n  source = "./m"\n}\n'},
            (THERE, "main.tf", 2, "there is no Terraform at ./m"),
        ),
        (
            {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/a.tf": 'module "n" {\n  source = "../m"\n}\n'},
            (THERE, "m/a.tf", 2, "module n calls itself: ../m is this module, or one that calls it"),
        ),
        (
            {"main.tf": 'module "m" {\n  source = "./m"\n  x = 1\n}\n', "m/a.tf": "locals {}\n"},
            (DECLARED, "main.tf", 3, "the module at m has no variable x"),
        ),
        (
            {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/a.tf": 'variable "y" {}\n'},
            (DECLARED, "main.tf", 1, "module m is not given y, which has no default"),
        ),
        (
            {"main.tf": "locals {\n  a = local.b\n  b = [local.c]\n  c = local.a\n}\n"},
            (EVALUATES, "main.tf", 4, "a cycle: local.a → local.b → local.c → local.a; break it"),
        ),
        (
            {
                "main.tf": 'module "m" {\n  source = "./m"\n  x = module.m.y\n}\n',
                "m/a.tf": 'variable "x" {}\noutput "y" {\n  value = var.x\n}\n',
            },
            (EVALUATES, "main.tf", 3, "the output y of module.m depends on itself; break the cycle"),
        ),
        ({"main.tf": "locals {\n  a = var.x\n}\n"}, (DECLARED, "main.tf", 2, "var.x is not declared")),
        ({"main.tf": "locals {\n  a = aws_x.y.id\n}\n"}, (DECLARED, "main.tf", 2, "aws_x.y is not declared")),
        ({"main.tf": "locals {\n  a = data.aws_x.y.id\n}\n"}, (DECLARED, "main.tf", 2, "data.aws_x.y is not declared")),
        (
            {"main.tf": "locals {\n  a = [tcp]\n}\n"},
            (DECLARED, "main.tf", 2, "`tcp` is not a reference; write text in quotes"),
        ),
        (
            {"main.tf": 'resource "a" "b" {\n  c = each.key\n}\n'},
            (DECLARED, "main.tf", 2, "each is defined only in a block with for_each"),
        ),
        (
            {"main.tf": "locals {\n  a = [1, 2][2]\n}\n"},
            (EVALUATES, "main.tf", 2, "there is no element 2 in a list of 2"),
        ),
        (
            {"main.tf": 'variable "p" {\n  type = number\n  default = "x"\n}\n'},
            (EVALUATES, "main.tf", 1, "a number is needed, but this string is not one"),
        ),
        (
            {"main.tf": 'variable "p" {\n  type = strin\n}\n'},
            (
                EVALUATES,
                "main.tf",
                2,
                "this is not a type; write string, number, bool, any, list(…), set(…), map(…) or object({…})",
            ),
        ),
    ],
    ids=range(14),
)  # fmt: skip
def test_faults(files: Mapping[str, str], expected: tuple[str, str, int, str]) -> None:
    assert faults(module(files)) == [expected]


def test_files_are_read_where_they_are() -> None:
    root = module(
        {
            "main.tf": """
locals {
  ports = yamldecode(file("${path.module}/values.yaml")).ports
  none  = file("none")
}
""",
            "values.yaml": "ports: {pg: 5432}\n",
        }
    )
    assert root.locals["ports"].value.data == {"pg": 5432}
    assert root.locals["none"].value.unknown == UnknownValue("none: it does not exist")


def test_what_is_not_in_the_tree_is_unknown() -> None:
    root = module(
        'module "m" {\n  source = "a/b/c"\n}\ndata "x" "y" {}\nlocals {\n  a = module.m.id\n  b = data.x.y.z\n}\n'
    )
    assert faults(root) == []
    assert [sorted(root.locals[name].value.data.refs) for name in "ab"] == [["module.m.id"], ["data.x.y.z"]]


def test_what_a_module_says_of_itself() -> None:
    root = module(
        """
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}
provider "aws" {
  alias = "west"
}
variable "v" {
  description = "Some."
  type        = map(object({ port = number, tags = optional(list(string), []) }))
  nullable    = false
}
locals { a = [for k, v in var.v : local.b[k].port if v != aws_x.y.id] }
"""
    )
    requirement = root.requirements["aws"]
    assert (requirement.source, requirement.version, requirement.where.line) == ("hashicorp/aws", ">= 6.0", 5)
    assert root.required_version is not None
    assert root.required_version.data == ">= 1.9"
    assert [(provider.name, provider.alias) for provider in root.providers] == [("aws", "west")]
    variable = root.variables["v"]
    assert (variable.type, variable.description, variable.nullable, variable.default) == (
        "map(object({ port = number, tags = optional(list(string), []) }))", "Some.", False, None,
    )  # fmt: skip
    assert {"var.v", "local.b", "aws_x.y.id"} <= root.references
