"""Judges the rows of tests/flows.yaml offline: what the cluster would do with each, from manifests alone.

`python -m tools.reach check` and the flows stage of `python -m tools.validate` call `judge`. Its world has the rendered
manifests, a Pod for each entry of `pods`, and cluster DNS. The chart's own helm tests are left out, because they exist
only while they run.

A row through the proxy is a walk of several steps: the source to the proxy's pods, Envoy's decision, the proxy to
cluster DNS when there is a name to resolve, and the proxy to the address. The first step that is denied decides. A row
holds when the verdict is the expected one; a conditional verdict is never the expected one.

Where the specification names `walls`, the rows of state `installed` are judged again with each wall alone, as the trial
does: by the NetworkPolicies without Calico's lock-down, and by Envoy without any policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from tools.egress.envoy.decide import Proxy
from tools.findings.model import Manifest, Problem
from tools.manifests.addresses import Net, network
from tools.reach.flows.model import Flow, Specification
from tools.reach.flows.state import ClusterState, allow_all
from tools.reach.flows.walk import Hop, Walk
from tools.reach.world import POD_CIDRS

Outcome = Literal["allowed", "denied", "conditional", "not judged"]
# The other states have something more, or something less, than `installed`.
INSTALLED, UPGRADED, ALLOW_ALL, PROXY_DOWN = "installed", "upgraded", "allow-all", "proxy-down"
POLICIES_ALONE, ENVOY_ALONE = "network-policies alone", "envoy alone"
LOCK_DOWN = ("GlobalNetworkPolicy",)


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """The verdict on one row in one state. `why`: the reason why it was not judged.

    `hops`: its steps in order, up to the one that decided. They carry explanations where the row does not hold.
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
class FlowsJudgement:
    """The verdicts on all rows in each of their states, and what is wrong with the manifests or not modelled."""

    rows: tuple[JudgedRow, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


def pod_cidrs_of(values: Mapping[str, Any]) -> tuple[Net, ...]:
    """The pods' networks by this chart's values: `cluster.podCidrs`, which are only for pods; else `cluster.cidrs`,
    which are for Services and nodes too; else the networks that private clusters use.
    """
    cluster = values.get("cluster")
    for key in ("podCidrs", "cidrs"):
        listed = cluster.get(key) if isinstance(cluster, Mapping) else None
        texts = [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
        if nets := tuple(net for text in texts if (net := network(text))):
            return nets
    return POD_CIDRS


def judge(
    spec: Specification,
    manifests: tuple[Manifest, ...],
    *,
    upgraded: tuple[Manifest, ...] | None = None,
    pod_cidrs: tuple[Net, ...] = POD_CIDRS,
    namespace: str = "sark",
    explain: bool = False,
) -> FlowsJudgement:
    """Judge the rows of a specification. For those of one environment, pass `spec.of(environment)`.

    `manifests`: what the environment's values render. `upgraded`: what renders after the upgrade; without it, rows of
    that state are not judged. `pod_cidrs`: the pods' networks, which settle verdicts that would depend on pods'
    addresses. `namespace`: the release's. `explain`: put full explanations into the hops of rows that hold, too.
    """
    states = _States(spec, manifests, upgraded, pod_cidrs, namespace)
    rows = tuple(states.judged(flow, state, explain) for flow in spec.flows for state in states.of(flow))
    world = states.installed.world
    return FlowsJudgement(rows, world.problems, world.notes)


@dataclass(frozen=True)
class _States:
    """The cluster in each state, built when a row needs it."""

    spec: Specification
    manifests: tuple[Manifest, ...]
    after: tuple[Manifest, ...] | None
    pod_cidrs: tuple[Net, ...]
    namespace: str

    @cached_property
    def installed(self) -> ClusterState:
        return self._cluster(self.manifests)

    @cached_property
    def widened(self) -> ClusterState:
        return self._cluster((*self.manifests, allow_all(self.namespace)), self.installed.proxy)

    @cached_property
    def upgraded(self) -> ClusterState | None:
        return self._cluster(self.after) if self.after is not None else None

    @cached_property
    def additive(self) -> ClusterState:
        policies = tuple(manifest for manifest in self.manifests if manifest.kind not in LOCK_DOWN)
        return self._cluster(policies, self.installed.proxy)

    def _cluster(self, manifests: tuple[Manifest, ...], proxy: Proxy | None = None) -> ClusterState:
        return ClusterState.of(manifests, self.spec, self.pod_cidrs, self.namespace, proxy)

    def of(self, flow: Flow) -> Iterator[str]:
        """The states in which a row is judged: its own, and `installed` once more with each wall alone."""
        yield from flow.during
        if INSTALLED in flow.during:
            locked = any(manifest.kind in LOCK_DOWN for manifest in self.manifests)
            if "network-policies" in self.spec.walls and locked:
                yield POLICIES_ALONE
            if "envoy" in self.spec.walls and flow.via == "proxy" and flow.twin != "proxy":
                yield ENVOY_ALONE

    def walk(self, state: str, explain: bool) -> Walk | None:
        """The walk through the cluster in a state; None when that state is not known."""
        name = {UPGRADED: "upgraded", ALLOW_ALL: "widened", POLICIES_ALONE: "additive"}.get(state, "installed")
        cluster: ClusterState | None = getattr(self, name)
        runs, alone = state != PROXY_DOWN, state == ENVOY_ALONE
        return Walk(cluster, proxy_runs=runs, envoy_alone=alone, explain=explain) if cluster else None

    def judged(self, flow: Flow, state: str, explain: bool) -> JudgedRow:
        walk = self.walk(state, explain)
        if walk is None:
            return JudgedRow(flow, state, "not judged", why="the values of the upgrade were not given")
        row = JudgedRow(flow, state, *walk.follow(flow))
        return row if explain or row.holds else self.judged(flow, state, True)
