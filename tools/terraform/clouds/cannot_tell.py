"""The third verdict: what a rule says when it can tell neither that something is right nor that it is wrong."""

from __future__ import annotations

from tools.findings.model import Problem, Severity, Where
from tools.terraform.language.model import UnknownValue


def cannot_tell(where: Where, unknown: UnknownValue, question: str) -> Problem:
    """A note that names what is not known, and the question that it leaves open."""
    return Problem(where, f"cannot tell: {unknown.reason}; {question}", Severity.NOTE)
