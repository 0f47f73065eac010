"""Fixtures of pytest for whoever tests a chart of policies: what it renders, who reaches whom, what is found.

    def test_nobody_but_the_gateway_reaches_the_database(sark_reachability):
        world = sark_reachability("production")
        assert world.explain(world.peer("sark-frontend"), world.peer("sark-database"), 5432).verdict == "denied"

An environment is a file `ci/NAME-values.yaml` of the chart, which is the project's own unless `--sark-chart` names one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tools.findings.model import Finding, Manifest
from tools.manifests.documents import manifests, parse
from tools.manifests.files import mapping
from tools.reach.world import World
from tools.render.chart import Chart, chart
from tools.render.own import CHART
from tools.render.template import render
from tools.validate.command import judged

Rendered = Callable[[str], tuple[Manifest, ...]]
Reachability = Callable[[str], World]
Findings = Callable[[str], tuple[Finding, ...]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The chart is the one thing that a test session has to name."""
    parser.addoption("--sark-chart", metavar="DIR", type=Path, default=CHART, help="the chart of the sark_ fixtures")


@pytest.fixture(scope="session")
def sark_chart(request: pytest.FixtureRequest) -> Chart:
    """The chart: its directory, environments, values and workloads."""
    return chart(request.config.getoption("--sark-chart"))


@pytest.fixture(scope="session")
def sark_rendered_text(sark_chart: Chart) -> Callable[[str], str]:
    """An environment's name -> what Helm prints for it."""

    @cache
    def text(environment: str) -> str:
        return asyncio.run(render(sark_chart.path, mapping(sark_chart.environments[environment])))

    return text


@pytest.fixture(scope="session")
def sark_rendered(sark_chart: Chart, sark_rendered_text: Callable[[str], str]) -> Rendered:
    """An environment's name -> its objects."""

    @cache
    def objects(environment: str) -> tuple[Manifest, ...]:
        return manifests(parse(sark_rendered_text(environment), environment), environment, sark_chart.name)

    return objects


@pytest.fixture(scope="session")
def sark_reachability(sark_chart: Chart, sark_rendered: Rendered) -> Reachability:
    """An environment's name -> the judge of who reaches whom in it, the chart's ci/workloads.yaml among its objects."""

    @cache
    def world(environment: str) -> World:
        return World((*sark_rendered(environment), *(sark_chart.workloads or ())), namespace="sark")

    return world


@pytest.fixture(scope="session")
def sark_findings(sark_chart: Chart) -> Findings:
    """An environment's name -> what the validator finds in it; a test fails where a stage of it could not run."""

    @cache
    def findings(environment: str) -> tuple[Finding, ...]:
        stages = judged(["--chart", str(sark_chart.path), "--env", environment]).stages
        if lost := [f"{stage.name}: {stage.skipped}" for stage in stages if stage.skipped and not stage.excused]:
            pytest.fail(f"{environment} could not be judged: {'; '.join(lost)}")
        return tuple(finding for stage in stages for finding in stage.findings)

    return findings
