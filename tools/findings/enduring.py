"""What a finding is known again by, in a later run: its message without what moves while the fault stays the same."""

from __future__ import annotations

import re

from tools.findings.model import Finding
from tools.findings.report import sentence

# A line is added above, or a day passes.
_MOVING = (
    (re.compile(r"(\.(?:ya?ml|tpl|tf|tfvars|json|txt))(?::\d+)+"), r"\1"),
    (re.compile(r"\b(line|column) \d+"), r"\1 …"),
    (re.compile(r"\b(?:in \d+ days?|within a day)\b"), "soon"),
)


def enduring(message: str) -> str:
    """A message without lines, columns and days that are left."""
    for moving, instead in _MOVING:
        message = moving.sub(instead, message)
    return message


def key(finding: Finding) -> tuple[str, str, str, str]:
    """The rule, the file, the place in it and the message, of which no part follows from a line or from the day."""
    where = finding.problem.where
    return finding.rule, where.file, where.path, enduring(sentence(finding))
