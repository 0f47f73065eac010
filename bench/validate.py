"""Measures `python -m tools.validate`, warm: with nothing changed since the last run, with a value of every environment
changed, and without what is kept in the user's cache; and beside it the same environments by other tools, one after the
other as a CI script would run them: helm lint, helm template, kubeconform with Kubernetes' own schemas, yamllint,
kubernetes-validate, and checkov for the rendered manifests and for Terraform, if asked. All in one run, in turns;
medians are printed.

    python -m bench.validate [--rounds N] [--env NAME ...] [--with-checkov]

kubeconform is built into .cache/bench, and --with-checkov installs checkov into .cache/checkov (about 100 s, once).
The cache is one of its own, and Python keeps its byte code, as it does where nobody forbids it.
Memory is the most that the processes of one time had together, shared pages once (from /proc; Linux only). Fails when
tools.validate with values changed takes more than 1.5 times the processor's time of helm, yamllint and
kubernetes-validate together (a busy machine makes both sides longer), or more than 100 MB an environment: they are
judged side by side.
"""

from __future__ import annotations

import argparse
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

import yaml

from bench import kubeconform
from bench.arguments import positive
from bench.terraform import installed

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
CHART = "charts/sark-network"
RATIO, MEGABYTES = 1.5, 100.0
CHANGED = "tools.validate, values changed"


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
            time.sleep(0.02)
        return Figures(time.perf_counter() - started, spent() - before, most)


def spent() -> float:
    """Processor seconds of every child that has ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def resident(session: int) -> float:
    """Megabytes of memory of every process in a session: what several share is counted once (PSS, in smaps_rollup)."""
    kilobytes = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[3]) == session:
                rollup = (stat.parent / "smaps_rollup").read_text()
                kilobytes += int(rollup.partition("\nPss:")[2].split()[0])
        except (OSError, IndexError):
            continue
    return kilobytes / 1000


Step = tuple[str, list[str], Path | None]
# Those that the limit is a multiple of.
FOUR = ("helm lint", "helm template", "yamllint", "kubernetes-validate")
SUMS = {
    "helm and kubeconform": ("helm lint", "helm template", "kubeconform"),
    "the same, and checkov": ("helm lint", "helm template", "kubeconform", "checkov, manifests", "checkov, Terraform"),
    "helm, yamllint and kubernetes-validate": FOUR,
}


def main() -> int:
    """Measure, in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=positive, default=5, metavar="N", help="rounds (5)")
    parser.add_argument("--env", nargs="+", metavar="NAME", help="these environments (every one)")
    parser.add_argument("--with-checkov", action="store_true", help="checkov too, which takes much longer")
    options = parser.parse_args()
    there = {
        file.name.removesuffix("-values.yaml"): file for file in sorted((ROOT / CHART / "ci").glob("*-values.yaml"))
    }
    names = options.env or list(there)
    if strangers := [name for name in names if name not in there]:
        parser.error(f"there is no environment {strangers[0]}; there are {', '.join(there)}")
    ours = [str(BIN / "python"), "-m", "tools.validate", *(["--env", *names] if options.env else [])]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as directory:
        os.environ["XDG_CACHE_HOME"] = str(Path(directory, "cache"))
        value = Path(directory, "changed.yaml")
        changed = [*ours[:3], "--env", *names, "--values", str(value)]
        of_ours: list[Step] = [
            ("tools.validate", ours, None),
            (CHANGED, changed, None),
            ("tools.validate --no-cache", [*ours, "--no-cache"], None),
        ]
        steps = others([there[name] for name in names], Path(directory), options.with_checkov)
        measured(ours)
        figures = in_turns([*of_ours, *steps], options.rounds, value)
    medians = {name: middle(rounds) for name, rounds in figures.items()}
    return printed(medians, options.rounds, MEGABYTES * len(names))


def others(environments: list[Path], folder: Path, checkov: bool) -> list[Step]:
    """What the others are called with; what is absent is said."""
    helm = subprocess.check_output([BIN / "python", "-m", "tools.render.helm"], cwd=ROOT, text=True).strip()
    template = [helm, "template", "sark", CHART, "--namespace", "sark", "--kube-version", "1.34.0", "--values"]
    (folder / "rendered").mkdir()
    rendered = [folder / "rendered" / file.name for file in environments]
    steps: list[Step] = []
    for file, target in zip(environments, rendered, strict=True):
        steps.append(("helm lint", [helm, "lint", CHART, "--values", str(file)], None))
        steps.append(("helm template", [*template, str(file)], target))
        subprocess.run([*template, str(file)], cwd=ROOT, stdout=target.open("w"), check=True)
    files = list(map(str, rendered))
    program = kubeconform.program()
    if isinstance(program, str):
        print(f"absent: kubeconform: {program}")
    else:
        objects = [body for file in rendered for body in yaml.load_all(file.read_text(), yaml.CSafeLoader) if body]
        (folder / "schemas").mkdir()
        kinds = kubeconform.write_schemas(folder / "schemas", objects)
        print(f"kubeconform has schemas of {kinds} kinds of {len({(it['apiVersion'], it['kind']) for it in objects})}")
        steps.append(("kubeconform", kubeconform.command(program, folder / "schemas", files), None))
    steps.append(("yamllint", [str(BIN / "yamllint"), "-d", "relaxed", *map(str, environments), *files], None))
    schemas = [str(BIN / "kubernetes-validate"), "-k", "1.34", "--strict", "--quiet", *files]
    steps.append(("kubernetes-validate", schemas, None))
    if checkov:
        checks = [str(installed()), "--compact", "--quiet", "--skip-download", "--framework"]
        steps.append(("checkov, manifests", [*checks, "kubernetes", "--directory", str(folder / "rendered")], None))
        steps.append(("checkov, Terraform", [*checks, "terraform", "--directory", "terraform"], None))
    return steps


def in_turns(steps: Sequence[Step], rounds: int, value: Path) -> dict[str, list[Figures]]:
    """Each command's figures, a round after the other; what runs once an environment is added up.

    `value`: a values file that is another one in each round.
    """
    figures: dict[str, list[Figures]] = {}
    for number in range(rounds):
        value.write_text(f"proxy: {{maxConnections: {500 + number}}}\n")
        turn: dict[str, Figures] = {}
        for name, command, output in steps:
            turn[name] = turn.get(name, Figures()).then(measured(command, output))
        for name, of_round in turn.items():
            figures.setdefault(name, []).append(of_round)
    return figures


def printed(medians: dict[str, Figures], rounds: int, megabytes: float) -> int:
    """The table, and the exit code."""
    sums = {
        name: functools.reduce(Figures.then, (medians[part] for part in parts))
        for name, parts in SUMS.items()
        if medians.keys() >= set(parts)
    }
    ours = medians["tools.validate"]
    print(f"median of {rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':38} {'clock':>8} {'processor':>8} {'memory':>8}")
    for name, figures in (medians | sums).items():
        print(f"{name:38} {figures}")
    for name, together in sums.items():
        clock, processor = ours.seconds / together.seconds, ours.processor / together.processor
        print(f"ratio to {name}: {clock:.2f} of the time, {processor:.2f} of the processor's time")
    processor = medians[CHANGED].processor / sums["helm, yamllint and kubernetes-validate"].processor
    if processor > RATIO or max(medians[CHANGED].megabytes, ours.megabytes) > megabytes:
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
