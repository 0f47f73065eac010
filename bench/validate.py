"""Measures `python -m tools.validate`, warm, and beside it the same environments by helm lint, helm template, yamllint
and kubernetes-validate, one after the other as a CI script would run them. All in one run, in turns; medians are
printed.

    python -m bench.validate [ROUNDS]

Memory is the largest sum of resident sets of the processes that ran at one time (from /proc; Linux only).
Fails when tools.validate takes more than 1.5 times the processor's time of these four together (a busy machine makes
both sides longer), or more than 100 MB an environment: they are judged side by side.
"""

from __future__ import annotations

import functools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
CHART = "charts/sark-network"
RATIO, MEGABYTES = 1.5, 100.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds on the clock, seconds of processor, and megabytes, of one command or of several in turn."""

    seconds: float = 0.0
    processor: float = 0.0
    megabytes: float = 0.0

    def then(self, next_one: Figures) -> Figures:
        """Both, one after the other."""
        return Figures(
            self.seconds + next_one.seconds,
            self.processor + next_one.processor,
            max(self.megabytes, next_one.megabytes),
        )

    def __str__(self) -> str:
        return f"{self.seconds:6.2f} s {self.processor:6.2f} s {self.megabytes:6.0f} MB"


def measured(command: Sequence[str], output: Path | None = None) -> Figures:
    """A command and its children."""
    with (output or Path(os.devnull)).open("w") as out:
        before, started, most = spent(), time.perf_counter(), 0.0
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL, start_new_session=True)
        while process.poll() is None:
            most = max(most, resident(process.pid))
            time.sleep(0.005)
        return Figures(time.perf_counter() - started, spent() - before, most)


def spent() -> float:
    """Processor seconds of every child that has ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def resident(session: int) -> float:
    """Megabytes of resident memory of every process in a session."""
    pages = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            pages += int(fields[21])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def main() -> int:
    """Measure, in turns."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    python = str(BIN / "python")
    helm = subprocess.check_output([python, "-m", "tools.render.helm"], cwd=ROOT, text=True).strip()
    environments = sorted((ROOT / CHART / "ci").glob("*-values.yaml"))
    with tempfile.TemporaryDirectory() as directory:
        rendered = [Path(directory) / file.name for file in environments]
        template = [helm, "template", "sark", CHART, "--namespace", "sark", "--kube-version", "1.34.0", "--values"]
        generic: list[tuple[str, list[str], Path | None]] = []
        for file, target in zip(environments, rendered, strict=True):
            generic.append(("helm lint", [helm, "lint", CHART, "--values", str(file)], None))
            generic.append(("helm template", [*template, str(file)], target))
        files = list(map(str, rendered))
        generic.append(("yamllint", [str(BIN / "yamllint"), "-d", "relaxed", *map(str, environments), *files], None))
        schemas = [str(BIN / "kubernetes-validate"), "-k", "1.34", "--strict", "--quiet", *files]
        generic.append(("kubernetes-validate", schemas, None))

        ours: list[Figures] = []
        theirs: dict[str, list[Figures]] = {}
        measured([python, "-m", "tools.validate"])
        for _ in range(rounds):
            ours.append(measured([python, "-m", "tools.validate"]))
            turn: dict[str, Figures] = {}
            for name, command, output in generic:
                turn[name] = turn.get(name, Figures()).then(measured(command, output))
            for name, figures in turn.items():
                theirs.setdefault(name, []).append(figures)

    medians = {name: middle(figures) for name, figures in theirs.items()}
    return printed(middle(ours), medians, rounds, MEGABYTES * len(environments))


def printed(ours: Figures, theirs: dict[str, Figures], rounds: int, megabytes: float) -> int:
    """The table, and the exit code."""
    together = functools.reduce(Figures.then, theirs.values())
    print(f"median of {rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':22} {'clock':>8} {'processor':>8} {'memory':>8}")
    for name, figures in {"tools.validate": ours, **theirs, "these four together": together}.items():
        print(f"{name:22} {figures}")
    clock, processor = ours.seconds / together.seconds, ours.processor / together.processor
    print(f"ratio: tools.validate takes {clock:.2f} of their time, {processor:.2f} of their processor time")
    if processor > RATIO or ours.megabytes > megabytes:
        print(f"too much: the limits are {RATIO} of their processor time and {megabytes:.0f} MB", file=sys.stderr)
        return 1
    return 0


def middle(figures: list[Figures]) -> Figures:
    """Medians, and the most megabytes of any round."""
    return Figures(
        statistics.median(figure.seconds for figure in figures),
        statistics.median(figure.processor for figure in figures),
        max(figure.megabytes for figure in figures),
    )


if __name__ == "__main__":
    sys.exit(main())
