"""The nouns that every check, report and command shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from tools.findings.paths import nearest


class Severity(StrEnum):
    """How much a problem matters: errors and warnings fail a run, notes do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a Kubernetes object is called: its kind, its namespace ("" when it names none) and its name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Where:
    """A place: a file as the user would type it, a path in it (`spec.egress[0].to`), a line from 1 (0: not known).

    `identity`: the object that stands there. It tells where a place is to a reader, and is no part of it.
    """

    file: str
    path: str = ""
    line: int = 0
    identity: Identity | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check yields: a place, and a message that says what is wrong and what to write instead."""

    where: Where
    message: str
    severity: Severity = Severity.ERROR
    # What the message says, as data of its rule's own, for whoever decides by it: nobody reads that out of a sentence.
    about: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with the id of the rule that found it. `fault`: the rule itself failed there, and judged nothing."""

    rule: str
    problem: Problem
    fault: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """One Kubernetes object and where it came from.

    `file` is the template (`charts/sark-network/templates/x.yaml`) or the file that held it; `lines` maps a path
    inside `body` (`spec.egress[0].to`, `metadata.labels["a/b"]`) to its line in the text that was read.
    """

    file: str
    kind: str
    name: str
    namespace: str
    body: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)

    def where(self, path: str = "") -> Where:
        """The place of `path`, with the line of the nearest ancestor that has one."""
        identity = Identity(self.kind, self.namespace, self.name) if self.kind else None
        return Where(self.file, path, self.lines.get(nearest(path, self.lines), 0), identity)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a run in one environment. `skipped` holds the reason when it did not run: that is never a pass.

    `excused`: not having run fails nothing by itself, because an optional program is not there, or because a finding of
    an earlier stage is the reason.
    """

    name: str
    environment: str = ""
    findings: tuple[Finding, ...] = ()
    skipped: str = ""
    seconds: float = 0.0
    excused: bool = False


Subject = TypeVar("Subject")
Check = Callable[[Subject], Iterable[Problem]]
# Of each check of a module that yields anything but errors, the severities that it yields, the worst first.
Severities = Mapping[Callable[..., object], tuple[Severity, ...]]


def rule_id(check: Callable[..., object]) -> str:
    """The id of a check: its function name, in kebab case."""
    return check.__name__.replace("_", "-")


def run(checks: Iterable[Check[Subject]], subject: Subject) -> Iterator[Finding]:
    """Run each check over the subject and stamp what it yields with the rule's id."""
    for check in checks:
        for problem in check(subject):
            yield Finding(rule_id(check), problem)
