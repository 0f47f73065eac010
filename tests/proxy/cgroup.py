"""A memory limit as a container has it: a control group of our own, where this machine lets us make one."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Files:
    """The names of the same things in both versions of control groups."""

    parent: Path
    limit: str
    peak: str
    kills: str


@dataclass(frozen=True, slots=True)
class Cgroup:
    """One with a limit; whatever is started in it is killed when it needs more."""

    folder: Path
    files: Files

    def enter(self) -> None:
        """Of the process that calls: from here on what it takes is counted."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    @property
    def peak(self) -> int:
        """The most bytes there were."""
        return int((self.folder / self.files.peak).read_text())

    @property
    def kills(self) -> int:
        """How many processes were killed for want of memory."""
        lines = (line.split() for line in (self.folder / self.files.kills).read_text().splitlines())
        return next(int(count) for name, count in lines if name == "oom_kill")


@contextlib.contextmanager
def limited(limit: int) -> Iterator[Cgroup | str]:
    """One with that many bytes; or why there is none."""
    files = _files()
    if isinstance(files, str):
        yield files
        return
    folder = files.parent / f"sark-network-{os.getpid()}-{next(_numbers)}"
    try:
        folder.mkdir()
        (folder / files.limit).write_text(str(limit))
    except OSError as error:
        yield f"no control group with a memory limit can be made: {error}"
        return
    try:
        yield Cgroup(folder, files)
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _files() -> Files | str:
    if (ROOT / "memory" / "memory.limit_in_bytes").exists():
        return Files(ROOT / "memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control")
    controls = ROOT / "cgroup.subtree_control"
    if controls.exists() and "memory" in controls.read_text().split():
        return Files(ROOT, "memory.max", "memory.peak", "memory.events")
    return f"{ROOT} has no memory controller that a group of ours could have"
