"""Policies that are not judged, as tiers before all others with rules that match only perhaps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from tools.manifests.node import root
from tools.policies.model import DIRECTIONS
from tools.policies.unjudged import Unjudged
from tools.reach.compiled import CompiledPolicy, CompiledRule, RulePart, Tier, title
from tools.reach.peers.universe import Universe
from tools.reach.sets import Match


def tiers(doubtful: Iterable[Unjudged], universe: Universe, namespace: str) -> Iterator[Tier]:
    """A tier of doubt for each kind of policy that is not judged, to stand before all others."""
    by_reason: dict[str, list[CompiledPolicy]] = {}
    for item in doubtful:
        policy = _policy(item, universe, namespace)
        if policy.subjects:
            by_reason.setdefault(item.reason, []).append(policy)
    for policies in by_reason.values():
        yield Tier(f"of {policies[0].manifest.kind}", -math.inf, "Pass", tuple(policies))


def _policy(item: Unjudged, universe: Universe, namespace: str) -> CompiledPolicy:
    space, manifest = item.space(namespace), item.manifest
    subjects = universe.kubernetes.selected(item.selector) & universe.pods
    if space:
        subjects &= universe.by_namespace.get(space, 0)
    far = Match(0, universe.outside if item.doubt.outside else universe.everyone)
    node = root(manifest)["spec"]
    rules = tuple(
        CompiledRule(node, "spec", action, (RulePart(far),), doubt=item.reason) for action in item.doubt.actions
    )
    return CompiledPolicy(
        manifest=manifest,
        title=title(manifest, manifest.namespace),
        tier="",
        order=0.0,
        subjects=subjects,
        types=frozenset(item.doubt.ways),
        rules={way: rules if way in item.doubt.ways else () for way in DIRECTIONS},
        judged=False,
    )
