"""Tiers, and the order in which policies are tried.

Sources: felix calc/policy_sorter.go (TierLess, PolKVLess); libcalico-go for the names of the tiers that always exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from tools.findings.model import Manifest, Problem, Severity
from tools.manifests.fields import BrokenError, Dropped
from tools.manifests.node import group, root
from tools.policies.admin import ADMIN, BASELINE
from tools.policies.calico_settings import BUILT_IN, End, read_tier
from tools.policies.network_sets import GROUPS
from tools.reach.compiled import CompiledPolicy, Tier


def arrange(
    manifests: Iterable[Manifest], policies: Sequence[CompiledPolicy], dropped: Dropped
) -> tuple[tuple[Tier, ...], tuple[Problem, ...]]:
    """The tiers that have policies, in order, each with its policies in order; and what is wrong with their order."""
    problems: list[Problem] = []
    known = _written(manifests, problems, dropped) | BUILT_IN
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
        if manifest.kind == "Tier" and group(manifest) in GROUPS:
            spec = root(manifest)["spec"]
            try:
                dropped.known(spec, ("order", "defaultAction"))
                written[manifest.name] = read_tier(spec)
            except BrokenError as broken:
                problems.append(broken.problem)
    return written


def _undecided(tier: Tier) -> Iterator[Problem]:
    """Admin policies with equal priority, for which the API does not define the order."""
    if tier.name not in (ADMIN, BASELINE):
        return
    for _, alike in groupby(tier.policies, key=lambda policy: policy.order):
        before: list[CompiledPolicy] = []
        for policy in alike:
            rival = next((other for other in before if _rivals(other, policy)), None)
            if rival is not None:
                node = root(policy.manifest)["spec"]["priority"]
                message = f"{policy.title} has the same priority as {rival.title}, so their order is undefined"
                yield node.problem(f"{message}; give each its own priority", Severity.ERROR)
            before.append(policy)


def _rivals(policy: CompiledPolicy, other: CompiledPolicy) -> bool:
    return bool(policy.subjects & other.subjects and policy.types & other.types)
