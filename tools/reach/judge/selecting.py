"""The policies that select a workload, in the order in which they are tried, and how much they let through together."""

from __future__ import annotations

from tools.policies.model import DIRECTIONS, Direction
from tools.reach.connections import ALL, NONE
from tools.reach.judge.table import Table
from tools.reach.model import Amount, NamedPeer, Selected, Selecting


def selecting(table: Table, peer: NamedPeer, bit: int) -> Selecting:
    """The policies that select a peer; none for a pod on its node's network."""
    policies = {way: _policies(table, way, bit) for way in DIRECTIONS}
    return Selecting(peer, policies, {way: _amount(table, way, bit) for way in DIRECTIONS})


def _policies(table: Table, way: Direction, bit: int) -> tuple[Selected, ...]:
    program = table.sides[way].by_class.get(bit)
    return tuple(
        Selected(policy.title, tier.name, len(policy.rules[way]) if policy.judged else 0, policy.manifest.where())
        for tier in (program.tiers if program else ())
        for policy in tier.policies
    )


def _amount(table: Table, way: Direction, bit: int) -> Amount:
    """How much of a direction is let through, over all peers on the other side."""
    bounds = set(table.sides[way].of(bit))
    if bounds == {(ALL, ALL)}:
        return "everything"
    return "nothing" if bounds == {(NONE, NONE)} else "some"
