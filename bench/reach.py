"""Measures `python -m tools.reach matrix` over made-up clusters, and beside it network-config-analyzer and, when it is
on PATH, netpol-analyzer: how long, how much memory, and whether all find the same connections. All in one run.

    python -m bench.reach [--quick] [--size WxP ...] [--limit SECONDS] [--rounds N] [--seed N]

network-config-analyzer is installed into .cache/network-config-analyzer, once. A program that is not done within the
limit (300 s) is stopped and said to be so. Then, ours alone: the grouped matrix from 100 to 10,000 workloads, and
`explain` with everything read. Fails when ours finds other connections than the others do, or takes more than the
targets below. Judged is the processor's time, in yardsticks: a fixed piece of work, measured beside ours, so that a
slow or a busy machine fails no run. All take turns; one that needs more than a tenth of the limit runs once. --quick:
small sizes, where only the connections and `explain` are judged. --size: compare at these sizes and no more.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import clusters, connlists
from bench.runs import ROOT, Program, Run, middle, yardstick

PYTHON = ROOT / ".venv" / "bin" / "python"
ANALYZER = ROOT / ".cache" / "network-config-analyzer"
LOCK = ROOT / "bench" / "reach.lock"
# Yardsticks and megabytes, by workloads and policies.
TARGETS = {(1000, 100): (2.0, 200), (1000, 1000): (6.0, None), (10000, 1000): (60.0, 1000)}
COMPARED = ((100, 100), (1000, 100), (1000, 1000))
GROWTH = ((100, 100), (1000, 100), (10000, 100))
LARGE = (10000, 1000)
QUICK = ((60, 30), (120, 60))
# Ten times as many workloads: how many times as long may it take, with a little for what else the machine does.
GROWS = 13.0
# Yardsticks; seven thousandths are usual.
EXPLAIN = 0.03
QUESTIONS = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--size", type=sized, action="append", metavar="WxP", help="workloads x policies: 100x100")
    parser.add_argument("--limit", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {options.rounds} rounds, in turns")
    faults: list[str] = []
    others = tuple(peers())
    for workloads, policies in options.size or (QUICK if options.quick else COMPARED):
        size = clusters.Size(workloads, policies, options.seed)
        faults += compared(size, others, options.rounds, options.limit)
    if not options.quick and not options.size:
        faults += growth(options.seed, options.rounds, options.limit)
    if not options.size:
        faults += explained(clusters.Size(*(QUICK[-1] if options.quick else COMPARED[-1]), options.seed))
    for fault in faults:
        print(fault, file=sys.stderr)
    return bool(faults)


def sized(text: str) -> tuple[int, int]:
    """`100x100`."""
    workloads, policies = text.split("x")
    return int(workloads), int(policies)


def ours(form: str) -> Program:
    """Our matrix, in one of its formats."""
    command = (str(PYTHON), "-m", "tools.reach", "matrix", "--manifests", "FOLDER", "--format", form)
    return Program("tools.reach", command)


def peers() -> Iterator[Program]:
    """The others that are here; network-config-analyzer is brought here."""
    program = ANALYZER / "bin" / "nca"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ANALYZER)], check=True)
        pip = [str(ANALYZER / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "--requirement", str(LOCK)], check=True)
    # With --resource_list it would read policies before the namespaces of later files, and match none of their labels.
    where = ("--connectivity", "FOLDER", "--ns_list", "FOLDER", "--pod_list", "FOLDER")
    yield Program("network-config-analyzer", (str(program), *where, "--output_format", "txt_no_fw_rules"))
    for name in ("netpol-analyzer", "netpolicy"):
        if which := shutil.which(name):
            yield Program(name, (which, "list", "--quiet", "--dirpath", "FOLDER"))


def compared(size: clusters.Size, others: Sequence[Program], rounds: int, limit: float) -> Iterator[str]:
    """Prints a table, and yields what is wrong."""
    print(f"\n{size}")
    print(f"{'':24}{'clock':>10} {'processor':>10} {'memory':>10} {'':16} times ours: clock, processor, memory; list")
    with tempfile.TemporaryDirectory() as directory:
        folder = written(size, Path(directory))
        programs = (ours("connlist"), *others)
        runs: dict[str, list[Run]] = {program.name: [] for program in programs}
        lists: dict[str, Path] = {}
        units: list[float] = []
        for _ in range(rounds):
            units.append(yardstick(Path(directory)))
            for program in programs:
                if all(run.seconds < limit / 10 for run in runs[program.name]):
                    run, lists[program.name] = program.run(folder, limit)
                    runs[program.name].append(run)
        mine = middle(runs["tools.reach"])
        print(f"{'tools.reach':24}{mine} ({mine.processor / statistics.median(units):.2f} yardsticks)")
        yield from judged(size, mine, statistics.median(units))
        for other in others:
            theirs = middle(runs[other.name])
            if theirs.failure or mine.failure:
                print(f"{other.name:24}{theirs}")
                continue
            differences = differing(lists["tools.reach"], lists[other.name])
            pairs = zip(theirs.spent(), mine.spent(), strict=True)
            ratio = " ".join(f"{figure / own:6.1f}" for figure, own in pairs)
            print(f"{other.name:24}{theirs} {ratio}; {f'{len(differences):,} differ' if differences else 'equal'}")
            yield from (f"{size}: ours against {other.name}'s: {difference}" for difference in differences[:5])


def growth(seed: int, rounds: int, limit: float) -> Iterator[str]:
    """Prints the grouped matrix's figures for ever more workloads, and yields what is wrong."""
    print("\ngrouped (--format text): more workloads under as many policies, then more policies")
    before: Run | None = None
    for workloads, policies in (*GROWTH, LARGE):
        size = clusters.Size(workloads, policies, seed)
        with tempfile.TemporaryDirectory() as directory:
            folder = written(size, Path(directory))
            unit = yardstick(Path(directory))
            run = middle([ours("text").run(folder, limit)[0] for _ in range(rounds)])
        growing = before is not None and not run.failure and (workloads, policies) != LARGE
        times = f"{run.processor / before.processor:.1f} times the row above" if before and growing else ""
        print(f"{f'{workloads:,} × {policies:,}':24}{run}  {times}")
        yield from judged(size, run, unit)
        if before and growing and run.processor > GROWS * before.processor:
            yield f"{size}: {times}; the limit is {GROWS:.0f}"
        before = run


