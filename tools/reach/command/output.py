"""Where an answer goes, and what is said beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tools.findings.cli import CLEAN, COULD_NOT_RUN, FINDINGS
from tools.findings.escaping import begun
from tools.findings.output import put
from tools.findings.progress import Progress
from tools.reach.command.notices import Notices


@dataclass(frozen=True)
class AnswerOutput:
    """A file, or standard output when `file` is None."""

    format: str
    file: Path | None
    status: Progress

    @property
    def colour(self) -> bool:
        """Whether a person reads it on a terminal."""
        return not self.file and sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def write(self, pieces: Iterable[str], beside: Notices, more: Iterable[str] = ()) -> int:
        """Write the answer, piece by piece, with `more` lines about it and what is beside it: below it in text, else on
        standard error. Gives the exit code. Raises InputError.
        """
        self.status.clear()
        if self.format == "text":
            pieces = chain(pieces, (f"\n{line}\n" for line in more), beside.paragraphs())
        else:
            sys.stderr.writelines(f"{begun(line)}\n" for line in chain(more, beside.lines()))
        self.put(pieces)
        return COULD_NOT_RUN if beside.unread else FINDINGS if beside.problems else CLEAN

    def put(self, pieces: Iterable[str]) -> None:
        """Write the answer alone. Raises InputError."""
        self.status.clear()
        put(map(begun, pieces), self.file)
