"""What is being done now, for a person at a terminal; a pipe hears nothing until the results."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Steps with their seconds, on standard error; `timings` keeps them for the results."""

    shown: bool = field(default_factory=lambda: sys.stderr.isatty())
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce a step, and say how long it took."""
        started = time.monotonic()
        self._write(f"{name} …")
        end = "failed after"
        try:
            yield
            end = ""
        finally:
            self.timings[name] = time.monotonic() - started
            self._write(f"\r\033[K{name}  {end} {self.timings[name]:.1f} s\n")

    def _write(self, text: str) -> None:
        if self.shown:
            sys.stderr.write(text)
            sys.stderr.flush()
