"""Reads the values files of an environment and lays them over the chart's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.findings.errors import InputError
from tools.findings.model import Finding, run
from tools.findings.suppress import Suppression, in_text
from tools.manifests.documents import Parsed, parse
from tools.manifests.files import read_text, shown
from tools.manifests.rules.yaml import CHECKS
from tools.render import parts
from tools.render.chart import Chart
from tools.render.merge import merge, overlay
from tools.render.values import Layer, Values


@dataclass(frozen=True, slots=True)
class Chosen:
    """Values files to judge, and the environment of the chart that they are, or are laid over ("": none)."""

    files: tuple[Path, ...]
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The files of an environment: what Helm is given (`files`), what the chart will see, and what was found in
    reading them. `usable` is false when a file is no mapping: there is nothing to render then.
    """

    values: Values
    files: tuple[Path, ...]
    findings: tuple[Finding, ...]
    suppressions: tuple[Suppression, ...]
    usable: bool


def load(environment: str, files: Sequence[Path], chart: Chart) -> Loaded:
    """Read the files. Raises InputError for one that cannot be read."""
    paths = [chart.path / "values.yaml", *files]
    # A chart needs neither values of its own nor a schema of them.
    texts = [(shown(path), read_text(path) if path.exists() or path in files else "") for path in paths]
    schema_file = chart.path / "values.schema.json"
    parsed = [(file, parse(text, file)) for file, text in texts]
    layers = [layer for file, document in parsed if (layer := _layer(file, document))]
    body: Mapping[str, Any] = {}
    override: Mapping[str, Any] = {}
    for layer in layers:
        own = layer.file == texts[0][0]
        body, override = (layer.body, override) if own else (body, overlay(override, layer.body))
    merged = merge(body, override)
    return Loaded(
        values=Values(
            environment=environment,
            body=merged,
            layers=tuple(layers),
            schema=_schema(chart),
            schema_file=shown(schema_file) if schema_file.exists() else "",
            schema_fault=chart.schema_fault,
            parts=parts.names(chart.parts, merged),
        ),
        files=tuple(files),
        findings=tuple(finding for _, document in parsed for finding in run(CHECKS, document)),
        suppressions=tuple(item for file, text in texts for item in in_text(text, file)),
        usable=len(layers) == len(parsed),
    )


def _schema(chart: Chart) -> Mapping[str, Any]:
    if not isinstance(chart.schema, Mapping):
        raise InputError(f"{shown(chart.path / 'values.schema.json')} is no JSON object")
    return chart.schema


def _layer(file: str, parsed: Parsed) -> Layer | None:
    """The mapping in a values file; an empty file is an empty mapping, and Helm reads the first document alone."""
    if not parsed.documents:
        return None if parsed.problems else Layer(file, {}, {})
    first = parsed.documents[0]
    return Layer(file, first.body, first.lines) if isinstance(first.body, Mapping) else None
