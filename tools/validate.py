"""Renders every environment and judges it, and this project's Terraform: `python -m tools.validate`.

Nothing here needs a cluster, a network or a cloud.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tools import cli, judge
from tools.envoy import verdict
from tools.inputs import CHART, FLOWS, Chart, InputError, chart, manifest_sources, objects, read_text, shown
from tools.model import Stage
from tools.pipeline import Job, environment
from tools.progress import Progress
from tools.recorder import Recorder
from tools.render import KUBE_VERSION, Target, render
from tools.report import FORMATS, Report, formats
from tools.schemas import UnknownVersionError, minor
from tools.stages import manual
from tools.terraform import stage

EPILOG = f"""{cli.EXIT_CODES}. A stage whose program is an extra that is not installed (envoy) is named, and fails
nothing; any other stage that does not run is {cli.COULD_NOT_RUN}. Environment: SARK_HELM names the helm to use,
NO_COLOR turns
colour off, SARK_TRACEBACK=1 shows where the toolkit itself failed."""


def parser() -> cli.Parser:
    """The command line."""
    made = cli.Parser(prog="python -m tools.validate", description=__doc__, epilog=EPILOG)
    what = made.add_argument_group("what to judge (every environment of the chart, unless one of these is given)")
    what.add_argument(
        "--env", metavar="NAME", nargs="+", action="extend", help="these environments of the chart's ci directory"
    )
    what.add_argument(
        "--values", metavar="FILE", nargs="+", action="extend", help="these values files, merged as Helm does"
    )
    what.add_argument(
        "--manifests",
        metavar="PATH",
        nargs="+",
        action="extend",
        help="plain manifests: files, directories, - for stdin",
    )
    what.add_argument("--chart", metavar="DIR", type=Path, default=CHART, help="another chart than this project's")
    what.add_argument("--kube-version", metavar="X.Y.Z", default=KUBE_VERSION, help="default: %(default)s")
    what.add_argument(
        "--workloads",
        metavar="PATH",
        nargs="+",
        action="extend",
        help="the workloads that the policies are for, as manifests; --env has ci/workloads.yaml",
    )
    what.add_argument(
        "--flows",
        metavar="FILE",
        type=Path,
        help="the specification of who may reach whom; the project's environments have tests/flows.yaml",
    )
    how = made.add_argument_group("how to report")
    how.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    how.add_argument("--output", metavar="FILE", type=Path, help="write the report there, not to standard output")
    rules = made.add_argument_group("the rules")
    rules.add_argument("--list-rules", action="store_true", help="print each rule's id and what it says")
    rules.add_argument("--explain", metavar="RULE", help="print a rule's manual entry")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    options = parser().parse_args(arguments)
    if options.list_rules or options.explain:
        return _manual(options.explain)
    try:
        minor(options.kube_version)
    except UnknownVersionError as error:
        parser().error(str(error))
    report = asyncio.run(_run(options))
    text = formats()[options.format](report)
    if not options.output:
        sys.stdout.write(text)
        return report.exit
    try:
        options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        cli.complain("validate", f"cannot write {options.output}: {error.strerror}")
        return cli.COULD_NOT_RUN
    return report.exit


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


async def _run(options: argparse.Namespace) -> Report:
    started = datetime.now(UTC)
    terminal = options.format == "text" and not options.output and sys.stdout.isatty()
    progress = Progress(sys.stderr if terminal and sys.stderr.isatty() else None)
    entries = manual()
    try:
        workloads = objects(options.workloads) if options.workloads else None
    except InputError as error:
        return Report((Stage("workloads", skipped=str(error)),))
    rules = judge.Rules(
        started.date(),
        frozenset(entries),
        kube_version=options.kube_version,
        workloads=workloads,
        flows=_specified(options.flows, frozenset()),
    )
    stages: tuple[Stage, ...] = ()
    if options.env or options.values or not options.manifests:
        stages += await _environments(options, rules, progress)
    if options.manifests:
        stages += _manifests(options.manifests, rules, progress)
    return Report(
        stages=stages,
        rules=entries,
        started=started.strftime("%Y-%m-%dT%H:%M:%S"),
        colour=terminal and not os.environ.get("NO_COLOR"),
        timings=terminal,
    )


async def _environments(options: argparse.Namespace, rules: judge.Rules, progress: Progress) -> tuple[Stage, ...]:
    try:
        judged = chart(options.chart)
        # Somebody's own values may name somebody's own labels, of which ci/workloads.yaml knows nothing.
        workloads = rules.workloads if options.values else rules.workloads or judged.workloads
    except InputError as error:
        return (Stage("values", skipped=str(error)),)
    target = Target(kube_version=options.kube_version)
    job = Job(
        chart=judged,
        rules=replace(
            rules, template=judged.template, helpers=judged.helpers, workloads=workloads, flows=_flows(options, judged)
        ),
        render=partial(render, judged.path, target=target),
        envoy=verdict,
        done=progress.done,
    )
    chosen = _chosen(options, judged)
    if not chosen:
        reason = f"{judged.name} has no environment (ci/NAME-values.yaml); name values files with --values"
        return (Stage("values", skipped=reason),)
    runs = [environment(name, files, job) for name, files in chosen.items()]
    if options.chart.resolve() == CHART:
        clouds = stage.Job(judged, chosen, job.rules, progress.done)
        runs.append(asyncio.to_thread(stage.stages, clouds))
    return tuple(found for run in await asyncio.gather(*runs) for found in run)


def _flows(options: argparse.Namespace, judged: Chart) -> judge.Specified | None:
    """The specification that was named, or the project's own for its own chart."""
    own = FLOWS if options.chart.resolve() == CHART else None
    found = _specified(options.flows or own, frozenset(judged.environments))
    return replace(found, given=options.flows is not None) if found else None


def _specified(file: Path | None, environments: frozenset[str]) -> judge.Specified | None:
    return judge.Specified(shown(file), partial(read_text, file), environments, given=True) if file else None


def _chosen(options: argparse.Namespace, judged: Chart) -> dict[str, tuple[Path, ...]]:
    """Each environment that is asked for, and its values files."""
    known = judged.environments
    unknown = [name for name in options.env or () if name not in known]
    if unknown:
        parser().error(f"there is no environment {', '.join(unknown)}; there are {', '.join(known) or 'none'}")
    names = options.env or (() if options.values else known)
    chosen: dict[str, tuple[Path, ...]] = {name: (known[name],) for name in names}
    if options.values:
        chosen["+".join(Path(file).name for file in options.values)] = tuple(map(Path, options.values))
    return chosen


def _manifests(paths: Sequence[str], rules: judge.Rules, progress: Progress) -> tuple[Stage, ...]:
    recorder = Recorder("", progress.done, rules.gate)
    judge.files(recorder, tuple(manifest_sources(paths)), rules)
    return tuple(recorder.stages)


if __name__ == "__main__":
    cli.run(main)
