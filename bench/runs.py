"""Programs run as processes of their own: how long they took, and how much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

YARDSTICK = """
import json, yaml
text = "name: {a: [1, two], b: x}\\n---\\n" * 34_000
for part in yaml.load_all(text, yaml.CSafeLoader):
    json.dumps(part)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds on the clock and of processor, megabytes at most, lines written; `failure`: why it did not end well."""

    seconds: float
    processor: float
    megabytes: float
    lines: int = 0
    failure: str = ""

    def spent(self) -> tuple[float, float, float]:
        """What it took."""
        return self.seconds, self.processor, self.megabytes

    def __str__(self) -> str:
        if self.failure:
            return self.failure
        return f"{self.seconds:8.2f} s {self.processor:8.2f} s {self.megabytes:7,.0f} MB {self.lines:10,} lines"


@dataclass(frozen=True, slots=True)
class Program:
    """A command that writes a connection list to its standard output, of the folder that it is given."""

    name: str
    command: tuple[str, ...]

    def run(self, folder: Path, limit: float) -> tuple[Run, Path]:
        """One run, and the file that holds what it wrote."""
        output = folder.parent / f"{self.name}.txt"
        return measured([part.replace("FOLDER", str(folder)) for part in self.command], output, limit), output


def measured(command: Sequence[str], output: Path, limit: float) -> Run:
    """A command, with its output in a file; started by a small process of its own.

    Linux counts what the process that starts another one holds as the other's, and this one may hold two long lists.
    """
    own = [sys.executable, "-I", __file__, str(output), str(limit), *command]
    seconds, processor, megabytes, code = json.loads(subprocess.check_output(own, cwd=ROOT))
    with output.open("rb") as lines:
        count = sum(1 for _ in lines)
    return Run(seconds, processor, megabytes, count, failure(code, output.with_suffix(".err"), limit))


def yardstick(folder: Path) -> float:
    """Seconds of processor of a fixed piece of work that is no part of this project, in a process of its own.

    A limit is told in these, so that a slow or a busy machine, which makes both longer, does not fail a run. It took
    about a second where the limits were set.
    """
    run = measured([sys.executable, "-c", YARDSTICK], folder / "yardstick.txt", 300)
    if run.failure:
        raise RuntimeError(f"the yardstick: {run.failure}")
    return run.processor


def alone(output: Path, limit: float, command: Sequence[str]) -> tuple[float, float, float, int]:
    """Run a command: seconds, seconds of processor, megabytes, and its exit code."""
    with output.open("w") as out, output.with_suffix(".err").open("w") as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err)
        timer = threading.Timer(limit, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, process.returncode


def failure(code: int, errors: Path, limit: float) -> str:
    """Why a command did not end well, or nothing."""
    if code == -9:
        return f"not done within {limit:.0f} s"
    if code == 0:
        return ""
    last = errors.read_text().strip().splitlines()[-1:]
    return f"failed with exit code {code}: {''.join(last)[:200]}"


def middle(runs: Sequence[Run]) -> Run:
    """The run of median time, with the most memory of any; one that did not end well, if there is one."""
    failed = next((run for run in runs if run.failure), None)
    if failed:
        return failed
    run = sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]
    return Run(run.seconds, run.processor, max(run.megabytes for run in runs), run.lines)


if __name__ == "__main__":
    print(json.dumps(alone(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])))
