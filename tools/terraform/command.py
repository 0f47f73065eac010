"""Checks Terraform, and writes an environment's values as tfvars."""

from __future__ import annotations

import argparse
import inspect
import json
import os
import posixpath
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tools.egress.allowlist import Suffixes, parse_values
from tools.findings import cli, suppress
from tools.findings.errors import InputError
from tools.findings.faults import contained
from tools.findings.model import Finding, Severity, rule_id
from tools.findings.output import put
from tools.findings.recorder import Recorder
from tools.findings.report import STARTED, Gate, Report, formats
from tools.findings.stages import manual
from tools.manifests.files import shown
from tools.render.chart import chart
from tools.render.load import Loaded, load
from tools.render.own import CHART
from tools.terraform import releases, with_chart
from tools.terraform.clouds.chart import Layers
from tools.terraform.language.model import Module
from tools.terraform.lint import lint, lint_others
from tools.terraform.modules.cache import Cache, folder
from tools.terraform.modules.files import disk, is_ours, roots, tfvars_files
from tools.terraform.modules.read import Loader, evaluate_directory, uncalled
from tools.terraform.modules.tfvars import TfvarsFile
from tools.terraform.options import parser
from tools.terraform.vars import variables


def run(options: argparse.Namespace) -> int:
    """Run the command; gives the exit code."""
    return _vars(options) if options.command == "vars" else _lint(options)


def _lint(options: argparse.Namespace) -> int:
    # The other stages' rules take longer to load than a directory takes to judge.
    entries = manual() if options.explain else {**manual(("terraform", "layers")), **_suppressions()}
    try:
        loaded = _environment_values(options)
    except InputError as error:
        cli.complain("terraform", error)
        return cli.COULD_NOT_RUN
    if options.explain:
        if options.explain not in entries:
            parser().error(f"there is no rule {options.explain}; `python -m tools.validate --list-rules` lists them")
        sys.stdout.write(f"{options.explain}\n\n{entries[options.explain]}\n")
        return cli.CLEAN
    if not options.paths:
        parser().error(
            "lint needs a PATH (an option with several values also takes the words after it; write --OPTION=VALUE)"
        )
    started = datetime.now(UTC)
    gate = Gate(Severity(options.fail_on), frozenset(options.disable))
    if (unknown := sorted(gate.disabled - entries.keys())) and (unknown := sorted({*unknown} - manual().keys())):
        parser().error(f"there is no rule {', '.join(unknown)}; `python -m tools.validate --list-rules` lists them")
    recorder = Recorder("", gate=gate)
    run = LintRun(options.paths, options.tfvars, started, frozenset(entries), options.within, options.cache, loaded)
    recorder.run("terraform", lambda: findings(run))
    for message in run.failed:
        recorder.skip(("terraform",), message, excused=False)
    terminal = options.format == "text" and not options.output and sys.stdout.isatty()
    report = Report(
        stages=tuple(recorder.stages),
        rules=entries,
        started=started.strftime(STARTED),
        colour=terminal and not os.environ.get("NO_COLOR"),
        timings=terminal,
        gate=gate,
    )
    return _write(formats()[options.format](report), options.output, report.exit)


def _environment_values(options: argparse.Namespace) -> EnvironmentValues | None:
    """The chart's values that Terraform is checked against, where some are named."""
    if not options.env and not options.values:
        return None
    project = chart(CHART)
    if options.env and options.env not in project.environments:
        named = ", ".join(project.environments) or "none"
        parser().error(f"there is no environment {options.env}; there are {named}")
    files = [*([project.environments[options.env]] if options.env else []), *options.values]
    return EnvironmentValues(load(options.env, files, project), options.env, shown(files[-1]))


@dataclass(frozen=True, slots=True)
class EnvironmentValues:
    """The values of an environment, and the file that a finding about them names."""

    loaded: Loaded
    environment: str
    file: str


def _suppressions() -> dict[str, str]:
    return {rule_id(check): inspect.getdoc(check) or "" for check in suppress.CHECKS}


