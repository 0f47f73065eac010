"""What a person sees while something takes long: one line, written over and over. Silent away from a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from tools.reach.formats.names import printable

_CLEAR = "\r\x1b[K"
WIDEST = 78


@dataclass(slots=True)
class Status:
    """Writes to a terminal, or nowhere."""

    terminal: TextIO | None = None
    shown: bool = False

    def told(self, what: str) -> None:
        """Show what is being done, or was done last."""
        if self.terminal:
            self.terminal.write(f"{_CLEAR}{printable(what)[:WIDEST]} …")
            self.terminal.flush()
            self.shown = True

    def clear(self) -> None:
        """Leave the line as it was found."""
        if self.terminal and self.shown:
            self.terminal.write(_CLEAR)
            self.terminal.flush()
            self.shown = False
