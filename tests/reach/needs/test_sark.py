"""SARK's own manifests, as its repository publishes them, beside the chart: clean with the defaults, and with less open
their needs are told.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.reach.needs.renders import RULES, findings, of_needs, rendered
from tests.work import lines
from tools.findings.model import Finding, Manifest, Severity, run
from tools.findings.stages import checks
from tools.manifests.files import objects
from tools.policies.cluster import Cluster
from tools.render.own import CHART

# A checkout of SARK, or its directory k8s, is named by this variable.
CHECKOUT = Path(os.environ.get("SARK") or "no-checkout")
OTHER = CHECKOUT if (CHECKOUT / "base").is_dir() else CHECKOUT / "k8s"
BASE = OTHER / "base"
LAYOUT = (CHART / "ci" / "app-sark-values.yaml").read_text("utf-8")
pytestmark = pytest.mark.skipif(not BASE.is_dir(), reason="no checkout of SARK: name one in $SARK")


def base() -> tuple[Manifest, ...]:
    """SARK's first layout, with OPA."""
    return objects([str(BASE)])


def other() -> tuple[Manifest, ...]:
    """SARK's second layout, whose objects name no namespace."""
    return objects([str(OTHER / f"{name}.yaml") for name in ("deployment", "service", "ingress", "configmap")])


def placed(findings: tuple[Finding, ...]) -> set[tuple[str, str, str]]:
    """What the rules of needs say: rule, file, place."""
    return {
        (finding.rule, Path(finding.problem.where.file).name, finding.problem.where.path)
        for finding in findings
        if finding.rule in RULES
    }


def test_sark_as_shipped_is_clean_with_the_defaults() -> None:
    shipped = findings("", base())
    assert placed(shipped) == set()
    assert [finding for finding in shipped if finding.problem.severity is not Severity.NOTE] == []


@pytest.mark.parametrize("environment", ["staging", "production", "full"])
def test_sark_as_shipped_needs_no_more_than_the_environments_open(environment: str) -> None:
    values = (CHART / "ci" / f"{environment}-values.yaml").read_text("utf-8")
    assert placed(findings(values, base())) == set()


def test_sark_s_other_layout_needs_nothing_more() -> None:
    assert placed(findings(LAYOUT, other())) == set()


def test_without_the_frontend_sark_never_starts() -> None:
    assert placed(findings("frontend: {enabled: false}", base())) == {
        (
            "called-services-are-reachable",
            "frontend-deployment.yaml",
            "spec.template.spec.initContainers[0].args[0]",
        ),
        (
            "scraped-ports-are-open",
            "frontend-deployment.yaml",
            'spec.template.metadata.annotations["prometheus.io/port"]',
        ),
        ("ingress-backends-are-open", "frontend-ingress.yaml", "spec.rules[0].http.paths[1].backend.service"),
        ("service-ports-are-open", "frontend-service.yaml", "spec.ports[1]"),
    }


def test_the_init_container_s_message_says_what_to_write() -> None:
    messages = dict(of_needs("frontend: {enabled: false}", base()))
    assert messages["called-services-are-reachable"] == (
        "init container wait-for-api calls sark-api:8000, which is TCP 8000 of Deployment sark/sark-api; policies "
        "allow neither egress from Deployment sark/sark-frontend to it nor ingress there; write an egress rule here "
        "and an ingress rule there; in the chart's values `calls` or `callers` of a part opens both ends"
    )


def test_stores_that_nobody_gave_are_judged_by_their_services() -> None:
    closed = "database: {ports: {postgresql: 5433}}\ncache: {ports: {redis: 6380}}"
    assert placed(findings(closed, base())) == {
        ("called-services-are-reachable", "deployment.yaml", "spec.template.spec.initContainers[0].args[0]"),
        ("called-services-are-reachable", "deployment.yaml", "spec.template.spec.initContainers[1].args[0]"),
    }


def test_metrics_where_sark_serves_them() -> None:
    layout = LAYOUT.replace("{ports: [http]}", "{ports: [metrics]}")
    assert layout != LAYOUT
    assert placed(findings(layout, other())) == {
        (
            "scraped-ports-are-open",
            "deployment.yaml",
            'spec.template.metadata.annotations["prometheus.io/port"]',
        )
    }


def test_what_no_proxy_does_not_name_goes_to_the_proxy() -> None:
    values = """
egress:
  internal:
    - {name: tickets.corp.example, cidrs: [10.20.0.0/28], ports: [8080], protocol: http, owner: a, reason: b}
kong: {services: [kong]}
"""
    assert placed(findings(values, base())) == {
        ("cluster-names-go-past-the-proxy", "configmap.yaml", "data.KONG_ADMIN_URL"),
        ("cluster-names-go-past-the-proxy", "configmap.yaml", "data.KONG_PROXY_URL"),
    }


def test_needs_cost_little() -> None:
    cluster = Cluster(rendered(""), base(), given=True)
    own = [check for check in checks("policies") if check.__name__.replace("_", "-") in RULES]
    assert lines(lambda: list(run(own, cluster))) < 1_000_000