@dataclass(frozen=True, slots=True)
class LintRun:
    """What to judge, and with what; `failed` gets what could not be judged because the toolkit failed."""

    paths: Sequence[str]
    tfvars: Sequence[str]
    now: datetime
    known: frozenset[str]
    within: Sequence[str] = ()
    cached: bool = False
    values: EnvironmentValues | None = None
    failed: list[str] = field(default_factory=list)

    def note(self, what: str, error: Exception) -> None:
        """Note an error that nobody foresaw; where tracebacks are asked for, raise it."""
        self.failed.append(f"{what}: {contained(error)}")


def findings(run: LintRun) -> list[Finding]:
    """The findings at these paths. Raises InputError for one that cannot be read."""
    directories = roots(run.paths)
    source = disk(run.paths, run.within)
    cache = Cache(folder() if run.cached else None)
    values, loader = tfvars_files(run.tfvars), Loader(source, parser=cache.parse)
    whole = _evaluated(run, [root.path for root in directories if not root.only], values, loader)
    parts = _evaluated_each(run, [root.path for root in directories if root.only], values, loader)
    onlies = {root.only for root in directories}
    cache.tidy()
    kept: dict[Finding, None] = {}
    for ours in (True, False):
        judged = [module for module in whole if is_ours(module.directory) == ours]
        kept.update(dict.fromkeys(_judged(run, judged, ours=ours)))
        named = [module for module in parts if is_ours(module.directory) == ours]
        of_files = (item for item in _judged(run, named, ours=ours) if item.problem.where.file in onlies)
        kept.update(dict.fromkeys(of_files))
    kept.update(dict.fromkeys(releases.judged((*whole, *parts), run.now.date(), run.known)))
    if not kept and not run.failed and not any(_can_be_judged(module) for module in (*whole, *parts)):
        raise InputError(
            f"{', '.join(run.paths)}: there is no resource, output or module call in it, so nothing was judged"
        )
    if run.values:
        every = {module.directory: module for module in whole}
        loaded, today = run.values.loaded, run.now.date()
        subject = Layers(every, loaded.values.body, run.values.environment, run.values.file)
        kept.update(dict.fromkeys(with_chart.findings(subject, loaded.values, loaded.suppressions, today, run.known)))
    return list(kept)


def _can_be_judged(root: Module) -> bool:
    """Whether there is anything in a module that a rule could be about; a list of variables alone asks nothing."""
    return any(
        module.resources or module.calls or module.outputs or module.references or module.faults
        for module in root.walk()
    )


def _judged(run: LintRun, modules: Sequence[Module], *, ours: bool) -> Sequence[Finding]:
    if ours:
        return lint(modules, run.now.date(), run.known)
    return lint_others(modules, run.now.date(), run.known, run.note)


def _evaluated(run: LintRun, paths: Sequence[str], values: Sequence[TfvarsFile], loader: Loader) -> list[Module]:
    """Every directory, evaluated; one that others call, through its callers, unless no call makes an instance of it."""
    callers = uncalled(paths, loader.calls)
    alone = _evaluated_each(run, callers, values, loader)
    seen = {posixpath.normpath(module.directory) for root in alone for module in root.walk()}
    left = [path for path in paths if path not in callers and posixpath.normpath(path) not in seen]
    return alone + _evaluated_each(run, left, values, loader)


def _evaluated_each(run: LintRun, paths: Sequence[str], values: Sequence[TfvarsFile], loader: Loader) -> list[Module]:
    modules = []
    for path in paths:
        try:
            modules.append(evaluate_directory(path, loader.sources, values, loader))
        except Exception as error:
            run.note(path, error)
    return modules


def _vars(options: argparse.Namespace) -> int:
    if not options.env:
        parser().error("the following arguments are required: --env")
    try:
        known = chart(CHART).environments
        if options.env not in known:
            parser().error(f"there is no environment {options.env}; there are {', '.join(known) or 'none'}")
        values = load(options.env, [known[options.env]], chart(CHART)).values.body
    except InputError as error:
        cli.complain("terraform", error)
        return cli.COULD_NOT_RUN
    listed, _ = parse_values(values, suffixes=Suffixes(frozenset()))
    text = json.dumps(variables(values, listed.entries), indent=2) + "\n"
    return _write(text, options.output, cli.CLEAN)


def _write(text: str, output: Path | None, code: int) -> int:
    try:
        put((text,), output)
    except InputError as error:
        cli.complain("terraform", error)
        return cli.COULD_NOT_RUN
    return code
