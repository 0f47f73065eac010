"""A judged row in one sentence: what was expected, what is the case, and which policy and rule decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tools.findings.model import Where
from tools.reach.flows.judge import JudgedRow
from tools.reach.flows.walk import Hop
from tools.reach.model import ExplainedSide

Place = Callable[[Where], Where]
IS = {"allowed": "it is allowed", "denied": "it is denied", "conditional": "it depends"}


def sentence(row: JudgedRow, place: Place = lambda where: where) -> str:
    """The message of `python -m tools.reach check` and the flows stage about a row that does not hold.

    `place` maps a place in rendered text to the one that a person would edit.
    """
    state = "" if row.state == "installed" else f" ({row.state})"
    expected = f"{row.flow.name}{state} should be {'allowed' if row.flow.allowed else 'denied'}"
    if row.verdict == "not judged":
        return f"{expected}, but is not judged: {row.why}"
    return f"{expected}, but {IS[row.verdict]}: {'; '.join(_steps(row, place))}"


def _steps(row: JudgedRow, place: Place) -> Iterator[str]:
    """The step that denied the row; or, where it is allowed or conditional, every step."""
    hops: Iterable[Hop] = row.hops[-1:] if row.verdict == "denied" else row.hops
    for hop in hops:
        if hop.explanation is None:
            yield f"{hop.what}: {hop.why}{_at(hop.where, place)}"
        else:
            deciding = [side for side in hop.explanation.sides if side.verdict == row.verdict]
            yield f"{hop.what}: {', '.join(_side(side, place) for side in deciding) or hop.verdict}"


def _side(side: ExplainedSide, place: Place) -> str:
    reasons = f" ({'; '.join(side.reasons)})" if side.reasons else ""
    return f"{side.summary}{_at(side.deciding.where if side.deciding else None, place)}{reasons}"


def _at(where: Where | None, place: Place) -> str:
    if where is None:
        return ""
    source = place(where)
    return f" at {source.file}:{source.line}" if source.line else f" in {source.file}"
