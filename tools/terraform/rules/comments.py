"""Findings switched off by comments in Terraform files: ours, with a reason and a last day, and other linters'.

Ours: `# sark:ignore RULE until YYYY-MM-DD: REASON`, or `# sark:ignore RULE REASON until YYYY-MM-DD`, on the line, or
alone above a line or a block. Other linters' comments switch off the rules that list their ids as peers.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from tools.findings.model import Check, Problem, Severities, Severity, Where, rule_id
from tools.findings.suppress import Suppression, read
from tools.terraform.language.model import Body, Comment, Module, NestedBlock
from tools.terraform.rules import registry

Lines = tuple[int, int]

_OURS = re.compile(r"\s*sark:ignore\b(.*)")
_CHECKOV = re.compile(r"\s*(?:checkov|bridgecrew|cfn-nag):skip=([A-Za-z0-9_]+)\s*(?::\s*(.*))?")
_TRIVY = re.compile(r"(?:trivy|tfsec):ignore:([A-Za-z0-9_*-]+)((?::[^\s:]*)*)")
_TFLINT = re.compile(r"\s*tflint-ignore(-file)?:\s*([\w, ]+)")
_KICS = re.compile(r"\s*kics-scan\s+(ignore-line|ignore-block|ignore|disable)(?:=([\w,-]+))?")
_PEERS = re.compile(r"^Peers: (.*?)\.$", re.MULTILINE | re.DOTALL)
_DATE = re.compile(r"exp:(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class Foreign:
    """Another linter's comment, the rules of this one that it switches off, and the lines that it covers."""

    comment: Comment
    tool: str
    text: str
    rules: tuple[str, ...]
    lines: Lines
    until: date | None = None


def comments_of_peers_have_an_end(module: Module) -> Iterator[Problem]:
    """A comment that switches off a rule has a reason and a last day.

    `checkov:skip`, `trivy:ignore`, `tfsec:ignore`, `tflint-ignore` and `kics-scan ignore` are understood: they switch
    off the rules that list the same id as a peer. What they hide, they hide for ever; so each is reported.
    Write `# sark:ignore RULE until YYYY-MM-DD: REASON` beside it.
    Source: the comment forms in the manuals of checkov, Trivy, tfsec, TFLint and KICS.
    """
    for inner_module in module.walk():
        for foreign in _foreign(inner_module):
            if foreign.rules and foreign.until is None:
                message = f"{foreign.text} switches off {', '.join(foreign.rules)} without a last day"
                where = Where(foreign.comment.file, "", foreign.comment.line)
                yield Problem(where, f"{message}; write sark:ignore with one", Severity.NOTE)


def suppressions(module: Module) -> Iterator[Suppression]:
    """Every suppression in the comments of a module and of those below it, other linters' included."""
    for inner_module in module.walk():
        spans = _spans(inner_module)
        for comment in inner_module.comments:
            if match := _OURS.match(comment.text):
                where = Where(comment.file, "", comment.line)
                yield read(match[1].strip(), where, _covered(comment, spans.get(comment.file, [])))
        for foreign in _foreign(inner_module):
            where = Where(foreign.comment.file, "", foreign.comment.line)
            for rule in foreign.rules:
                yield Suppression(where, foreign.lines, rule, foreign.until or date.max)


def peers(check: Callable[..., object]) -> tuple[str, ...]:
    """The ids of other linters' rules in a check's manual entry, without the linters' names."""
    match = _PEERS.search(inspect.getdoc(check) or "")
    if not match:
        return ()
    tools = ("checkov", "trivy", "tflint", "tfsec", "terrascan", "KICS", "terraform", "validate")
    return tuple(word for word in re.split(r"[;\s]+", match[1]) if word and word not in tools)


@cache
def _by_peer() -> Mapping[str, tuple[str, ...]]:
    """The rules that each peer's id, in lower case, stands for."""
    rules: dict[str, tuple[str, ...]] = {}
    for check in registry.CHECKS:
        for peer in peers(check):
            rules[peer.lower()] = (*rules.get(peer.lower(), ()), rule_id(check))
    return rules


