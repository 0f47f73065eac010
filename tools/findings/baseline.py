"""The findings that somebody has accepted for now: a line a finding, as JSON. New ones fail, and gone ones are named.

A finding is known again by its rule, its file, its place in it and its message, whatever its line and the day are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tools.findings.enduring import enduring
from tools.findings.enduring import key as _key
from tools.findings.errors import InputError
from tools.findings.escaping import json_text
from tools.findings.model import Finding, Problem, Severities, Severity, Stage, Where
from tools.findings.report import Report, grouped

_KEYS = ("rule", "file", "path", "message")
Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is accepted: how often each finding is there, and its line in the file."""

    file: str
    accepted: Mapping[Key, int] = field(default_factory=dict)
    lines: Mapping[Key, int] = field(default_factory=dict)


def baseline_findings_are_there(pair: tuple[Baseline, Counter[Key]]) -> Iterator[Problem]:
    """Each finding in the baseline still exists.

    If a finding was mended and its entry stays in the baseline, the same fault can come back unseen.
    `--write-baseline` writes the file anew. A run over only a part of the baseline's input reports the findings of the
    rest as gone too.
    """
    baseline, present = pair
    for key in baseline.accepted:
        if present[key] < baseline.accepted[key]:
            rule, file, path, message = key
            place = f"{file}: {path}" if path else file
            text = f"the finding is gone ({rule} at {place}: {message}); --write-baseline takes it out"
            yield Problem(Where(baseline.file, "", baseline.lines.get(key, 0)), text, Severity.NOTE)


def read(text: str, file: str) -> Baseline:
    """The baseline in a file. Raises InputError with the line that is none."""
    accepted: Counter[Key] = Counter()
    lines: dict[Key, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) for name in _KEYS):
            raise InputError(f"{file}:{number}: no finding of a baseline; --write-baseline writes the file anew")
        key: Key = (entry["rule"], entry["file"], entry["path"], enduring(entry["message"]))
        accepted[key] += 1
        lines.setdefault(key, number)
    return Baseline(file, accepted, lines)


def written(report: Report) -> str:
    """The baseline that accepts every finding of a report."""
    keys = sorted(map(_key, _distinct(report.stages)))
    return "".join(f"{json_text(dict(zip(_KEYS, key, strict=True)))}\n" for key in keys)


def without(report: Report, baseline: Baseline) -> Report:
    """The report without the findings that the baseline accepts, which are counted, and with a note of those gone."""
    present: Counter[Key] = Counter()
    old: set[Finding] = set()
    for finding in _distinct(report.stages):
        key = _key(finding)
        present[key] += 1
        if present[key] <= baseline.accepted.get(key, 0):
            old.add(finding)
    stages = [replace(stage, findings=tuple(it for it in stage.findings if it not in old)) for stage in report.stages]
    gone = tuple(
        Finding("baseline-findings-are-there", problem) for problem in baseline_findings_are_there((baseline, present))
    )
    return replace(report, stages=(*stages, Stage("baseline", findings=gone)), baseline=baseline.file, known=len(old))


def _distinct(stages: Iterable[Stage]) -> Iterator[Finding]:
    """The findings, each once, whatever environments have it; a rule that failed is none that can be accepted."""
    seen = dict.fromkeys(group.finding for group in grouped(tuple(stages)) if not group.finding.fault)
    return iter(seen)


CHECKS = (baseline_findings_are_there,)
SEVERITIES: Severities = {
    baseline_findings_are_there: (Severity.NOTE,),
}
