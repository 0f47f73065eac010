"""Checks of Terraform's text and names: the faults that the reader and the evaluator came upon."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity, rule_id
from tools.terraform.language.model import Module


def terraform_is_readable(module: Module) -> Iterator[Problem]:
    """Terraform files parse: HCL or JSON, in UTF-8, of at most 1 MiB.

    An attribute that cannot be parsed is unknown, and the rest is judged, so that one fault hides no other; each has
    its line and column. Whatever Terraform refuses is an error: the brace of a block on the next line, two attributes
    on one line, a line that starts with an operator. Override files are merged, and what they override must be there.
    Source: HCL's native syntax specification, and Terraform's JSON configuration syntax.
    """
    yield from _faults(module, terraform_is_readable)


def terraform_names_are_unique(module: Module) -> Iterator[Problem]:
    """An attribute is set once in a block, and a name is declared once in a module.

    Parsers other than Terraform's silently keep the last value, so that a linter may pass what Terraform refuses.
    Keep one of the two.
    Source: Terraform refuses both ("Attribute redefined", "Duplicate … configuration").
    """
    yield from _faults(module, terraform_names_are_unique)


def terraform_references_are_declared(module: Module) -> Iterator[Problem]:
    """A reference names a variable, local, module or resource that its module declares.

    A module call sets each variable without a default, and no variable that the module does not declare. Declare it,
    or correct the name; text stands in quotes.
    Source: `terraform validate`.
    """
    yield from _faults(module, terraform_references_are_declared)


def terraform_expressions_evaluate(module: Module) -> Iterator[Problem]:
    """An expression can be evaluated, and a value passes its variable's type and validation.

    Found with the defaults, the tfvars files and what module calls pass: a function that refuses its arguments, an
    index that is not there, null in a string, locals that form a cycle. What is not known is not a fault, and what a
    module's defaults alone decide, which its callers may replace, is a note.
    Source: Terraform's expression language.
    """
    yield from _faults(module, terraform_expressions_evaluate)


def terraform_modules_are_there(module: Module) -> Iterator[Problem]:
    """A directory that is named or called (`./`, `../`) holds Terraform, and no module calls itself.

    Write the path as it is from the file that calls. Modules of registries and repositories are not fetched, and
    nothing is followed out of the directories that were named (`--within` names more); their outputs are unknown.
    Source: `terraform init`.
    """
    yield from _faults(module, terraform_modules_are_there)


def _faults(module: Module, check: Check[Module]) -> Iterator[Problem]:
    kind = rule_id(check)
    for inner_module in module.walk():
        for fault in inner_module.faults:
            if fault.kind == kind:
                yield fault.problem


CHECKS: tuple[Check[Module], ...] = (
    terraform_is_readable,
    terraform_names_are_unique,
    terraform_references_are_declared,
    terraform_expressions_evaluate,
    terraform_modules_are_there,
)
SEVERITIES: Severities = {
    terraform_expressions_evaluate: (Severity.ERROR, Severity.NOTE),
    terraform_modules_are_there: (Severity.ERROR, Severity.NOTE),
}
