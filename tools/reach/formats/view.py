"""A matrix as people read it: its groups with titles, and what each source may reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tools.reach.formats.names import Titled, named, titled
from tools.reach.formats.words import Reasons, asked, cells, count
from tools.reach.model import Matrix, Verdict

MOST_RANGES = 8


@dataclass(frozen=True, slots=True)
class View:
    """The groups in order, the verdicts by the indexes of source and target, and the reasons used so far.

    `only`: the names in focus, if any; the view then says nothing about pairs of other peers.
    """

    groups: tuple[Titled, ...]
    table: Mapping[int, Mapping[int, Verdict]]
    only: frozenset[str] | None = None
    reasons: Reasons = field(default_factory=Reasons)

    def about(self, *names: str) -> bool:
        """Whether the view covers a pair with these names, so that a missing verdict means that nothing is allowed."""
        return self.only is None or not self.only.isdisjoint(names)

    def phrase(self, source: Titled, target: Titled) -> str:
        """The verdict for two groups in words; "" for nothing."""
        verdict = self.table.get(source.index, {}).get(target.index)
        return self.reasons.phrase(verdict, source.name, target.name) if verdict else ""

    @property
    def heading(self) -> str:
        """The heading of the matrix, on one line."""
        workloads = [peer for group in self.groups for peer in group.peers if peer.kind == "workload"]
        spaces = len({peer.namespace for peer in workloads})
        if self.only is not None:
            whom = "it" if len(self.only) == 1 else "them"
            return f"Whom {named(sorted(self.only))} may reach, and who may reach {whom}"
        return f"Who may reach whom: {count(len(workloads), 'workload')} in {count(spaces, 'namespace')}"

    @property
    def alike(self) -> list[tuple[str, str]]:
        """The titles that stand for several peers, and what they stand for."""
        return [(group.title, _contents(group)) for group in self.groups if group.holds]


_Targets = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """Sources that reach the same, and for each phrase (`TCP 80`) the targets, in words."""

    sources: tuple[str, ...]
    targets: _Targets


EVERY_ADDRESS, EVERY_WORKLOAD, EACH_OTHER = "all addresses", "all other workloads", "each other"


def heading(matrix: Matrix) -> str:
    """The heading of a matrix, without a look at its cells."""
    return View(titled(matrix.groups), {}, asked(matrix)).heading


def seen(matrix: Matrix) -> View:
    """The view of a matrix."""
    table: dict[int, dict[int, Verdict]] = {}
    for cell in cells(matrix):
        table.setdefault(cell.src, {})[cell.dst] = cell.verdict
    return View(titled(matrix.groups), table, asked(matrix))


def entries(view: View) -> Iterator[SourceEntry]:
    """An entry for each source; addresses that reach the same share one."""
    kinds = Counter(group.kind for group in view.groups)
    by_targets: dict[tuple[int | None, _Targets], list[Titled]] = {}
    for source in view.groups:
        if source.index not in view.table and not view.about(source.name):
            continue
        own = None if source.kind == "address" else source.index
        by_targets.setdefault((own, tuple(_targets(view, source, kinds))), []).append(source)
    for (own, targets), sources in by_targets.items():
        whole = own is None and len(sources) == kinds["address"] > 1
        yield SourceEntry((EVERY_ADDRESS,) if whole else tuple(source.title for source in sources), targets)


def _targets(view: View, source: Titled, kinds: Mapping[str, int]) -> Iterator[tuple[str, tuple[str, ...]]]:
    reached: dict[str, list[Titled]] = {}
    line = view.table.get(source.index, {})
    for target in view.groups if line else ():
        if target.index in line:
            reached.setdefault(view.phrase(source, target), []).append(target)
    for phrase, targets in reached.items():
        yield phrase, tuple(_names(targets, source, kinds))


def _names(targets: Sequence[Titled], source: Titled, kinds: Mapping[str, int]) -> Iterator[str]:
    """The titles of the targets; where they are all groups of a kind, a single phrase."""
    for kind, word in (("workload", EVERY_WORKLOAD), ("address", EVERY_ADDRESS), ("ingress", ""), ("node", "")):
        reached = [target for target in targets if target.kind == kind]
        others = kinds[kind] - (source.kind == kind and len(source.peers) == 1)
        if word and len(reached) == others > 2:
            yield word
        else:
            yield from (EACH_OTHER if target == source else target.title for target in reached)


def _contents(group: Titled) -> str:
    """What is in a group; where it has very many ranges of addresses, the first of them."""
    parts = group.holds.split(", ")
    if group.kind != "address" or len(parts) <= MOST_RANGES:
        return group.holds
    return f"{', '.join(parts[:MOST_RANGES])} and {len(parts) - MOST_RANGES} more ranges (json has them all)"
