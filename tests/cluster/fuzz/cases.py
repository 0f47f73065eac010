"""Random cases for the tests, in a cluster whose pods have made-up addresses."""

from __future__ import annotations

from tools.cluster.fuzz.generate import FuzzCase, case
from tools.cluster.fuzz.places import Places
from tools.cluster.fuzz.topology import Topology, key, relabelled, topology

OUTSIDE = ("203.0.113.10", "10.20.0.10")


def addresses(given: Topology) -> dict[str, str]:
    return {key(pod): f"192.168.{index % 2}.{index + 3}" for index, pod in enumerate(given.pods)}


def random_case(seed: int, policies: int = 10, *, tiers: bool = True) -> FuzzCase:
    given = relabelled(topology(seed), seed)
    return case(str(seed), given, Places(addresses(given), OUTSIDE), policies, tiers=tiers)
