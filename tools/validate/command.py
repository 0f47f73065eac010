"""Renders what is asked for and judges it, and this project's Terraform."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from tools.egress.envoy import verdict as envoy
from tools.findings import baseline, cli
from tools.findings.errors import InputError
from tools.findings.formats.text import place
from tools.findings.kept import user_store
from tools.findings.model import Severity, Stage
from tools.findings.output import put
from tools.findings.progress import Progress
from tools.findings.recorder import Recorder
from tools.findings.report import STARTED, Gate, Report, formats
from tools.findings.stages import manual
from tools.manifests.files import manifest_sources, objects, read_text, shown
from tools.manifests.schemas import UnknownVersionError, crds, minor
from tools.manifests.source import chart_refusal
from tools.render import kept_schema
from tools.render.chart import Chart, chart, is_chart
from tools.render.early import NOTHING_BEGUN, EarlyRenders
from tools.render.helm import HelmError, named
from tools.render.load import Chosen
from tools.render.own import CHART, FLOWS
from tools.render.template import render
from tools.terraform import kept_stages
from tools.terraform.job import TerraformRequest
from tools.validate import manifests as judge
from tools.validate.asked import chosen, clusters, environments_asked, target, versions
from tools.validate.chart.variants import Variant
from tools.validate.forked import begun
from tools.validate.options import parser
from tools.validate.pipeline import ChartJob, environment


def run(options: argparse.Namespace, configured: str, early: EarlyRenders) -> int:
    """Judge what was asked for; gives the exit code. `configured`: the file that options were read from, or "".
    `early`: renders that were begun while this was loaded.
    """
    if options.list_rules or options.explain:
        return _manual(options.explain)
    try:
        for version in versions(options):
            minor(version)
    except UnknownVersionError as error:
        parser().error(str(error))
    if unknown := sorted(set(options.disable) - manual().keys()):
        parser().error(f"there is no rule {', '.join(unknown)}; --list-rules lists them")
    if wrong := _misread((*(options.manifests or ()), *(options.workloads or ()), *(options.schemas or ()))):
        parser().error(wrong)
    if options.write_baseline and not options.baseline:
        parser().error("--write-baseline needs --baseline FILE")
    report = asyncio.run(_run(options, configured, early))
    if options.baseline:
        try:
            report = _beside_baseline(report, options.baseline, write=options.write_baseline)
        except InputError as error:
            cli.complain("validate", error)
            return cli.COULD_NOT_RUN
    text = formats()[options.format](report)
    try:
        put((text,), options.output)
    except InputError as error:
        cli.complain("validate", error)
        return cli.COULD_NOT_RUN
    return report.exit


def _beside_baseline(report: Report, file: Path, *, write: bool) -> Report:
    """The report without what the baseline accepts, which may be written anew before. Raises InputError."""
    if write and report.exit == cli.COULD_NOT_RUN:
        reasons = dict.fromkeys(stage.skipped for stage in report.stages if stage.skipped and not stage.excused)
        why = "; ".join(reasons) or "a rule failed"
        raise InputError(f"{shown(file)} is not written, because not everything was judged: {why}")
    if write:
        put((baseline.written(report),), file)
    return baseline.without(report, baseline.read(read_text(file), shown(file)))


def judged(arguments: Sequence[str]) -> Report:
    """What the command line would report, for a program that asks; no configuration file is read."""
    return asyncio.run(_run(parser().parse_args(arguments), "", NOTHING_BEGUN))


def _misread(paths: Sequence[str]) -> str:
    """What is wrong with paths that are to hold manifests, in the words of `tools.reach`; "" when nothing is."""
    if paths.count("-") > 1:
        return "standard input can be read only once; write - only once"
    chart_path = next((path for path in paths if is_chart(path)), "")
    return chart_refusal(chart_path) if chart_path else ""


def _manual(rule: str | None) -> int:
    entries = manual()
    if rule is None:
        width = max(map(len, entries))
        sys.stdout.writelines(f"{name:{width}}  {entry.partition(chr(10))[0]}\n" for name, entry in entries.items())
    elif rule in entries:
        sys.stdout.write(f"{rule}\n\n{entries[rule]}\n")
    else:
        parser().error(f"there is no rule {rule}; --list-rules lists them")
    return cli.CLEAN


async def _run(options: argparse.Namespace, configured: str, early: EarlyRenders) -> Report:
    started = datetime.now(UTC)
    terminal = options.format == "text" and not options.output and sys.stdout.isatty()
    progress = Progress.on(sys.stderr) if terminal else Progress()
    entries = manual()
    gate = Gate(Severity(options.fail_on), frozenset(options.disable))
    try:
        workloads = objects(options.workloads) if options.workloads else None
    except InputError as error:
        return Report((Stage("workloads", skipped=str(error)),))
    try:
        definitions = _definitions(options.schemas or ())
    except InputError as error:
        return Report((Stage("schemas", skipped=str(error)),))
    rules = judge.RunSettings(
        started.date(),
        frozenset(entries),
        kube_version=versions(options)[0],
        workloads=workloads,
        flows=_specified(options.flows, frozenset()),
        gate=gate,
        definitions=definitions,
    )
    stages: tuple[Stage, ...] = ()
    if environments_asked(options):
        stages += await _environments(options, rules, progress, early)
    if options.refused or options.wrong_values or options.coverage is not None or len(options.helm or ()) > 1:
        # Only now: who asks for none of it waits for none of it.
        from tools.validate.chart.command import beside

        stages += await beside(options, partial(chosen, options), partial(clusters, options), gate, progress)
    if options.manifests:
        stages += _manifests(options.manifests, rules, progress)
    return Report(
        stages=stages,
        rules=entries,
        started=started.strftime(STARTED),
        colour=terminal and not os.environ.get("NO_COLOR"),
        timings=terminal,
        gate=gate,
        configuration=configured,
    )


def _definitions(paths: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The schemas of the definitions at these paths, which hold some. Raises InputError."""
    if not paths:
        return {}
    try:
        definitions = crds.definitions(objects(paths))
    except crds.DefinitionError as error:
        raise InputError(f"{place(error.problem.where)}: {error.problem.message}") from None
    if not definitions:
        raise InputError(f"no {crds.KIND} is in {', '.join(paths)}; --schemas names files that hold some")
    return definitions


