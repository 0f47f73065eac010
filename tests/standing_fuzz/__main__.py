"""The standing fuzz: `make fuzz`, or `make fuzz SEED=…` for what another run made.

Every failure is written as a small file; `make fuzz CASE=FILE` judges that one case again.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from pathlib import Path

from tests.standing_fuzz.attempt import outcome
from tests.standing_fuzz.runner import Tally, run, smallest, write
from tests.standing_fuzz.subjects import SUBJECTS
from tools.findings.cli import CLEAN, FINDINGS

FOLDER = Path(".cache/fuzz")
PROCESSES = 2


def main() -> int:
    """The command line; 1 when a case failed."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seed", default="", help="what the cases are made from (a fresh one, which is printed)")
    parser.add_argument("--scale", type=float, default=1, help="times the usual number of cases")
    parser.add_argument("--only", choices=SUBJECTS, nargs="+", default=list(SUBJECTS), help="these subjects")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--case", type=Path, help="judge the case of this file, and nothing else")
    options = parser.parse_args()
    if options.case:
        return _again(options.case)
    seed = options.seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    counts = {name: max(1, round(SUBJECTS[name].cases * options.scale)) for name in options.only}
    tallies = run(seed, counts, options.processes, lambda line: print(line, flush=True))
    print(f"{sum(tally.cases for tally in tallies):,} cases, seed {seed}")
    return FINDINGS if _print_tallies(tallies) else CLEAN


def _print_tallies(tallies: list[Tally]) -> int:
    """Print each kind of failure, and write its case. How many kinds there are."""
    kinds = 0
    for tally in tallies:
        for kind, count in tally.kinds.most_common():
            kinds += 1
            failure = smallest(tally.failures[kind])
            path = write(failure, kinds, FOLDER)
            print(f"\n{failure.subject} case {failure.index}: {kind} ({count} times)\n  {failure.detail[:600]!r}")
            print(f"  input: {json.dumps(failure.input)[:600]}\n  again: make fuzz CASE={path}", flush=True)
    return kinds


def _again(path: Path) -> int:
    recorded = json.loads(path.read_text(encoding="utf-8"))
    result = outcome(SUBJECTS[recorded["subject"]], recorded["input"])
    print(result if isinstance(result, str) else ": ".join(result))
    return CLEAN if isinstance(result, str) else FINDINGS


if __name__ == "__main__":
    sys.exit(main())
