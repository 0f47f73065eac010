"""The third verdict: the note of a rule that cannot tell whether something is right or wrong."""

from __future__ import annotations

from tools.findings.model import Problem, Severity, Where
from tools.terraform.clouds.opening import CloudOpening
from tools.terraform.language.model import UnknownValue


def cannot_tell(where: Where, unknown: UnknownValue, question: str) -> Problem:
    """A note that names what is not known, and the question that it leaves open."""
    return Problem(where, f"cannot tell: {unknown.reason}; {question}", Severity.NOTE, CloudOpening(doubted=True))