async def _environments(
    options: argparse.Namespace, rules: judge.RunSettings, progress: Progress, early: EarlyRenders
) -> tuple[Stage, ...]:
    store = partial(user_store, cached=options.cache)
    try:
        judged = replace(
            chart(options.chart),
            judge_schema=partial(kept_schema.fault, store=store(kept_schema.STORE, kept_schema.MOST)),
        )
        # Somebody's own values may name somebody's own labels, of which ci/workloads.yaml knows nothing.
        workloads = rules.workloads if options.values else rules.workloads or judged.workloads
        helm = named(options.helm[0], "--helm").path if options.helm else None
    except (InputError, HelmError) as error:
        return (Stage("values", skipped=str(error)),)
    renders = partial(render, judged.path, helm=helm, early=early)
    job = ChartJob(
        chart=judged,
        rules=replace(
            rules,
            template=judged.template,
            helpers=judged.helpers,
            workloads=workloads,
            flows=_flows(options, judged),
            foreign=not judged.own and not judged.has_list,
            carried=lambda: judged.definitions,
        ),
        render=partial(_rendered, renders, Variant(rules.kube_version)),
        envoy=partial(envoy.verdict, store=store(envoy.STORE, envoy.MOST)),
        done=progress.done,
    )
    environments = chosen(options, judged)
    clouds = TerraformRequest(judged, environments, rules.today, rules.known, rules.gate, cached=options.cache)
    # Before anything else runs in this process.
    of_clouds = kept_stages.begun(clouds, begun, store(kept_stages.STORE, kept_stages.MOST)) if judged.own else None
    variants = clusters(options, judged)
    runs = [
        environment(f"{name}{variant.suffix}", files, _for(variant, job, renders))
        for variant in variants
        for name, files in environments.items()
    ]
    if of_clouds:
        runs.append(asyncio.to_thread(_reported, of_clouds, progress))
    stages = tuple(stage for run in await asyncio.gather(*runs) for stage in run)
    if options.api_versions is not None and not any(variant.apis for variant in variants):
        reason = f"no template of {judged.name} asks for an API, so each environment was rendered once; name some"
        stages = (*stages, Stage("api-versions", skipped=reason, excused=True))
    return stages if judged.own or not judged.has_list else (*stages, *_without_clouds(judged, environments))


def _reported(work: Callable[[], tuple[Stage, ...]], progress: Progress) -> tuple[Stage, ...]:
    """The stages of some work, each shown on a terminal when all have ended."""
    stages = work()
    for ended in stages:
        progress.done(ended)
    return stages


def _for(variant: Variant, job: ChartJob, renders: Callable[..., Awaitable[str]]) -> ChartJob:
    rules = replace(job.rules, kube_version=variant.kube_version)
    return replace(job, rules=rules, render=partial(_rendered, renders, variant))


async def _rendered(renders: Callable[..., Awaitable[str]], variant: Variant, files: Sequence[Path]) -> str:
    return await renders(files=files, target=target(variant))


def _without_clouds(judged: Chart, chosen: Mapping[str, Chosen]) -> Iterator[Stage]:
    """What is not judged for a chart that lists names as this project's does, and is called otherwise."""
    reason = f"terraform/ is for {CHART.name}, and {judged.name} calls itself {judged.title or 'nothing'}"
    yield Stage("terraform", skipped=reason, excused=True)
    for name in chosen:
        yield Stage("layers", name, skipped=reason, excused=True)


def _flows(options: argparse.Namespace, judged: Chart) -> judge.Specified | None:
    """The specification that was named, or the project's own for its own chart."""
    own = FLOWS if judged.own else None
    specified = _specified(options.flows or own, frozenset(judged.environments))
    return replace(specified, given=options.flows is not None) if specified else None


def _specified(file: Path | None, environments: frozenset[str]) -> judge.Specified | None:
    return judge.Specified(shown(file), partial(read_text, file), environments, given=True) if file else None


def _manifests(paths: Sequence[str], rules: judge.RunSettings, progress: Progress) -> tuple[Stage, ...]:
    recorder = Recorder("", progress.done, rules.gate)
    judge.files(recorder, tuple(manifest_sources(paths)), rules)
    return tuple(recorder.stages)
