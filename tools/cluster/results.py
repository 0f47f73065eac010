"""The trial's results: a table for people, JUnit for CI, stages for the toolkit's other formats. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from tools.cluster.verdict import ERROR, FAIL, GOOD, NOT_RUN, PASS, Result
from tools.findings.escaping import line, printable
from tools.findings.junit_xml import CaseOutcome, JUnitCase, JUnitSuite, document
from tools.findings.model import Finding, Problem, Stage, Where

MARKS = {PASS: "ok", FAIL: "FAIL", ERROR: "ERROR", NOT_RUN: "skip"}
_OUTCOMES = {
    PASS: CaseOutcome.PASSED,
    FAIL: CaseOutcome.FAILED,
    ERROR: CaseOutcome.COULD_NOT_RUN,
    NOT_RUN: CaseOutcome.SKIPPED,
}


def table(results: Sequence[Result], *, everything: bool = True) -> str:
    """One line a result, state by state, and the counts."""
    shown = [result for result in results if everything or result.status != PASS]
    width = max((len(result.name) for result in shown), default=0)
    lines: list[str] = []
    for state, group in groupby(shown, key=lambda result: result.state):
        lines.extend(("", line(state)))
        lines.extend(
            printable(f"  {MARKS[it.status]:<5} {it.name:<{width}}  {_connection(it)}{it.message}") for it in group
        )
    return "\n".join([*lines, "", summary(results)]).lstrip("\n")


def _connection(result: Result) -> str:
    """The row as source, target and expectation."""
    flow = result.flow
    if flow is None:
        return ""
    target = flow.target.name if flow.target.kind in ("pod", "internet", "address") else flow.target.kind
    via = f" by proxy:{flow.proxy_port}" if flow.via == "proxy" else ""
    sni = f", SNI {flow.sni or 'none'}" if flow.sni is not None else ""
    return f"{flow.source} → {target}:{flow.port}/{flow.protocol}{via}{sni}  {flow.expect}  "


def summary(results: Iterable[Result]) -> str:
    """`120 passed, 1 failed, 0 could not be probed`, and what did not run, where something did not."""
    count = dict.fromkeys(MARKS, 0)
    for result in results:
        count[result.status] += 1
    left = f", {count[NOT_RUN]} not run" if count[NOT_RUN] else ""
    return f"{count[PASS]} passed, {count[FAIL]} failed, {count[ERROR]} could not be probed{left}"


def stages(results: Sequence[Result], file: str, seconds: Mapping[str, float], stopped: str = "") -> tuple[Stage, ...]:
    """One stage a state, with a finding for each result that is not a pass. `stopped`: why the trial did not end.

    What did not run for want of something that need not be there fails nothing, and is not taken for a pass.
    """
    stage_list = []
    for state, group in groupby(results, key=lambda result: result.state):
        rows = list(group)
        unknown = [it.name for it in rows if it.status == ERROR]
        skipped = f"could not be probed: {', '.join(unknown)}" if unknown else ""
        findings = tuple(_findings(rows, file))
        spent = sum(value for name, value in seconds.items() if name.endswith(f": {state}"))
        absent = "; ".join(it.message for it in rows if it.status == NOT_RUN)
        excused = bool(absent) and not skipped
        stage_list.append(
            Stage(f"cluster: {state}", findings=findings, skipped=skipped or absent, seconds=spent, excused=excused)
        )
    if stopped:
        stage_list.append(Stage("cluster", skipped=stopped))
    return tuple(stage_list)


def _findings(rows: Iterable[Result], file: str) -> Iterator[Finding]:
    for result in rows:
        if result.status not in GOOD:
            rule = _rule(result)
            reason = f" ({result.flow.why})" if result.flow else ""
            yield Finding(rule, Problem(Where(file, f"flows: {result.name}", result.line), result.message + reason))


def _rule(result: Result) -> str:
    if result.status == ERROR:
        return "flow-could-not-be-probed"
    if result.flow is None:
        return result.name
    return "flow-is-allowed" if result.flow.allowed else "flow-is-denied"


def junit(results: Sequence[Result], stopped: str = "", started: str = "") -> str:
    """JUnit XML: a suite a state, a case a result; what could not be probed is an error, not a failure.

    What did not run is skipped there.
    """
    suites = [_suite(state, group) for state, group in groupby(results, key=lambda result: result.state)]
    if stopped:
        suites.append(_suite("trial", [Result("the-trial-ends", "trial", ERROR, stopped)]))
    return document(suites, started)


def _suite(state: str, results: Iterable[Result]) -> JUnitSuite:
    cases = tuple(map(_case, results))
    classname = f"cluster.{state.replace(' ', '-')}"
    return JUnitSuite(state, cases, classname, sum(case.seconds for case in cases))


def _case(result: Result) -> JUnitCase:
    return JUnitCase(result.name, _OUTCOMES[result.status], result.message, (result.message,), result.seconds)
