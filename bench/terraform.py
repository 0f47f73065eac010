"""Measures `python -m tools.terraform lint`, and beside it checkov, if asked: how long they take for 2,000 lines and
more, which planted faults each finds, and what each says of clean modules. All in one run, in turns; medians are
printed.

    python -m bench.terraform [--rounds N] [--with-checkov] [--list]

--with-checkov installs checkov into .cache/checkov (about 100 s, once). Ours is measured cold, without its cache of
parsed files, and warm. A fault is found when something is said of the module with the fault that is not said of the
clean one, notes left out but those of opinions; whatever is said of a clean module's firewalls is a false positive.
Fails when ours takes more than 2 yardsticks (a fixed piece of work, measured beside it) cold for 2,000 lines, misses a
fault, or, beside checkov, takes more than a fifth of its time warm, at any size, or misses a fault that checkov finds.
Judged is the processor's time; both linters use one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.runs import yardstick
from tools.terraform.rules import opinions

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
# Rules whose notes are opinions, which count as seen, and how a note begins that says that something is not known.
NOTED = opinions.OPINIONS | {
    "egress-is-not-open-to-the-world",
    "ranges-together-are-not-the-world",
    "network-inputs-do-not-default-to-the-world",
    "databases-stay-in-private-ranges",
}
DOUBTS = ("cannot tell: ", "with the defaults alone: ")
CHECKOV = ROOT / ".cache" / "checkov"
VERSION = "3.3.30"
LINES, YARDSTICKS, RATIO = 2000, 2.0, 5.0
# How many times as many lines are measured.
SIZES = (1, 3)
# What of a clean module's findings is about firewalls, and so about what both linters are for.
FIREWALLS = (
    "aws_security_group", "aws_vpc_security_group", "aws_default_security_group", "aws_networkfirewall",
    "google_compute_firewall", "azurerm_network_security", "azurerm_subnet_network_security",
)  # fmt: skip
Faults = set[tuple[str, str]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--with-checkov", action="store_true")
    parser.add_argument("--list", action="store_true", help="list each fault, and what is said of clean modules")
    options = parser.parse_args()
    checkov = installed() if options.with_checkov else None
    with tempfile.TemporaryDirectory() as directory:
        base = Path(directory)
        os.environ["XDG_CACHE_HOME"] = str(base / "cache")
        failed = speed(base / "speed", options.rounds, checkov)
        return int(faults(base / "faults", checkov, options.list) or failed)


def installed() -> Path:
    """checkov's own interpreter; installed when it is not there."""
    program = CHECKOV / "bin" / "checkov"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(CHECKOV)], check=True)
        pip = [str(CHECKOV / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"checkov=={VERSION}"], check=True)
    return program