def explained(size: clusters.Size) -> Iterator[str]:
    """Prints how long an explanation takes, with everything read, and yields what is wrong."""
    sys.path.insert(0, str(ROOT))
    from tools.manifests.documents import manifests, parse
    from tools.reach.world import World

    with tempfile.TemporaryDirectory() as directory:
        unit = yardstick(Path(directory))
        files = [(str(file), file.read_text()) for file in sorted(written(size, Path(directory)).glob("*.yaml"))]
    started = time.process_time()
    world = World([manifest for name, text in files for manifest in manifests(parse(text, name), name)])
    read = time.process_time() - started
    chance, took = random.Random(size.seed), []
    for _ in range(QUESTIONS):
        src, dst = chance.sample(world.peers, 2)
        started = time.process_time()
        world.explain(src, dst, chance.choice((443, 8080, chance.randrange(1, 65536))))
        took.append(time.process_time() - started)
    middling, most = statistics.median(took), max(took)
    print(f"\nexplain, {size}: read in {read:.2f} s, then {QUESTIONS} questions")
    print(f"median {middling * 1000:.0f} ms, at most {most * 1000:.0f} ms")
    if middling > EXPLAIN * unit:
        yield f"explain takes {middling / unit:.3f} yardsticks; the limit is {EXPLAIN}"


def written(size: clusters.Size, base: Path) -> Path:
    """The folder of a cluster's manifests."""
    folder = base / "manifests"
    folder.mkdir()
    clusters.write(size, folder)
    return folder


def judged(size: clusters.Size, run: Run, unit: float) -> Iterator[str]:
    """What is wrong with a run of ours; `unit`: what the yardstick took beside it."""
    if run.failure:
        yield f"{size}: tools.reach: {run.failure}"
        return
    yardsticks, megabytes = TARGETS.get((size.workloads, size.policies), (None, None))
    if yardsticks and run.processor > yardsticks * unit:
        yield f"{size}: {run.processor / unit:.2f} yardsticks; the limit is {yardsticks}"
    if megabytes and run.megabytes > megabytes:
        yield f"{size}: {run.megabytes:.0f} MB; the limit is {megabytes} MB"


def differing(path: Path, other: Path) -> list[str]:
    """Where two lists differ."""
    with path.open() as left, other.open() as right:
        return connlists.differences(connlists.read(left), connlists.read(right))


if __name__ == "__main__":
    sys.exit(main())
