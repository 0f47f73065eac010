"""Runs checks so that an error in one of them costs the object that it failed on, and never the run.

What the check reported before stays, the other checks go on, and the object that it cannot judge is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from tools.findings.faults import fault, reveal
from tools.findings.model import Check, Finding, Problem, Where, rule_id, run
from tools.policies.cluster import Cluster

Subject = TypeVar("Subject")


def guarded(checks: Iterable[Check[Subject]], subject: Subject, where: Where = Where("")) -> Iterator[Finding]:
    """What the checks find; one that fails is a fault at `where`."""
    for check in checks:
        findings, error = _attempt(check, subject)
        yield from findings
        if error:
            yield failure(rule_id(check), where, error)


def over_objects(checks: Iterable[Check[Cluster]], cluster: Cluster) -> Iterator[Finding]:
    """What the checks find in a cluster. A check that fails on some objects is a fault there, and judges the others."""
    for check in checks:
        findings, error = _attempt(check, cluster)
        yield from _apart(check, cluster, error) if error else findings


def failure(rule: str, where: Where, error: Exception) -> Finding:
    """A rule that could not judge what stands there."""
    return Finding(rule, Problem(where, f"not judged by this rule: {fault(error)}"), fault=True)


def _apart(check: Check[Cluster], cluster: Cluster, error: Exception) -> Iterator[Finding]:
    """The objects that the check fails on by themselves, and what it says of the rest."""
    rest = []
    if _attempt(check, replace(cluster, manifests=()))[1] is None:
        for manifest in cluster.manifests:
            alone = _attempt(check, replace(cluster, manifests=(manifest,)))[1]
            if alone is None:
                rest.append(manifest)
            else:
                yield failure(rule_id(check), manifest.where(), alone)
    findings, together = _attempt(check, replace(cluster, manifests=tuple(rest)))
    yield from findings
    if together or not rest:
        place = cluster.manifests[0].where() if cluster.manifests else Where("")
        yield failure(rule_id(check), replace(place, line=0), together or error)


def _attempt(check: Check[Subject], subject: Subject) -> tuple[list[Finding], Exception | None]:
    findings: list[Finding] = []
    try:
        findings.extend(run((check,), subject))
    except Exception as error:
        reveal(error)
        return findings, error
    return findings, None
