"""Judges evaluated modules: every rule, less what comments switch off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from tools import suppress
from tools.checks import terraform, terraform_source
from tools.checks.terraform_comments import suppressions
from tools.model import Finding, run
from tools.terraform.model import Module

CHECKS = (*terraform_source.CHECKS, *terraform.CHECKS)


def lint(modules: Iterable[Module], today: date, known: frozenset[str]) -> tuple[Finding, ...]:
    """The findings over root modules, each once, however many roots have it. `known` are the rules there are."""
    modules = tuple(modules)
    written = in_comments(modules, today, known)
    found = dict.fromkeys(finding for module in modules for finding in run(CHECKS, module))
    return (*suppress.apply(found, written), *dict.fromkeys(suppress.judge(written)))


def in_comments(modules: Sequence[Module], today: date, known: frozenset[str]) -> suppress.Suppressions:
    """What the comments of the modules switch off."""
    items = dict.fromkeys(item for module in modules for item in suppressions(module))
    return suppress.Suppressions(tuple(items), today, known)
