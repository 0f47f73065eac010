"""Runs stages one after the other, times them, and keeps a fault of one from hiding the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tools.findings.errors import InputError
from tools.findings.faults import contained
from tools.findings.model import Finding, Stage
from tools.findings.report import Gate


@dataclass(slots=True)
class Recorder:
    """The stages of one environment; `done` is called with each."""

    environment: str
    done: Callable[[Stage], None] = lambda stage: None
    gate: Gate = Gate()
    stages: list[Stage] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether an earlier stage has a finding that fails the run, so that later stages need not run."""
        return any(self.gate.fails(finding) for stage in self.stages for finding in stage.findings)

    def run(self, name: str, produce: Callable[[], Iterable[Finding]], waited: float = 0.0) -> None:
        """Run a stage; `waited`: seconds already spent on it, which are added to its time."""
        started = time.perf_counter()
        findings: list[Finding] = []
        skipped = ""
        try:
            findings.extend(produce())
        except InputError as error:
            skipped = str(error)
        except Exception as error:
            skipped = contained(error)
        self.add(Stage(name, self.environment, tuple(findings), skipped, time.perf_counter() - started + waited))

    def skip(self, names: Iterable[str], reason: str, *, excused: bool) -> None:
        """Record stages that do not run."""
        for name in names:
            self.add(Stage(name, self.environment, skipped=reason, excused=excused))

    def add(self, stage: Stage) -> None:
        """Record a stage that is done, without the findings of disabled rules."""
        kept = tuple(finding for finding in stage.findings if finding.rule not in self.gate.disabled)
        stage = replace(stage, findings=kept)
        self.stages.append(stage)
        self.done(stage)
