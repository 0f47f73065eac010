"""Findings switched off in place, each with a reason and a last day.

In a values file a comment, on the line or alone above it: `# sark:ignore RULE until YYYY-MM-DD: REASON`.
The day may come last, too: `RULE REASON until YYYY-MM-DD`.
On an object the annotation `sark-network/ignore`, one suppression a line: `RULE until YYYY-MM-DD: REASON`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from tools.findings.model import Finding, Manifest, Problem, Where, run

ANNOTATION = "sark-network/ignore"

_PATH = f'metadata.annotations["{ANNOTATION}"]'
_COMMENT = re.compile(r"(?P<before>^|.*\s)#\s*sark:ignore\b(?P<text>.*)$")
_RULE, _DAY = r"(?P<rule>[a-z0-9]+(?:-[a-z0-9]+)*)", r"until\s+(?P<until>\d{4}-\d\d-\d\d)"
_FORMS = (
    re.compile(rf"{_RULE}\s+{_DAY}:\s*(?P<reason>\S.*)"),
    re.compile(rf"{_RULE}\s+(?P<reason>\S.*)\s{_DAY}"),
)
_WRITE = "write `RULE until YYYY-MM-DD: REASON`"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One suppression, where it stands, and the first and last line of `where.file` that it covers.

    `fault` says what is wrong with it; it covers nothing then.
    """

    where: Where
    lines: tuple[int, int]
    rule: str = ""
    until: date = date.min
    fault: str = ""

    def covers(self, finding: Finding, today: date) -> bool:
        """Whether it switches the finding off on that day."""
        place = finding.problem.where
        return (
            not self.fault
            and not finding.fault
            and self.rule == finding.rule
            and today <= self.until
            and place.file == self.where.file
            and self.lines[0] <= place.line <= self.lines[1]
        )


@dataclass(frozen=True, slots=True)
class Suppressions:
    """Every suppression of a run, the day of the run, and the rules there are."""

    items: tuple[Suppression, ...]
    today: date
    rules: frozenset[str]


def suppressions_are_well_formed(suppressions: Suppressions) -> Iterator[Problem]:
    """A suppression names a rule, a last day and a reason.

    One that does not is refused, because it would hide something for ever or for no reason. Write
    `# sark:ignore RULE until YYYY-MM-DD: REASON` in a values file, on the line or alone above it, or the annotation
    `sark-network/ignore: "RULE until YYYY-MM-DD: REASON"` on an object.
    """
    for item in suppressions.items:
        if item.fault:
            yield Problem(item.where, item.fault)
        elif item.rule not in suppressions.rules:
            yield Problem(
                item.where, f"there is no rule {item.rule}; `python -m tools.validate --list-rules` lists them"
            )


def suppressions_have_not_expired(suppressions: Suppressions) -> Iterator[Problem]:
    """A suppression ends on its last day, and what it hid is a finding again.

    Mend what it hid, or decide anew: write a later day, and say why in the reason.
    """
    for item in suppressions.items:
        if not item.fault and item.until < suppressions.today:
            yield Problem(item.where, f"the suppression of {item.rule} ended on {item.until}; mend it or renew it")


CHECKS = (suppressions_are_well_formed, suppressions_have_not_expired)


def apply(findings: Iterable[Finding], suppressions: Suppressions) -> tuple[Finding, ...]:
    """The findings that no suppression covers."""
    by_place: dict[tuple[str, str], list[Suppression]] = {}
    for item in suppressions.items:
        by_place.setdefault((item.rule, item.where.file), []).append(item)
    return tuple(
        finding
        for finding in findings
        if not any(
            item.covers(finding, suppressions.today)
            for item in by_place.get((finding.rule, finding.problem.where.file), ())
        )
    )


def judge(suppressions: Suppressions) -> tuple[Finding, ...]:
    """What is wrong with the suppressions themselves. Nothing suppresses that."""
    return tuple(run(CHECKS, suppressions))


def in_text(text: str, file: str) -> Iterator[Suppression]:
    """The suppressions in the comments of a values file."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := _COMMENT.match(line):
            covered = number if match["before"].strip() else number + 1
            yield read(match["text"].strip(), Where(file, "", number), (covered, covered))


def in_manifests(manifests: Iterable[Manifest]) -> Iterator[Suppression]:
    """The suppressions in the annotations of objects; each covers its object."""
    for manifest in manifests:
        metadata = manifest.body.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
        text = annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None
        if text is None:
            continue
        covered = (min(manifest.lines.values(), default=0), max(manifest.lines.values(), default=0))
        for part in str(text).splitlines() or [""]:
            yield read(part.strip(), manifest.where(_PATH), covered)


def read(text: str, where: Where, lines: tuple[int, int]) -> Suppression:
    """The suppression that a text is: `RULE until YYYY-MM-DD: REASON`, or with the day last."""
    form = next((match for pattern in _FORMS if (match := pattern.fullmatch(text))), None)
    if not form:
        return Suppression(where, lines, fault=f"`{text}` is no suppression; {_WRITE}")
    try:
        until = date.fromisoformat(form["until"])
    except ValueError:
        return Suppression(where, lines, fault=f"{form['until']} is no day; {_WRITE}")
    return Suppression(where, lines, form["rule"], until)
