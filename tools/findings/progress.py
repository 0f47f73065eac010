"""What a person sees while a run goes on. Silent away from a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from tools.findings.escaping import printable
from tools.findings.model import Stage
from tools.findings.report import fails

_CLEAR = "\r\x1b[K"
WIDEST = 78


@dataclass(slots=True)
class Progress:
    """Writes to a terminal, or nowhere: lines that stay, and one line below them that is written over and over.

    `timings` keeps the seconds of steps for the results.
    """

    terminal: TextIO | None = None
    timings: dict[str, float] = field(default_factory=dict)
    shown: bool = False

    @classmethod
    def on(cls, stream: TextIO) -> Progress:
        """On a stream that is a terminal, and silent on another."""
        return cls(stream if stream.isatty() else None)

    def show(self, what: str) -> None:
        """Show what is being done, or was done last."""
        self._write(f"{_CLEAR}{printable(what)[:WIDEST]} …", shown=True)

    def clear(self) -> None:
        """Leave the line as it was found."""
        if self.shown:
            self._write(_CLEAR, shown=False)

    def done(self, stage: Stage) -> None:
        """One line for a stage that is done."""
        self._write(f"{line(stage)}\n", shown=False)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce a step, and say how long it took."""
        started = time.monotonic()
        self._write(f"{name} …", shown=True)
        end = "failed after"
        try:
            yield
            end = ""
        finally:
            self.timings[name] = time.monotonic() - started
            self._write(f"{_CLEAR}{name}  {end} {self.timings[name]:.1f} s\n", shown=False)

    def _write(self, text: str, *, shown: bool) -> None:
        if self.terminal:
            self.terminal.write(text)
            self.terminal.flush()
            self.shown = shown


def line(stage: Stage) -> str:
    """The environment, the stage, what became of it, and its seconds."""
    failed = sum(map(fails, stage.findings))
    verdict = "not run" if stage.skipped else f"{failed} found" if failed else "ok"
    return f"{stage.environment or '-':12} {stage.name:10} {verdict:8} {stage.seconds:6.2f} s"
