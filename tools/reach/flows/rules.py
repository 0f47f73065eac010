"""The checks of the flows stage: the specification can be read, covers the environment, and its rows hold there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.reach.flows.judge import ENVOY_ALONE, INSTALLED, POLICIES_ALONE, FlowsJudgement
from tools.reach.flows.model import Specification
from tools.reach.flows.sentences import sentence


@dataclass(frozen=True, slots=True)
class Flows:
    """What the checks look at. `spec`: the rows of one environment; None when the file has `faults`.

    `environment`: its name; "" for values that are not an environment of the chart. `judgement`: the verdicts on the
    rows. `place`: maps a place in rendered text to the one that a person would edit.
    """

    file: str
    environment: str
    spec: Specification | None
    faults: tuple[Problem, ...]
    judgement: FlowsJudgement
    place: Callable[[Where], Where] = lambda where: where


def specification_is_well_formed(subject: Flows) -> Iterator[Problem]:
    """The specification of flows can be read.

    If one row cannot be read, no row is judged, because half a specification would look as if it held. The message says
    what is wrong with the row; tools/reach/flows/read.py says what each key means.
    """
    yield from subject.faults


def environments_have_flows(subject: Flows) -> Iterator[Problem]:
    """The specification of flows names every environment, and has rows for it.

    An environment that the specification does not name is judged only by the rows that hold everywhere, and looks as
    good as one whose own names, ports and servers are covered.
    Add its name to `environments`, and rows for what it opens in addition to the others: an allow and a deny for each.
    """
    if subject.spec is None:
        return
    known = subject.spec.environments
    if subject.environment and known and subject.environment not in known:
        message = f"{subject.environment} is not in environments, which are {', '.join(known)}; add it and its rows"
        yield Problem(Where(subject.file, "environments"), message)
    elif not subject.spec.flows:
        where = subject.environment or "these values"
        yield Problem(Where(subject.file, "flows"), f"no row is for {where}, so nothing is judged; write some")


def flows_hold(subject: Flows) -> Iterator[Problem]:
    """Every row of the specification of flows holds in what the chart renders.

    Each row says who should reach whom, or should not, and why. It is judged offline, by policies' own semantics and
    the proxy's own configuration. A row whose verdict depends on something that is not in the input (a node's address,
    say) does not hold either, because a guess is not a proof.
    The message names the policy and the rule that decided. Change those, or the row if it is out of date;
    `python -m tools.reach explain` explains every step of a connection.
    """
    for problem in subject.judgement.problems:
        yield Problem(problem.where, f"left out when the flows were judged: {problem.message}", problem.severity)
    rows = subject.judgement.rows
    failing = {row.flow.name for row in rows if row.state == INSTALLED and not row.holds}
    for row in rows:
        # A row that fails anyway is not reported once more with one wall alone.
        repeated = row.state in (POLICIES_ALONE, ENVOY_ALONE) and row.flow.name in failing
        if not row.holds and not repeated:
            where = Where(subject.file, "flows", row.flow.line)
            severity = Severity.NOTE if row.verdict == "not judged" else Severity.ERROR
            yield Problem(where, sentence(row, subject.place), severity)


CHECKS: tuple[Check[Flows], ...] = (specification_is_well_formed, environments_have_flows, flows_hold)
SEVERITIES: Severities = {flows_hold: (Severity.ERROR, Severity.NOTE)}
