"""Judges one environment: reads its values, has Helm render them, and runs each stage over what comes out."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from tools.egress import expiry
from tools.egress.allowlist import Suffixes
from tools.findings import suppress
from tools.findings.errors import InputError
from tools.findings.faults import contained
from tools.findings.model import Finding, Manifest, Stage, Where, run
from tools.findings.recorder import Recorder
from tools.findings.stages import STAGES
from tools.render.chart import Chart
from tools.render.helm import HelmError
from tools.render.helm_errors import RenderError
from tools.render.load import Chosen, Loaded, load
from tools.render.schema import Rejection
from tools.validate import manifests as judge
from tools.validate.guarded import guarded
from tools.validate.rules import render as render_checks
from tools.validate.rules import values as values_checks
from tools.validate.rules.values import Listed

Render = Callable[[Sequence[Path]], Awaitable[str]]
Envoy = Callable[[tuple[Manifest, ...], str], Awaitable[Stage]]


@dataclass(frozen=True)
class ChartJob:
    """What the environments of a run share. `render` gives Helm's output for values files, or raises RenderError or
    HelmError.
    """

    chart: Chart
    rules: judge.RunSettings
    render: Render
    envoy: Envoy
    done: Callable[[Stage], None] = lambda stage: None

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that there are for the chart: those of the list are for one that has a list."""
        if self.chart.has_list:
            return STAGES
        without = ("egress", "envoy") if self.rules.flows else ("egress", "envoy", "flows")
        return tuple(stage for stage in STAGES if stage not in without)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a render ended: with Helm's output, with its refusal, or not at all (`missing` says why)."""

    text: str = ""
    refusal: RenderError | None = None
    missing: str = ""

    @property
    def verdict(self) -> tuple[Rejection, ...] | None:
        """What Helm's schema check refused; None when Helm did not get that far."""
        if self.missing or (self.refusal and self.refusal.kind == "values"):
            return None
        details = self.refusal.details if self.refusal else ()
        return tuple(Rejection(path, message) for path, message in details)


async def environment(name: str, chosen: Chosen, job: ChartJob) -> tuple[Stage, ...]:
    """Every stage of one environment, in order. An error in one environment costs the others nothing."""
    recorder = Recorder(name, job.done, job.rules.gate)
    try:
        await _environment(recorder, chosen, job)
    except Exception as error:
        reason = contained(error)
        ran = {stage.name for stage in recorder.stages}
        recorder.skip((stage for stage in job.stages if stage not in ran), reason, excused=False)
    return tuple(recorder.stages)


async def _environment(recorder: Recorder, chosen: Chosen, job: ChartJob) -> None:
    try:
        loaded = load(chosen.environment, chosen.files, job.chart)
    except InputError as error:
        recorder.skip(job.stages[:1], str(error), excused=False)
        recorder.skip(job.stages[1:], "the values could not be read", excused=True)
        return
    if loaded.usable:
        await _judge(recorder, loaded, job)
    else:
        recorder.run("values", lambda: loaded.findings)
        recorder.skip(job.stages[1:], "the values are no mapping", excused=recorder.failed)


async def _judge(recorder: Recorder, loaded: Loaded, job: ChartJob) -> None:
    started = time.perf_counter()
    outcome = await _outcome(job.render, loaded.files)
    waited = time.perf_counter() - started
    suffixes = _suffixes(job.chart.text("files/public-suffixes.txt"))
    now = expiry.as_of(loaded.values.body.get("egress"), datetime.now(UTC))
    values = Listed.of(replace(loaded.values, helm=outcome.verdict), suffixes, now)
    recorder.run("values", lambda: _values(values, loaded, job.rules))
    # What Helm cannot read has its finding already where this toolkit could not read it either.
    settled = ("schema", "values") if recorder.failed else ("schema",)
    if outcome.missing:
        recorder.skip(("render",), outcome.missing, excused=False)
        recorder.skip(job.stages[2:], "nothing was rendered", excused=True)
    elif outcome.refusal and (outcome.refusal.kind in settled or _reported(recorder, outcome.refusal)):
        recorder.skip(job.stages[1:], "Helm refused the values", excused=recorder.failed)
    elif outcome.refusal:
        subject = render_checks.Rendering(values, job.chart.name, outcome.refusal)
        recorder.run("render", lambda: run(render_checks.CHECKS, subject), waited)
        recorder.skip(job.stages[2:], "the chart did not render", excused=recorder.failed)
    else:
        recorder.run("render", tuple, waited)
        chart = job.chart.name
        judged = judge.read_render(outcome.text, values, loaded.suppressions, chart, job.rules)
        judge.rendered(recorder, judged, job.stages)
        stage = await job.envoy(judged.objects, recorder.environment)
        # A chart without a list needs no proxy, and none is missing.
        if "envoy" in job.stages or stage.findings or not stage.excused:
            recorder.add(replace(stage, findings=tuple(judged.settled(stage.findings))))


def _reported(recorder: Recorder, refusal: RenderError) -> bool:
    """Whether the values' own checks have failed the run for what a template refuses, in the template's words."""
    findings = (finding for stage in recorder.stages for finding in stage.findings if recorder.gate.fails(finding))
    return any(finding.problem.message.replace("`", "") == refusal.message for finding in findings)


async def _outcome(render: Render, files: Sequence[Path]) -> Outcome:
    try:
        return Outcome(text=await render(files))
    except HelmError as error:
        return Outcome(missing=str(error))
    except RenderError as error:
        return Outcome(missing=f"helm: {error}") if error.kind == "helm" else Outcome(refusal=error)


# One list for every environment, and what follows from it is worked out once.
@lru_cache(maxsize=4)
def _suffixes(text: str) -> Suffixes:
    return Suffixes.parse(text)


def _values(values: Listed, loaded: Loaded, rules: judge.RunSettings) -> Iterator[Finding]:
    suppressions = suppress.Suppressions(loaded.suppressions, rules.today, rules.known)
    yield from suppress.apply(
        (*loaded.findings, *guarded(values_checks.CHECKS, values, Where(values.file))), suppressions
    )
    yield from suppress.judge(suppressions)
