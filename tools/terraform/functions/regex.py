"""Terraform's functions on regular expressions, as far as Go's and Python's agree."""

from __future__ import annotations

import re
from typing import Any

from tools.terraform.functions.regex_cost import steps
from tools.terraform.functions.text import MAX_TEXT
from tools.terraform.language.arguments import NotEvaluatedError, textual
from tools.terraform.language.equality import series
from tools.terraform.language.values import EvaluationError, object_of, tuple_of

# How many steps an expression may take: Go's engine never backtracks, Python's does.
MAX_STEPS = 2_000_000
# The syntax that means the same in Go's and in Python's regular expressions.
_SAFE = re.compile(
    r"(?:[\w\s.,:;@#%&=<>!~'\"/^$|()*+?-]"
    r"|\[\^?[\w\s.,:;@#%&=<>!~'\"/()+*?$|{}-]+\]"
    r"|\\[dwsDWS.\-/\\+*?()\[\]{}|^$]"
    r"|\{\d+(?:,\d*)?\})*"
)


_GROUP = re.compile(r"\(\?(?!:|P<\w+>)")


def _compiled(pattern: str, subject: str) -> re.Pattern[str]:
    if not _SAFE.fullmatch(pattern) or _GROUP.search(pattern) or not subject.isascii() or "\v" in subject:
        raise NotEvaluatedError
    if re.search(r"[*+?}][*+]|\)[*+{]|--|&&|~~|\|\|", pattern) or ("$" in pattern and "\n" in subject):
        raise NotEvaluatedError
    try:
        compiled = re.compile(pattern, re.ASCII)
        if steps(pattern, len(subject)) > MAX_STEPS:
            raise NotEvaluatedError
    except (re.error, OverflowError):
        raise NotEvaluatedError from None
    return compiled


def _captures(match: re.Match[str]) -> Any:
    pattern = match.re
    if not pattern.groups:
        return match.group()
    if not pattern.groupindex:
        return tuple_of(match.groups())
    if len(pattern.groupindex) != pattern.groups:
        raise EvaluationError("a pattern can have named groups or unnamed ones, not both")
    return object_of(match.groupdict())


def regex(pattern: Any, value: Any) -> Any:
    """`regex`."""
    subject = textual(value)
    match = _compiled(textual(pattern), subject).search(subject)
    if not match:
        raise EvaluationError("the string does not match the pattern")
    return _captures(match)


def regexall(pattern: Any, value: Any) -> Any:
    """`regexall`."""
    subject = textual(value)
    compiled = _compiled(textual(pattern), subject)
    if compiled.match("") or compiled.groups:
        raise NotEvaluatedError
    return series("list", [match.group() for match in compiled.finditer(subject)], "string")


def replace_(value: Any, part: Any, by: Any) -> str:
    """`replace`: a part in slashes is a regular expression."""
    subject, old, new = textual(value), textual(part), textual(by)
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        compiled = _compiled(old[1:-1], subject)
        if compiled.match("") or "$" in new or len(subject) * len(new) > MAX_TEXT:
            raise NotEvaluatedError
        return compiled.sub(lambda match: new, subject)
    if not old or subject.count(old) * len(new) > MAX_TEXT:
        raise NotEvaluatedError
    return subject.replace(old, new)
