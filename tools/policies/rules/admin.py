"""Checks of the policy API's cluster-wide kinds: AdminNetworkPolicy and ClusterNetworkPolicy."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Manifest, Problem
from tools.manifests.rules.objects import title
from tools.policies.cluster import Cluster


def priorities_are_unique(cluster: Cluster) -> Iterator[Problem]:
    """No two cluster-wide policies of a tier have the same priority.

    The lower priority comes first; which of two equal ones does is left to the implementation, and may change.
    Give each a priority of its own, from 0 to 1000.
    Source: network-policy-api, `priority` of AdminNetworkPolicy and ClusterNetworkPolicy.
    """
    first: dict[tuple[str, str, int], Manifest] = {}
    for policy in cluster.policies:
        written = policy.spec["priority"]
        priority = written.number()
        if policy.kind.dialect != "admin" or priority is None:
            continue
        key = (policy.kind.name, policy.spec["tier"].text(), priority)
        if key in first:
            message = (
                f"priority {priority} is {title(first[key])}'s already, and which of the two comes first is undefined"
            )
            yield written.problem(f"{message}; give each its own")
        first.setdefault(key, policy.manifest)


CHECKS: tuple[Check[Cluster], ...] = (priorities_are_unique,)
