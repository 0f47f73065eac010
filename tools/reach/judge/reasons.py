"""Why a verdict is conditional: the fact that would decide and is not in the input."""

from __future__ import annotations

from collections.abc import Iterator

from tools.policies.model import Direction
from tools.reach.judge.evaluate import Program
from tools.reach.judge.table import Table
from tools.reach.peers.universe import Universe

CONTROLLER = "the input does not say which pods serve the Ingresses, so whether a selector matches them is not known"
HOST = "some network plugins see a pod on the node's network as the node, and others as a pod"
NODE = "a pod accepts traffic from its own node whatever policies say, and the input does not say on which node it runs"


def reasons(table: Table, src: int, dst: int) -> tuple[str, ...]:
    """What it depends on whether a connection from one bit to another gets through."""
    why: list[str] = []
    universe = table.universe
    if 1 << src & (universe.hosts | universe.node):
        why.append(NODE)
    ways: tuple[tuple[Direction, int, int], ...] = (("Egress", src, dst), ("Ingress", dst, src))
    for way, near, far in ways:
        program = table.sides[way].by_class.get(near)
        if program is not None:
            why.extend(_of_side(universe, program, way, near, far))
    return tuple(dict.fromkeys(why))


def _of_side(universe: Universe, program: Program, way: Direction, near: int, far: int) -> Iterator[str]:
    for tier in program.tiers:
        for policy in tier.policies:
            for rule in policy.rules[way]:
                if rule.near is not None and (rule.near.may & ~rule.near.must) >> near & 1:
                    yield unknown(universe, near)
                if universe.hosts >> far & 1 and any(part.ports.by_name for part in rule.parts):
                    yield HOST
                if any((part.far.may & ~part.far.must) >> far & 1 for part in rule.parts):
                    yield rule.doubt or unknown(universe, far)


def unknown(universe: Universe, bit: int) -> str:
    """What is not known about the peer of one bit."""
    if universe.ingress >> bit & 1:
        return CONTROLLER
    if universe.hosts >> bit & 1:
        return HOST
    peer = (
        "a node" if universe.node >> bit & 1 else universe.classes[bit][0].name if bit < len(universe.classes) else ""
    )
    if not peer:
        return "the input does not say whether a rule means these addresses"
    networks = ", ".join(map(str, universe.pod_cidrs)) or "no network"
    return f"the address of {peer} is not in the input; it is assumed to be somewhere in {networks}"
