"""Checks root modules against a chart's values: managed databases and caches, and the security groups of EKS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from tools.findings import suppress
from tools.findings.model import Finding, run
from tools.render.values import Values
from tools.terraform.clouds.chart import Layers
from tools.terraform.lint import in_comments
from tools.terraform.rules import eks, managed_stores

CHECKS = (*managed_stores.CHECKS, *eks.CHECKS)


def findings(
    subject: Layers,
    values: Values,
    suppressions: Iterable[suppress.Suppression],
    today: date,
    known: frozenset[str],
) -> tuple[Finding, ...]:
    """The findings over roots and the values of an environment, without those that are switched off in either."""
    written = in_comments(tuple(subject.roots.values()), today, known)
    off = suppress.Suppressions((*written.items, *suppressions), today, known)
    return suppress.apply(dict.fromkeys(in_values_files(run(CHECKS, subject), values)), off)


def in_values_files(findings: Iterator[Finding], values: Values) -> Iterator[Finding]:
    """The findings; those about the values files get the line of their path there."""
    for finding in findings:
        where = finding.problem.where
        if where.line or not where.path:
            yield finding
        else:
            yield replace(finding, problem=replace(finding.problem, where=values.where(where.path)))
