"""Which branches of a chart's templates its environments reach, and which of its values nothing reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.findings.model import Problem, Severities, Severity, Where
from tools.validate.chart.branches import TemplateBranch


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the environments of a chart cover: `reached` of `branches`, and the values that are `dead`.

    `chart`: the chart's directory; `renders`: how many environments were rendered; `least`: the percentage that is
    asked for, 0 when none is.
    """

    chart: str
    renders: int
    branches: tuple[TemplateBranch, ...]
    reached: frozenset[int]
    dead: tuple[Where, ...] = ()
    least: int = 0

    @property
    def percent(self) -> float:
        """How many of a hundred branches are reached; all of none."""
        counted = [number for number, branch in enumerate(self.branches) if self.counts(number, branch)]
        return 100 * len(self.reached & set(counted)) / len(counted) if counted else 100.0

    def counts(self, number: int, branch: TemplateBranch) -> bool:
        """Whether the branch is one that right values can reach, or one that was reached."""
        return not branch.refuses or number in self.reached


def branches_are_reached(coverage: Coverage) -> Iterator[Problem]:
    """Each branch of the chart's templates is reached by some environment.

    No check sees a branch that no environment renders. `--coverage` counts the branches of `if`, `with`, `range`,
    `else` and `define` in the chart's own templates, without those that refuse values (`fail`, `required`), unless
    values of `--refused` reach them. `--coverage PERCENT` is an error below it. Add an environment
    (`ci/NAME-values.yaml`) that reaches the branch, or remove the branch.
    """
    counted = [number for number, branch in enumerate(coverage.branches) if coverage.counts(number, branch)]
    missed = [coverage.branches[number] for number in counted if number not in coverage.reached]
    figure = (
        f"{len(counted) - len(missed)} of {len(counted)} branches of the templates are reached "
        f"by {coverage.renders} environment{'' if coverage.renders == 1 else 's'} ({coverage.percent:.1f} %)"
    )
    if coverage.percent < coverage.least:
        yield Problem(Where(coverage.chart), f"{figure}, and {coverage.least} % are asked for")
    else:
        yield Problem(Where(coverage.chart), figure, Severity.NOTE)
    for branch in missed:
        message = f"no environment reaches what follows `{branch.opening}`"
        yield Problem(Where(branch.file, "", branch.line), message, Severity.NOTE)


def values_are_read(coverage: Coverage) -> Iterator[Problem]:
    """Each key of the chart's values.yaml is read by a template.

    A key that nothing reads is a promise that the chart does not keep. A key is called unread when no template names it
    and, besides, nothing that any environment renders changes with it. Remove it, or have a template read it.
    """
    for where in coverage.dead:
        message = "no template names this value, and nothing that is rendered changes with it"
        yield Problem(where, message, Severity.WARNING)


CHECKS = (branches_are_reached, values_are_read)
SEVERITIES: Severities = {
    branches_are_reached: (Severity.ERROR, Severity.NOTE),
    values_are_read: (Severity.WARNING,),
}
