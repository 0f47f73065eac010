"""Writes an answer, and the notices that go with it."""

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
    """Where an answer goes: a file, or standard output when `file` is None."""

    format: str
    file: Path | None
    status: Progress

    @property
    def colour(self) -> bool:
        """Whether the answer is in colour, because a person reads it on a terminal."""
        return not self.file and sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def write(self, pieces: Iterable[str], notices: Notices, more: Iterable[str] = ()) -> int:
        """Write the answer piece by piece; return the exit code. Raises InputError.

        `more`: lines about the answer. They and the notices go below the answer in text, else to standard error.
        """
        self.status.clear()
        if self.format == "text":
            pieces = chain(pieces, (f"\n{line}\n" for line in more), notices.paragraphs())
        else:
            sys.stderr.writelines(f"{begun(line)}\n" for line in chain(more, notices.lines()))
        self.put(pieces)
        return COULD_NOT_RUN if notices.unread else FINDINGS if notices.problems else CLEAN

    def put(self, pieces: Iterable[str]) -> None:
        """Write the answer without notices. Raises InputError."""
        self.status.clear()
        put(map(begun, pieces), self.file)
