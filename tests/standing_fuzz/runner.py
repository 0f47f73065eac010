"""Runs subjects over many cases, on some processes, and keeps the first failure of each kind."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.standing_fuzz.attempt import attempt, reduced
from tests.standing_fuzz.case import Failure, Subject
from tests.standing_fuzz.subjects import SUBJECTS

CHUNK = 25
# A worker that does not come back at all (a loop that no signal ends) is a failure too.
LONGEST = 1800


@dataclass(slots=True)
class Tally:
    """How the cases of a subject ended."""

    subject: str
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Failure] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count what another part of the run saw."""
        self.seconds += other.seconds
        self.outcomes += other.outcomes
        self.kinds += other.kinds
        for kind, failure in other.failures.items():
            self.failures.setdefault(kind, failure)

    @property
    def cases(self) -> int:
        """How many there were."""
        return self.outcomes.total() + self.kinds.total()

    def line(self) -> str:
        """The tally as a line."""
        words = ", ".join(f"{word} {count:,}" for word, count in self.outcomes.most_common())
        failed = f"; FAILED {self.kinds.total():,}" if self.kinds else ""
        return f"{self.subject:10} {self.cases:6,} cases  {self.seconds:6.1f} s  {words}{failed}"


def part(name: str, seed: str, start: int, stop: int) -> Tally:
    """Judge some cases of one subject in this process."""
    return over(SUBJECTS[name], seed, range(start, stop))


def over(subject: Subject, seed: str, indices: Iterable[int]) -> Tally:
    """Judge these cases. The first failure of each kind is made small."""
    tally, started = Tally(subject.name), time.perf_counter()
    for index in indices:
        result = attempt(subject, seed, index)
        if isinstance(result, str):
            tally.outcomes[result] += 1
            continue
        tally.kinds[result.kind] += 1
        if result.kind not in tally.failures:
            tally.failures[result.kind] = result
    tally.seconds = time.perf_counter() - started
    return tally


def run(seed: str, counts: dict[str, int], processes: int, tell: Callable[[str], None]) -> list[Tally]:
    """All cases of all the subjects; the processes take chunk after chunk."""
    tallies = {name: Tally(name) for name in counts}
    with ProcessPoolExecutor(processes) as pool:
        waiting = [(name, pool.submit(part, name, seed, *span)) for name, span in _chunks(counts)]
        left = Counter(name for name, _ in waiting)
        for name, future in waiting:
            tallies[name].add(future.result(LONGEST))
            left[name] -= 1
            if not left[name]:
                tell(tallies[name].line())
    return list(tallies.values())


def _chunks(counts: dict[str, int]) -> Iterator[tuple[str, tuple[int, int]]]:
    for name, count in counts.items():
        for start in range(0, count, CHUNK):
            yield name, (start, min(start + CHUNK, count))


def smallest(failure: Failure) -> Failure:
    """The failure with a small input."""
    return reduced(SUBJECTS[failure.subject], failure)


def write(failure: Failure, number: int, folder: Path) -> Path:
    """A file from which the case can be judged again."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{failure.subject}-{number}.json"
    path.write_text(json.dumps(asdict(failure), indent=2) + "\n", encoding="utf-8")
    return path
