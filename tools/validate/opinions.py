"""Opinions of this project about policies, which are notes where a chart is somebody else's.

Another chart's policies may be open on purpose: an ingress controller is there for everyone, and a database's chart
leaves egress to whoever installs it. What is a fault under the Kubernetes API stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tools.findings.model import Finding, Severity

OPINIONS = frozenset(
    {
        "openings-carry-a-reason",
        "egress-leaves-out-private-addresses",
        "metadata-is-unreachable",
        # Which servers a cluster's DNS is, its owner knows; the chart of a database does not.
        "dns-egress-is-pinned",
    }
)


def tempered(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, with opinions as notes."""
    for finding in findings:
        if finding.rule in OPINIONS and not finding.fault:
            finding = replace(finding, problem=replace(finding.problem, severity=Severity.NOTE))
        yield finding
