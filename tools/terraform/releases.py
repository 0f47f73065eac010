"""Finds the chart of each `helm_release`, and judges its values by the chart's schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from tools.findings import suppress
from tools.findings.errors import InputError
from tools.findings.model import Finding, run
from tools.render.chart import Chart, is_chart
from tools.render.own import CHART
from tools.terraform.language.model import Module, ResourceInstance
from tools.terraform.lint import in_comments
from tools.terraform.rules.releases import CHECKS, TYPE, ChartValues, TerraformRelease


def judged(modules: Iterable[Module], today: date, known: frozenset[str]) -> tuple[Finding, ...]:
    """The findings about the releases of these modules, less what comments switch off."""
    modules = tuple(modules)
    releases = [
        TerraformRelease(resource, _chart(resource, module))
        for module in modules
        for resource in module.everything(TYPE)
    ]
    findings = dict.fromkeys(finding for release in releases for finding in run(CHECKS, release))
    return suppress.apply(findings, in_comments(modules, today, known)) if findings else ()


def charts(modules: Iterable[Module]) -> Iterator[Path]:
    """Where the charts of the releases are, or would be."""
    for module in modules:
        for resource in module.everything(TYPE):
            name = resource.body.data("chart")
            if isinstance(name, str) and name:
                try:
                    yield Path(module.directory, name).resolve()
                except (OSError, ValueError, RuntimeError):
                    yield Path(name)


def _chart(resource: ResourceInstance, module: Module) -> ChartValues:
    name = resource.body.data("chart")
    if not isinstance(name, str) or not name:
        return ChartValues(missing=f"which chart {resource.address} is of")
    if name.rstrip("/").rpartition("/")[2] == CHART.name and not is_chart(str(Path(module.directory, name))):
        return _values(Chart(CHART))
    folder = Path(module.directory, name)
    if not is_chart(str(folder)):
        return ChartValues(missing=f"the chart {name}, which is no directory here")
    return _values(Chart(folder))


def _values(chart: Chart) -> ChartValues:
    try:
        if chart.schema_fault or not isinstance(chart.schema, Mapping) or not chart.schema:
            return ChartValues(missing=f"what {chart.name} allows, which has no values.schema.json that can be read")
        documents = chart.values.documents
    except InputError as error:
        return ChartValues(missing=str(error))
    body = documents[0].body if documents else {}
    return ChartValues(body if isinstance(body, Mapping) else {}, chart.schema)
