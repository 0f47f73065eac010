"""The command check: judges the rows of a flow specification in each environment and reports findings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from tools.findings import suppress
from tools.findings.errors import InputError
from tools.findings.escaping import begun
from tools.findings.model import Finding, Problem, Severity, rule_id, run
from tools.findings.progress import Progress
from tools.findings.recorder import Recorder
from tools.findings.report import Gate, Report, formats
from tools.findings.stages import manual
from tools.manifests.files import read_text, shown
from tools.reach.command.notices import Notices
from tools.reach.command.output import AnswerOutput
from tools.reach.flows import read as flows
from tools.reach.flows.judge import FlowsJudgement, judge
from tools.reach.flows.model import Specification
from tools.reach.flows.rules import CHECKS, Flows, flows_hold
from tools.reach.inputs import sources
from tools.reach.inputs.sources import InputRequest, requested
from tools.render.chart import chart
from tools.render.helm import HelmError
from tools.render.helm_errors import RenderError
from tools.render.own import CHART, FLOWS


@dataclass(frozen=True)
class _File:
    """A specification's name and text, what was read from it, and the notes collected while its rows are judged."""

    name: str
    text: str
    spec: Specification | None
    faults: tuple[Problem, ...]
    notes: list[Problem] = field(default_factory=list)


def check(options: argparse.Namespace, status: Progress) -> int:
    """Judge every row wherever it should hold, and report those that do not."""
    requests = _requests(options)
    if not options.flows and ("" in requests or not chart(options.chart or CHART).own):
        message = f"{shown(FLOWS)} is for the environments of this project's chart"
        raise sources.UsageError(f"{message}; name the specification for this input: reach check FLOWS")
    path = options.flows or FLOWS
    text = read_text(path)
    file = _File(shown(path), text, *flows.read(text, shown(path)))
    gate = Gate(Severity(options.fail_on), frozenset(options.disable))
    if unknown := sorted(gate.disabled - manual().keys()):
        raise sources.UsageError(
            f"there is no rule {', '.join(unknown)}; `python -m tools.validate --list-rules` lists them"
        )
    stages = []
    for name, request in requests.items():
        status.show(f"judging {name or 'the rows'}")
        recorder = Recorder(name, gate=gate)
        after = replace(request, values=(*request.values, *options.upgraded)) if options.upgraded else None
        recorder.run("flows", partial(_findings, file, name, request, after))
        stages.extend(recorder.stages)
    output = AnswerOutput(options.format, options.output, status)
    report = Report(
        tuple(stages), manual(("flows",)), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}", output.colour, gate=gate
    )
    sys.stderr.writelines(f"{begun(line)}\n" for line in Notices.of(file.notes).lines())
    output.put((formats()[options.format](report),))
    return report.exit


def _requests(options: argparse.Namespace) -> dict[str, InputRequest]:
    """The input to judge, by the name of its environment; "" for input that is not an environment."""
    request = replace(requested(options), stand_ins=False)
    names = tuple(options.env or ())
    own = chart(options.chart or CHART) if names or request.empty or request.chart else None
    if own and not names and not (request.values or request.manifests or request.context):
        names = tuple(own.environments)
    for name in names if own else ():
        sources.environment(name, own)  # type: ignore[arg-type]
    return {name: replace(request, env=name) for name in names} or {options.named or "": request}


def _findings(file: _File, name: str, request: InputRequest, after: InputRequest | None) -> Iterator[Finding]:
    try:
        source = sources.gather(request)
        later = sources.gather(after) if after else None
    except (HelmError, RenderError) as error:
        raise InputError(str(error)) from None
    upgraded = later.manifests if later else None
    rule = rule_id(flows_hold)
    yield from (Finding(rule, problem, fault=True) for problem in (*source.unread, *(later.unread if later else ())))
    spec = file.spec and file.spec.of(name)
    judgement = FlowsJudgement(())
    if spec:
        judgement = judge(
            spec, source.manifests, upgraded=upgraded, pod_cidrs=source.pod_cidrs, namespace=source.namespace
        )
    file.notes.extend((*source.notes, *judgement.notes))
    judgement = replace(judgement, problems=(*source.problems, *judgement.problems))
    subject = Flows(file.name, name, spec, file.faults, judgement)
    listed = tuple(suppress.in_text(file.text, file.name))
    suppressions = suppress.Suppressions(listed, datetime.now(UTC).date(), frozenset(manual()))
    yield from suppress.apply(run(CHECKS, subject), suppressions)
    yield from suppress.judge(suppressions)
