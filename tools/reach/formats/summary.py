"""A large matrix for people: by source, and for each phrase (`TCP 80`) the targets, the many of them by a few names.

What it leaves out it counts, and says what has all of it. No cell is made: there may be millions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.reach.formats.names import Titled
from tools.reach.formats.view import EACH_OTHER, EVERY_ADDRESS, EVERY_WORKLOAD
from tools.reach.formats.words import Reasons, columns, folded
from tools.reach.model import Matrix, Verdict

MOST_NAMES = 6
KINDS = (("workload", EVERY_WORKLOAD), ("address", EVERY_ADDRESS), ("ingress", ""), ("node", ""))
MORE = (
    "More groups than are named here: --focus NAME has all of one workload, and csv, json and connlist have every pair."
)

Line = tuple[tuple[Verdict, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Everybody:
    """The groups by their index, and of each kind the indexes."""

    groups: Mapping[int, Titled]
    kinds: Mapping[str, tuple[int, ...]]

    def names(self, source: Titled, targets: Sequence[int]) -> Iterator[str]:
        """Targets in words: a whole kind, all but a few, or some and how many more."""
        sorts = Counter(self.groups[index].kind for index in targets)
        for kind, whole in KINDS:
            if not sorts[kind]:
                continue
            reached = [index for index in targets if self.groups[index].kind == kind]
            others = len(self.kinds[kind]) - (source.kind == kind and len(source.peers) == 1)
            missing = others - len(reached)
            if whole and not missing and others > 2:
                yield whole
            elif whole and missing <= MOST_NAMES < len(reached):
                yield f"{whole} but {', '.join(self._missing(source, kind, reached))}"
            else:
                yield from self._some(source, reached)

    def _missing(self, source: Titled, kind: str, reached: Sequence[int]) -> list[str]:
        there = {*reached, *([source.index] if len(source.peers) == 1 else [])}
        return [self.groups[index].title for index in self.kinds[kind] if index not in there]

    def _some(self, source: Titled, reached: Sequence[int]) -> Iterator[str]:
        named = reached if len(reached) <= MOST_NAMES + 1 else reached[:MOST_NAMES]
        yield from (EACH_OTHER if index == source.index else self.groups[index].title for index in named)
        if len(named) < len(reached):
            yield f"and {len(reached) - len(named):,} more"


def listed(matrix: Matrix, groups: Sequence[Titled]) -> Iterator[str]:
    """A source, or addresses that reach the same, and below it what it reaches on which ports."""
    everybody = _everybody(groups)
    alike: dict[Line, list[Titled]] = {}
    silent = set(everybody.groups)
    for index, line in matrix.lines():
        source = everybody.groups[index]
        silent.discard(index)
        if source.kind == "address":
            alike.setdefault(line, []).append(source)
        else:
            yield from _entry(source.title, everybody, source, line)
    for line, sources in alike.items():
        whole = len(sources) == len(everybody.kinds["address"])
        titles = EVERY_ADDRESS if whole else ", ".join(one.title for one in sources)
        yield from _entry(titles, everybody, sources[0], line)
    quiet = [everybody.groups[index] for index in sorted(silent) if everybody.groups[index].kind == "workload"]
    if quiet:
        yield from ("Reach nobody:", *folded(", ".join(group.title for group in quiet), "  "), "")
    yield from folded(MORE, "")


def _entry(title: str, everybody: Everybody, source: Titled, line: Line) -> Iterator[str]:
    reasons = Reasons()
    rows = [(reasons.phrase(verdict), ", ".join(everybody.names(source, found))) for verdict, found in line]
    yield from folded(title, "  ", "")
    yield from columns(rows, "  ")
    yield ""


def _everybody(groups: Sequence[Titled]) -> Everybody:
    kinds = {kind: tuple(sorted(group.index for group in groups if group.kind == kind)) for kind, _ in KINDS}
    return Everybody({group.index: group for group in groups}, kinds)
