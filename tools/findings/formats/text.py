"""For people: one finding a line, then what did not run, then one line that sums up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools.findings.escaping import begun, printable
from tools.findings.model import Severity, Stage, Where
from tools.findings.report import Grouped, Report, grouped, subject

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}


def write(report: Report) -> str:
    """The report as text; with timings when the report asks for them."""
    groups = grouped(report.stages)
    lines = [_line(group, report.colour) for group in groups]
    lines.extend(_not_run(report.stages))
    lines.append(_summary(report, groups))
    return "\n".join(map(begun, lines)) + "\n"


def place(where: Where) -> str:
    """`file:line`, or as much of it as is known."""
    return f"{where.file}:{where.line}" if where.line else where.file


def _line(group: Grouped, colour: bool) -> str:
    problem = group.finding.problem
    severity = problem.severity.value
    if colour:
        severity = f"\x1b[{_COLOURS[problem.severity]}m{severity}\x1b[0m"
    start = f"{printable(place(problem.where))}: " if problem.where.file else ""
    path = problem.where.path
    parts = (subject(group.finding), "" if problem.message.startswith(path) else path, problem.message)
    environments = f" ({', '.join(group.environments)})" if group.environments else ""
    sentence = f"{': '.join(filter(None, parts))} [{group.finding.rule}]{environments}"
    return f"{start}{severity}: {printable(sentence)}"


def _not_run(stages: Sequence[Stage]) -> Iterator[str]:
    """One line for each reason, with the stages and the environments that it stopped."""
    reasons: dict[str, list[Stage]] = {}
    for stage in stages:
        if stage.skipped:
            reasons.setdefault(stage.skipped, []).append(stage)
    for reason, stopped in reasons.items():
        names = ", ".join(dict.fromkeys(stage.name for stage in stopped))
        environments = ", ".join(dict.fromkeys(stage.environment for stage in stopped if stage.environment))
        yield printable(f"not run: {names}{f' ({environments})' if environments else ''}: {reason}")


def _summary(report: Report, groups: Sequence[Grouped]) -> str:
    counts = [
        _count(sum(group.finding.problem.severity is severity for group in groups), severity.value)
        for severity in Severity
    ]
    counted = ", ".join(filter(None, counts)) or "no findings"
    ran = sum(not stage.skipped for stage in report.stages)
    beside = f"; disabled: {', '.join(sorted(report.disabled))}" if report.disabled else ""
    beside += f"; configuration: {printable(report.configuration)}" if report.configuration else ""
    if report.baseline:
        counted += f" beside {report.known} of {printable(report.baseline)}"
    if not ran:
        return "nothing was judged"
    # An environment that is rendered for several clusters counts for each; beside them its layers of Terraform do not.
    of_charts = {stage.environment for stage in report.stages if stage.name != "layers"} - {""}
    environments = len(of_charts or {stage.environment for stage in report.stages} - {""}) or 1
    seconds = f" in {sum(stage.seconds for stage in report.stages):.2f} s of work" if report.timings else ""
    stages = f"{ran} of {_count(len(report.stages), 'stage')} ran"
    return f"{counted}; {_count(environments, 'environment')}, {stages}{seconds}{beside}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""