def speed(base: Path, rounds: int, checkov: Path | None) -> bool:
    """Whether ours is too slow, a third of the lines for each cloud: for 2,000 of them, and beside checkov for more."""
    print(f"median of {rounds} rounds, {os.cpu_count()} cores; in brackets the processor's time")
    failed = False
    for times in SIZES:
        paths = generate(base / str(times), times * LINES // 3)
        cold, mine, theirs, units = [], [], [], []
        # Once for Python's own cache of compiled modules.
        ours(*paths)
        for _ in range(rounds):
            units.append(yardstick(base))
            cold.append(timed(partial(ours, *paths, cached=False)))
            mine.append(timed(partial(ours, *paths)))
            if checkov:
                theirs.append(timed(partial(theirs_of, checkov, *paths)))
        before, first = (statistics.median(column) for column in zip(*cold, strict=True))
        took, used = (statistics.median(column) for column in zip(*mine, strict=True))
        yardsticks = first / statistics.median(units)
        line = f"{sum(map(count, paths))} lines: tools.terraform {before:5.2f} s"
        line += f" ({first:.2f} s, {yardsticks:.2f} yardsticks) cold, {took:5.2f} s ({used:.2f} s) warm"
        slow = times == 1 and yardsticks > YARDSTICKS
        if theirs:
            other, spent = (statistics.median(column) for column in zip(*theirs, strict=True))
            line += f", checkov {other:5.2f} s ({spent:.2f} s), {other / took:.1f} times as long ({spent / used:.1f})"
            slow |= spent / used < RATIO
        print(line)
        failed |= slow
    if failed:
        limit = f"{YARDSTICKS:.0f} yardsticks for {LINES} lines"
        print(f"too slow: the limits are {limit}, and a {RATIO:.0f}th of checkov's time")
    return failed


def generate(base: Path, lines: int) -> list[Path]:
    """A module of at least so many lines for each cloud: the clean ones again and again, under other names."""
    from tests.terraform.planted import modules

    paths = []
    for cloud, name in (("aws", "aws-map"), ("gcp", "gcp"), ("azure", "azure")):
        text = modules()[name]
        head, _, body = text.partition("\nlocals {")
        path = base / cloud
        path.mkdir(parents=True)
        (path / "variables.tf").write_text(head)
        number = 0
        while count(path) < lines:
            number += 1
            (path / f"part{number}.tf").write_text(renamed("\nlocals {" + body, number))
        paths.append(path)
    return paths


def renamed(body: str, number: int) -> str:
    """A copy of a module's body, with names and networks of its own."""
    locals_, _, rest = body.partition("\n}\n")
    for word in ("tags", "four", "six", "egress", "rules"):
        locals_ = locals_.replace(f"\n  {word} ", f"\n  {word}_{number} ")
        locals_, rest = (text.replace(f"local.{word}", f"local.{word}_{number}") for text in (locals_, rest))
    body = f"{locals_}\n}}\n{rest}"
    for kind in ("this", "closed", "groups", "ssh", "health", "dns", "deny", "main", "monitoring"):
        body = body.replace(f'" "{kind}" {{', f'" "{kind}_{number}" {{').replace(f".{kind}.", f".{kind}_{number}.")
    for kind in ("four", "six", "egress"):
        body = body.replace(f'" "{kind}" {{', f'" "{kind}_{number}" {{')
    body = body.replace('output "id"', f'output "id_{number}"')
    if number > 1:
        body = body.replace("= var.network", f'= "network-{number}"')
    return body.replace('"main"\n', f'"main-{number}"\n')


def count(path: Path) -> int:
    return sum(file.read_text().count("\n") for file in path.glob("*.tf"))


def environment() -> dict[str, str]:
    """Ours, without what keeps bytecode from being kept: that would not be warm."""
    return {"LOG_LEVEL": "ERROR"} | {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def timed(action: Any) -> tuple[float, float]:
    """Seconds, and seconds of processor of the processes that it started."""
    started, before = time.perf_counter(), os.times()
    action()
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - started, used


def ours(*paths: Path, cached: bool = True) -> Mapping[str, Faults]:
    """What our linter says of each directory, notes left out but those of opinions."""
    command = [str(PYTHON), "-m", "tools.terraform", "lint", "--format", "json", *map(str, paths)]
    command += [] if cached else ["--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment())
    if done.returncode > 1:
        sys.exit(f"tools.terraform failed:\n{done.stderr}")
    faults_by_module: dict[str, Faults] = {}
    for stage in json.loads(done.stdout)["stages"]:
        for item in stage["findings"]:
            if item["severity"] != "note" or (item["rule"] in NOTED and not item["message"].startswith(DOUBTS)):
                faults_by_module.setdefault(Path(item["file"]).parent.name, set()).add((item["rule"], item["path"]))
    return faults_by_module


def theirs_of(checkov: Path, *paths: Path) -> Mapping[str, Faults]:
    """What checkov says of each directory."""
    command = [str(checkov), "--framework", "terraform", "--output", "json", "--quiet", "--compact"]
    for path in paths:
        command += ["--directory", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    faults_by_module: dict[str, Faults] = {}
    for report in reports(done.stdout) or sys.exit(f"checkov failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"):
        for item in report.get("results", {}).get("failed_checks", ()):
            folder = Path(item["file_abs_path"]).parent.name
            faults_by_module.setdefault(folder, set()).add((item["check_id"], item["resource"]))
    return faults_by_module


def reports(text: str) -> list[Any]:
    """The JSON of each directory, one after the other."""
    decoder, documents = json.JSONDecoder(), []
    while (start := min((text.find(sign) for sign in "[{" if sign in text), default=-1)) >= 0:
        document, end = decoder.raw_decode(text[start:])
        documents.extend(document if isinstance(document, list) else [document])
        text = text[start + end :]
    return documents


def faults(base: Path, checkov: Path | None, listing: bool) -> bool:
    """Whether ours misses a fault, or says anything of a clean firewall."""
    from tests.terraform.planted import faults as planted
    from tests.terraform.planted import modules

    every = list(planted())
    texts = {f"clean-{name}": text for name, text in modules().items()}
    texts.update({fault.name: fault.text for fault in every})
    for name, text in texts.items():
        (base / name).mkdir(parents=True)
        (base / name / "main.tf").write_text(text)
    reported = {"tools.terraform": ours(base)}
    if checkov:
        reported["checkov"] = theirs_of(checkov, base)
    seen: dict[str, set[str]] = {}
    for tool, results in reported.items():
        seen[tool] = {
            fault.name
            for fault in every
            if results.get(fault.name, set()) - results.get(f"clean-{fault.module}", set())
        }
        false = sorted(
            f"{name}: {rule} {place}"
            for name in texts
            if name.startswith("clean-")
            for rule, place in results.get(name, ())
            if place.removeprefix("module.").startswith(FIREWALLS)
        )
        print(f"{tool:16} finds {len(seen[tool])} of {len(every)} faults; {len(false)} false positives")
        for line in false if listing else ():
            print(f"  {line}")
    mine = seen["tools.terraform"]
    for fault in every if listing else ():
        row = " ".join(f"{tool if fault.name in names else '-':16}" for tool, names in seen.items())
        print(f"  {fault.name:44} {row}")
    missed = {fault.name for fault in every} - mine
    behind = seen.get("checkov", set()) - mine
    if missed or behind:
        print(f"missed: {', '.join(sorted(missed))}; of these checkov finds: {', '.join(sorted(behind)) or 'none'}")
    return bool(missed or behind)


if __name__ == "__main__":
    sys.exit(main())
