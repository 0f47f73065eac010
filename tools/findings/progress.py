"""What a person sees while a run goes on: one line for each stage that is done. Silent away from a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from tools.findings.model import Stage
from tools.findings.report import fails


@dataclass(frozen=True, slots=True)
class Progress:
    """Writes to a terminal, or nowhere."""

    terminal: TextIO | None = None

    def done(self, stage: Stage) -> None:
        """One line for a stage that is done."""
        if self.terminal:
            self.terminal.write(f"{line(stage)}\n")
            self.terminal.flush()


def line(stage: Stage) -> str:
    """The environment, the stage, what became of it, and its seconds."""
    failed = sum(map(fails, stage.findings))
    verdict = "not run" if stage.skipped else f"{failed} found" if failed else "ok"
    return f"{stage.environment or '-':12} {stage.name:10} {verdict:8} {stage.seconds:6.2f} s"
