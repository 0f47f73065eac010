"""Why a verdict is conditional: what is not in the input, and would decide."""

from __future__ import annotations

from collections.abc import Iterator

from tools.policies.model import Direction
from tools.reach.judge.evaluate import Program
from tools.reach.judge.table import Table
from tools.reach.peers.universe import Universe

CONTROLLER = "which pods serve the Ingresses is not in the input, so what a selector says of them is not known"
HOST = "what is on the node's network is seen as the node, or as a pod, by different network plugins"
NODE = "a pod answers to its own node whatever policies say, and on which node it runs is not in the input"


def reasons(table: Table, src: int, dst: int) -> tuple[str, ...]:
    """On what it depends whether a connection from one bit to another gets through."""
    found: list[str] = []
    universe = table.universe
    if 1 << src & (universe.hosts | universe.node):
        found.append(NODE)
    ways: tuple[tuple[Direction, int, int], ...] = (("Egress", src, dst), ("Ingress", dst, src))
    for way, near, far in ways:
        program = table.sides[way].by_class.get(near)
        if program is not None:
            found.extend(_of_side(universe, program, way, near, far))
    return tuple(dict.fromkeys(found))


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
    """What is not known of one bit."""
    if universe.ingress >> bit & 1:
        return CONTROLLER
    if universe.hosts >> bit & 1:
        return HOST
    who = "a node" if universe.node >> bit & 1 else universe.classes[bit][0].name if bit < len(universe.classes) else ""
    if not who:
        return "whether a rule means these addresses is not in the input"
    somewhere = ", ".join(map(str, universe.pod_cidrs)) or "no network"
    return f"the address of {who} is not in the input; it is taken to be somewhere in {somewhere}"
