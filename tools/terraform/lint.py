"""Runs every rule over evaluated modules, and leaves out what comments switch off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from tools.findings import suppress
from tools.findings.model import Finding, rule_id, run
from tools.terraform.language.model import Module
from tools.terraform.rules import comments, registry, source
from tools.terraform.rules.comments import suppressions
from tools.terraform.rules.defaults import Defaults
from tools.terraform.rules.opinions import deduplicated, softened

CHECKS = (*source.CHECKS, *registry.CHECKS, *comments.CHECKS)
# Receives which rule failed over which directory, and its error.
Failed = Callable[[str, Exception], None]


def lint(modules: Iterable[Module], today: date, known: frozenset[str]) -> tuple[Finding, ...]:
    """The findings over root modules, each once, however many roots have it. `known`: the ids of all rules."""
    modules = tuple(modules)
    written = in_comments(modules, today, known)
    findings = dict.fromkeys(finding for module in modules for finding in run(CHECKS, module))
    return (*suppress.apply(findings, written), *dict.fromkeys(suppress.judge(written)))


def lint_others(
    modules: Iterable[Module], today: date, known: frozenset[str], failed: Failed | None = None
) -> tuple[Finding, ...]:
    """The same over trees that are not this project's: one finding for a cause, and opinions as notes.

    A rule that fails over a module has no findings there, and `failed` gets its error; without `failed` it is raised.
    """
    modules = tuple(modules)
    written = in_comments(modules, today, known)
    findings = dict.fromkeys(softened(finding) for module in modules for finding in _findings(module, failed))
    return (*deduplicated(suppress.apply(findings, written)), *dict.fromkeys(suppress.judge(written)))


def _findings(module: Module, failed: Failed | None) -> Iterator[Finding]:
    defaults = Defaults(module)
    for check in CHECKS:
        try:
            findings = list(run((check,), module))
        except Exception as error:
            if failed is None:
                raise
            failed(f"{rule_id(check)} over {module.directory}", error)
            continue
        yield from map(defaults.as_note, findings)


def in_comments(modules: Sequence[Module], today: date, known: frozenset[str]) -> suppress.Suppressions:
    """What the comments of the modules switch off."""
    items = dict.fromkeys(item for module in modules for item in suppressions(module))
    return suppress.Suppressions(tuple(items), today, known)
