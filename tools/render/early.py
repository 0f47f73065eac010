"""Renders that are begun before somebody waits for them: Helm works beside the modules that are loaded meanwhile."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

# A render that fits into its pipe is done before somebody reads it; where the system has it smaller, Helm waits.
PIPE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class EarlyRenders:
    """Processes by their command lines, each for whoever runs that command first. None outlives the `with` block."""

    processes: dict[tuple[str, ...], subprocess.Popen[bytes]] = field(default_factory=dict)

    def begin(self, command: Sequence[str]) -> None:
        """Begin the command. Where that fails nothing is begun, and whoever runs it says why."""
        pipe = subprocess.PIPE
        try:
            self.processes[tuple(command)] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, pipesize=PIPE_BYTES
            )
        except OSError:
            return

    def taken(self, command: Sequence[str]) -> subprocess.Popen[bytes] | None:
        """The process that was begun for the command, for one caller."""
        return self.processes.pop(tuple(command), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self.processes.values():
            process.kill()
            process.communicate()


NOTHING_BEGUN = EarlyRenders()