def _foreign(module: Module) -> Iterator[Foreign]:
    spans = _spans(module)
    for comment in module.comments:
        mine = spans.get(comment.file, [])
        if match := _CHECKOV.match(comment.text):
            yield Foreign(
                comment,
                "checkov",
                match[0].strip().split(":", 2)[0] + ":skip=" + match[1],
                _rules(match[1]),
                _around(comment, mine),
            )
        elif match := _KICS.match(comment.text):
            yield from _kics(module, comment, match, mine)
        elif match := _TFLINT.match(comment.text):
            rules = tuple(rule for name in match[2].split(",") for rule in _rules(name.strip()))
            lines = (1, len(module.sources.get(comment.file, ()))) if match[1] else _covered(comment, mine)
            yield Foreign(comment, "tflint", match[0].strip(), rules, lines)
        for match in _TRIVY.finditer(comment.text):
            day = _DATE.search(match[2])
            yield Foreign(comment, "trivy", match[0], _rules(match[1]), _covered(comment, mine), _day(day))


def _kics(module: Module, comment: Comment, match: re.Match[str], spans: list[Lines]) -> Iterator[Foreign]:
    whole = (1, len(module.sources.get(comment.file, ())))
    if match[1] == "disable":
        rules = tuple(rule for name in (match[2] or "").split(",") for rule in _rules(name))
        yield Foreign(comment, "KICS", match[0].strip(), rules, whole)
        return
    rules = tuple(
        dict.fromkeys(rule for peer, names in _by_peer().items() if re.fullmatch("[0-9a-f]{8}", peer) for rule in names)
    )
    lines = {"ignore": whole, "ignore-line": (comment.line, comment.line + 1)}.get(match[1])
    yield Foreign(comment, "KICS", match[0].strip(), rules, lines or _covered(comment, spans))


def _rules(name: str) -> tuple[str, ...]:
    """The rules of a peer's id. trivy's are written with and without AVD-, KICS's whole or by their first part."""
    table, name = _by_peer(), name.lower()
    if name == "*":
        return tuple(dict.fromkeys(rule for names in table.values() for rule in names))
    return table.get(name.removeprefix("avd-")) or table.get(name.partition("-")[0], ())


def _day(match: re.Match[str] | None) -> date | None:
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _covered(comment: Comment, spans: list[Lines]) -> Lines:
    """The lines that a comment covers: its own, or the line or block that begins below it."""
    first = comment.line + 1 if comment.alone else comment.line
    return first, max((last for begin, last in spans if begin == first), default=first)


def _around(comment: Comment, spans: list[Lines]) -> Lines:
    """The innermost top-level block that a comment stands in, or the one below it."""
    inside = [span for span in spans if span[0] <= comment.line <= span[1]]
    return max(inside, key=lambda span: span[1] - span[0], default=_covered(comment, spans))


def _spans(module: Module) -> dict[str, list[Lines]]:
    """First and last line of each resource and of each block in one, by file. A block ends where its last line is."""
    spans: dict[str, list[Lines]] = {}
    for resource in module.resources:
        mine = spans.setdefault(resource.where.file, [])
        mine.append((resource.where.line, max(resource.end, resource.where.line)))
        mine.extend(_blocks(resource.body))
    for variable in module.variables.values():
        spans.setdefault(variable.where.file, []).append(
            (variable.where.line, _last(variable.body, variable.where.line))
        )
    return spans


def _blocks(body: Body) -> Iterator[Lines]:
    for blocks in body.blocks.values():
        for block in blocks:
            yield block.where.line, _last(block.body, block.where.line)
            yield from _blocks(block.body)


def _last(body: Body, line: int) -> int:
    places = [value.where.line for value in body.attributes.values()]
    inner: list[NestedBlock] = [block for blocks in body.blocks.values() for block in blocks]
    return max([line, *places, *(_last(block.body, block.where.line) for block in inner)])


CHECKS: tuple[Check[Module], ...] = (comments_of_peers_have_an_end,)
SEVERITIES: Severities = {
    comments_of_peers_have_an_end: (Severity.NOTE,),
}
