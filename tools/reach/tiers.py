"""Tiers, and the order in which policies are tried.

Sources: felix calc/policy_sorter.go (TierLess, PolKVLess); libcalico-go for the names of the tiers that always exist.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from tools.findings.model import Manifest, Problem, Severity
from tools.manifests.fields import BrokenError, Dropped, number, word
from tools.manifests.node import Node, root
from tools.policies.admin import ADMIN, BASELINE
from tools.reach.compiled import CompiledPolicy, Tier

End = Literal["Deny", "Pass"]
# Order and default action of the tiers that exist without an object. Calico fixes its own tiers to these values.
BUILT_IN: dict[str, tuple[float, End]] = {
    ADMIN: (1_000.0, "Pass"),
    "default": (1_000_000.0, "Deny"),
    BASELINE: (10_000_000.0, "Pass"),
}


def arrange(
    manifests: Iterable[Manifest], policies: Sequence[CompiledPolicy], dropped: Dropped
) -> tuple[tuple[Tier, ...], tuple[Problem, ...]]:
    """The tiers that have policies, in order, each with its policies in order; and what is wrong with their order."""
    problems: list[Problem] = []
    known = dict(BUILT_IN) | _written(manifests, problems, dropped)
    by_tier: dict[str, list[CompiledPolicy]] = {}
    for policy in policies:
        if policy.tier in known:
            by_tier.setdefault(policy.tier, []).append(policy)
        else:
            node = root(policy.manifest)["spec"]["tier"]
            message = f"{policy.title} names tier {policy.tier}, which does not exist, so the policy is left out"
            problems.append(node.problem(f"{message}; add the Tier, or name one that exists"))
    tiers = [Tier(name, *known[name], _ordered(members)) for name, members in by_tier.items()]
    tiers.sort(key=lambda tier: (tier.order, tier.name))
    problems.extend(problem for tier in tiers for problem in _undecided(tier))
    return tuple(tiers), tuple(problems)


def _ordered(policies: Iterable[CompiledPolicy]) -> tuple[CompiledPolicy, ...]:
    return tuple(sorted(policies, key=lambda policy: (policy.order, policy.tie)))


def _written(manifests: Iterable[Manifest], problems: list[Problem], dropped: Dropped) -> dict[str, tuple[float, End]]:
    written: dict[str, tuple[float, End]] = {}
    for manifest in manifests:
        if manifest.kind == "Tier" and manifest.name not in BUILT_IN:
            spec = root(manifest)["spec"]
            try:
                dropped.known(spec, ("order", "defaultAction"))
                end: End = word(spec["defaultAction"], ("Deny", "Pass"), "Deny")  # type: ignore[assignment]
                written[manifest.name] = _order(spec["order"]), end
            except BrokenError as broken:
                problems.append(broken.problem)
    return written


def _order(node: Node) -> float:
    if isinstance(node.value, float):
        return node.value
    order = number(node)
    return math.inf if order is None else float(order)


def _undecided(tier: Tier) -> Iterator[Problem]:
    """Admin policies with equal priority, for which the API does not define the order."""
    if tier.name not in (ADMIN, BASELINE):
        return
    for before, after in zip(tier.policies, tier.policies[1:], strict=False):
        if before.order == after.order and before.subjects & after.subjects:
            node = root(after.manifest)["spec"]["priority"]
            message = f"{after.title} has the same priority as {before.title}, so their order is undefined"
            yield node.problem(f"{message}; give each its own priority", Severity.ERROR)
