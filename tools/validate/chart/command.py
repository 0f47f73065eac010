"""Tries of a chart what the command line asks for beside its environments."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tools.findings.errors import InputError
from tools.findings.model import Stage, run
from tools.findings.progress import Progress
from tools.findings.recorder import Recorder
from tools.findings.report import Gate
from tools.manifests.documents import parse
from tools.manifests.files import mapping, read_text, shown
from tools.render.chart import Chart, chart
from tools.render.helm import HelmError, named
from tools.render.load import Chosen
from tools.render.target import KUBE_VERSION, RenderTarget
from tools.render.template import render
from tools.validate.chart import compared, coverage, refused, wrong_values
from tools.validate.chart.coverage_rules import CHECKS, Coverage
from tools.validate.chart.variants import Variant

WRONG_VALUES, COVERAGE = "wrong-values", "coverage"
Clusters = Callable[[Chart], Sequence[Variant]]
Environments = Callable[[Chart], Mapping[str, Chosen]]


async def beside(
    options: argparse.Namespace, environments: Environments, clusters: Clusters, gate: Gate, progress: Progress
) -> tuple[Stage, ...]:
    """The stages that somebody has to ask for. `environments` and `clusters`: which of a chart are asked for."""
    recorder = Recorder("", progress.done, gate)
    try:
        judged = chart(options.chart)
        helms = [named(path, "--helm") for path in options.helm or ()]
    except (InputError, HelmError) as error:
        recorder.skip(_asked(options), str(error), excused=False)
        return tuple(recorder.stages)
    target = RenderTarget(kube_version=(options.kube_version or (KUBE_VERSION,))[0])
    rendered = partial(render, judged.path, target=target)
    if options.refused:
        used = partial(rendered, helm=helms[0].path if helms else None)
        await refused.stage(options.refused, lambda values, files: used(values, files=files), recorder)
    if options.wrong_values:
        recorder.run(WRONG_VALUES, lambda: run(wrong_values.CHECKS, schema_of(judged)))
    if options.coverage is not None:
        renders = [
            partial(_of_copy, chosen.files, variant, helms[0].path if helms else None)
            for chosen in environments(judged).values()
            for variant in clusters(judged)
        ]
        await _coverage(options, judged, renders, recorder)
    stages = tuple(recorder.stages)
    if len(helms) > 1:
        stages += await compared.stages(judged, environments(judged), helms, rendered, recorder)
    return stages


async def _of_copy(
    files: Sequence[Path], variant: Variant, helm: str | None, chart: Path, values: Mapping[str, Any]
) -> str:
    target = RenderTarget(kube_version=variant.kube_version, api_versions=variant.apis)
    return await render(chart, values, files=files, target=target, helm=helm)


async def _coverage(
    options: argparse.Namespace, judged: Chart, renders: Sequence[coverage.CoverageRender], recorder: Recorder
) -> None:
    started = time.perf_counter()
    try:
        refusals = refused.read(options.refused) if options.refused else ()
        tried = coverage.Tried(judged, renders, [item.values or mapping(Path(item.file)) for item in refusals])
        await tried.run()
        dead = await coverage.dead(judged, renders)
    except (InputError, HelmError) as error:
        recorder.skip((COVERAGE,), str(error), excused=False)
        return
    subject = Coverage(judged.name, len(renders), tried.branches, frozenset(tried.reached), dead, options.coverage)
    recorder.run(COVERAGE, lambda: run(CHECKS, subject), time.perf_counter() - started)


def schema_of(judged: Chart) -> wrong_values.Schema:
    """The chart's schema, which it has. Raises InputError."""
    file = judged.path / "values.schema.json"
    if judged.schema_fault:
        raise InputError(f"{shown(file)}: not a draft-07 schema: {judged.schema_fault}")
    if not file.exists():
        raise InputError(f"{judged.name} has no values.schema.json, from which wrong values could be made")
    text = read_text(file)
    documents = judged.values.documents
    own = documents[0].body if documents and isinstance(documents[0].body, Mapping) else {}
    lines = next((document.lines for document in parse(text, shown(file)).documents), {})
    schema = wrong_values.Schema(shown(file), judged.schema, lines, own)
    if not schema.places:
        raise InputError(f"{shown(file)}: it names no key of the values, so no wrong value can be made from it")
    return schema


def _asked(options: argparse.Namespace) -> Iterator[str]:
    if options.refused:
        yield refused.STAGE
    if options.wrong_values:
        yield WRONG_VALUES
    if options.coverage is not None:
        yield COVERAGE
    if len(options.helm or ()) > 1:
        yield compared.STAGE
