"""What the tests of needs share: the chart with some values, and what the rules of needs say of it beside workloads."""

from __future__ import annotations

import asyncio
from functools import cache

from tools.findings.model import Finding, Manifest, run
from tools.findings.stages import checks
from tools.manifests.documents import manifests, parse
from tools.manifests.files import mapping
from tools.policies.cluster import Cluster
from tools.reach.needs.roles import roles
from tools.render.merge import overlay
from tools.render.own import CHART
from tools.render.template import render

CHECKS = checks("policies")
# The rules that compare what manifests say with what policies open.
RULES = frozenset(
    (
        *("called-services-are-reachable", "called-hosts-are-reachable", "cluster-names-go-past-the-proxy"),
        *("ingress-backends-are-open", "scraped-ports-are-open", "service-ports-are-open"),
        "connections-are-open-at-both-ends",
    )
)


@cache
def rendered(values: str) -> tuple[Manifest, ...]:
    """The chart's objects with values, given as YAML."""
    body = parse(values, "values").documents
    text = asyncio.run(render(CHART, body[0].body if body else {}))
    return manifests(parse(text, "render"), "render")


def findings(values: str, workloads: tuple[Manifest, ...]) -> tuple[Finding, ...]:
    """What the policies stage says."""
    body = parse(values, "values").documents
    whole = overlay(mapping(CHART / "values.yaml"), body[0].body if body else {})
    return tuple(run(CHECKS, Cluster(rendered(values), workloads, given=True, roles=roles(whole))))


def of_needs(values: str, workloads: tuple[Manifest, ...]) -> list[tuple[str, str]]:
    """What the rules of needs say: rule and message."""
    return [(one.rule, one.problem.message) for one in findings(values, workloads) if one.rule in RULES]
