"""Fixtures of pytest for whoever tests a chart of policies: what it renders, who reaches whom, what is found.

    def test_nobody_but_the_gateway_reaches_the_database(sark_reachability):
        world = sark_reachability("production")
        assert world.explain(world.peer("sark-frontend"), world.peer("sark-database"), 5432).verdict == "denied"

An environment is a file `ci/NAME-values.yaml` of the chart. Which chart: `--sark-chart DIR`; else `sark_chart` of
pytest's configuration file, taken from where that file is; else the project's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from tools.findings.errors import InputError
from tools.findings.model import Finding, Manifest
from tools.manifests.documents import manifests, parse
from tools.manifests.files import mapping
from tools.reach.world import World
from tools.render.chart import Chart, chart
from tools.render.helm import HelmError
from tools.render.helm_errors import RenderError
from tools.render.own import CHART
from tools.render.pulled import reference
from tools.render.template import render
from tools.validate.command import judged

Answer = TypeVar("Answer")
Rendered = Callable[[str], tuple[Manifest, ...]]
Reachability = Callable[[str], World]
Findings = Callable[[str], tuple[Finding, ...]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The chart is the one thing that a test session has to name."""
    parser.addoption("--sark-chart", metavar="DIR", type=Path, help="the chart of the sark_ fixtures")
    parser.addini("sark_chart", "the chart of the sark_ fixtures, from where this file is", type="string", default="")


@pytest.fixture(scope="session")
def sark_chart(pytestconfig: pytest.Config) -> Chart:
    """The chart: its directory, environments, values and workloads."""
    __tracebackhide__ = True
    named, written = pytestconfig.getoption("--sark-chart"), pytestconfig.getini("sark_chart")
    folder = pytestconfig.inipath.parent if pytestconfig.inipath else pytestconfig.rootpath
    try:
        if named:
            return chart(_absolute(named, pytestconfig.invocation_params.dir))
        return chart(_absolute(Path(written), folder)) if written else chart(CHART)
    except InputError as error:
        pytest.fail(str(error).replace("--chart DIR", "--sark-chart DIR"), pytrace=False)


def _absolute(path: Path, folder: Path) -> Path:
    """The same chart from every directory: a test may change the current one before the chart is read."""
    return path if reference(path) else (folder / path).resolve()


@pytest.fixture(scope="session")
def sark_rendered_text(sark_chart: Chart) -> Callable[[str], str]:
    """An environment's name -> what Helm prints for it."""

    @cache
    def text(environment: str) -> str:
        __tracebackhide__ = True
        file = _values_file(sark_chart, environment)
        try:
            return _apart(lambda: asyncio.run(render(sark_chart.path, mapping(file))))
        except (InputError, HelmError, RenderError) as error:
            pytest.fail(f"{environment} does not render: {error}", pytrace=False)

    return text


def _values_file(judged_chart: Chart, environment: str) -> Path:
    """The values file of an environment; a test that names another fails."""
    __tracebackhide__ = True
    known = judged_chart.environments
    if environment not in known:
        there = ", ".join(known) or "none: it has no ci/NAME-values.yaml"
        pytest.fail(f"{judged_chart.name} has no environment {environment}; there are {there}", pytrace=False)
    return known[environment]


def _apart(work: Callable[[], Answer]) -> Answer:
    """What some work gives, which begins a loop of its own: beside one that runs, as in an async test, in a thread."""
    __tracebackhide__ = True
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


@pytest.fixture(scope="session")
def sark_rendered(sark_chart: Chart, sark_rendered_text: Callable[[str], str]) -> Rendered:
    """An environment's name -> its objects."""

    @cache
    def objects(environment: str) -> tuple[Manifest, ...]:
        __tracebackhide__ = True
        return manifests(parse(sark_rendered_text(environment), environment), environment, sark_chart.name)

    return objects


@pytest.fixture(scope="session")
def sark_reachability(sark_chart: Chart, sark_rendered: Rendered) -> Reachability:
    """An environment's name -> the judge of who reaches whom in it, the chart's ci/workloads.yaml among its objects."""

    @cache
    def world(environment: str) -> World:
        __tracebackhide__ = True
        return World((*sark_rendered(environment), *(sark_chart.workloads or ())), namespace="sark")

    return world


@pytest.fixture(scope="session")
def sark_findings(sark_chart: Chart) -> Findings:
    """An environment's name -> what the validator finds in it; a test fails where a stage of it could not run."""

    @cache
    def findings(environment: str) -> tuple[Finding, ...]:
        __tracebackhide__ = True
        _values_file(sark_chart, environment)
        stages = _apart(lambda: judged(["--chart", str(sark_chart.path), "--env", environment])).stages
        if lost := [f"{stage.name}: {stage.skipped}" for stage in stages if stage.skipped and not stage.excused]:
            pytest.fail(f"{environment} could not be judged: {'; '.join(lost)}", pytrace=False)
        return tuple(finding for stage in stages for finding in stage.findings)

    return findings
