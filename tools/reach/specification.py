"""Judges the rows of tests/flows.yaml offline: what the cluster would do with each, from manifests alone.

`judge` is what `python -m tools.reach check` and the flows stage of `python -m tools.validate` call. Its world is the
rendered manifests, a Pod for each entry of `pods`, and cluster DNS. The chart's own helm tests are left out: they are
there while they run.

A row through the proxy is a walk of several steps: the source to the proxy's pods, Envoy's decision, the proxy to
cluster DNS when there is a name to resolve, and the proxy to the address. The first step that is denied decides. A row
holds when the verdict is the expected one; a conditional verdict never is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tools.addresses import Net
from tools.flow_model import Flow, Specification
from tools.model import Manifest, Problem
from tools.reach.scenery import Scenery, allow_all
from tools.reach.steps import Hop, Walk
from tools.reach.world import POD_CIDRS

Outcome = Literal["allowed", "denied", "conditional", "not judged"]
# What is installed in these states; in the others it is what `installed` has.
UPGRADED, ALLOW_ALL, PROXY_DOWN = "upgraded", "allow-all", "proxy-down"


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one row in one state. `hops`: its steps, in order, as far as they were walked; those of a row that
    does not hold carry their explanations. `why`: why it was not judged.
    """

    flow: Flow
    state: str
    verdict: Outcome
    hops: tuple[Hop, ...] = ()
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether the verdict is what the row expects."""
        return self.verdict == ("allowed" if self.flow.allowed else "denied")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Every row of a specification in each of its states, and what was wrong with the manifests or is not modelled."""

    rows: tuple[Judged, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


def judge(
    spec: Specification,
    manifests: tuple[Manifest, ...],
    *,
    upgraded: tuple[Manifest, ...] | None = None,
    pod_cidrs: tuple[Net, ...] = POD_CIDRS,
    namespace: str = "sark",
    explain: bool = False,
) -> Judgement:
    """Judge the rows of a specification; of one environment they are `spec.of(environment)`.

    `manifests` is what the values of the environment render; `upgraded` what is rendered after the upgrade, without
    which rows of that state are not judged. `pod_cidrs`: where pods' addresses are, which settles what would depend on
    them. `namespace`: the release's. `explain`: have the whole explanation in the hops of rows that hold, too.
    """
    states = _States(spec, manifests, upgraded, pod_cidrs, namespace)
    rows = tuple(states.judged(flow, state, explain) for flow in spec.flows for state in flow.during)
    world = states.installed.world
    return Judgement(rows, world.problems, world.notes)


@dataclass(frozen=True)
class _States:
    """The scenery of each state, made when a row asks for it."""

    spec: Specification
    manifests: tuple[Manifest, ...]
    after: tuple[Manifest, ...] | None
    pod_cidrs: tuple[Net, ...]
    namespace: str

    @cached_property
    def installed(self) -> Scenery:
        return self._scenery(self.manifests)

    @cached_property
    def widened(self) -> Scenery:
        return self._scenery((*self.manifests, allow_all(self.namespace)))

    @cached_property
    def upgraded(self) -> Scenery | None:
        return self._scenery(self.after) if self.after is not None else None

    def _scenery(self, manifests: tuple[Manifest, ...]) -> Scenery:
        return Scenery.of(manifests, self.spec, self.pod_cidrs, self.namespace)

    def of(self, state: str) -> Scenery | None:
        """What is there in a state; None when it is not known."""
        if state == UPGRADED:
            return self.upgraded
        return self.widened if state == ALLOW_ALL else self.installed

    def judged(self, flow: Flow, state: str, explain: bool) -> Judged:
        scenery = self.of(state)
        if scenery is None:
            return Judged(flow, state, "not judged", why="it holds after an upgrade, whose values were not given")
        runs = state != PROXY_DOWN
        found = Judged(flow, state, *Walk(scenery, runs, explain).along(flow))
        if explain or found.holds:
            return found
        return Judged(flow, state, *Walk(scenery, runs, explain=True).along(flow))
