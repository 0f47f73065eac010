"""Evaluates policies in order, for all peers on the far side at once.

The answer of a direction is a partition of all peers by the connections that they are allowed: at least and at most.
The same walk computes both bounds, once with each rule's certain matches and once with its possible ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tools.policies.model import Direction
from tools.reach.compiled import CompiledPolicy, CompiledRule, Tier
from tools.reach.connections import ALL, NONE, Conns, common, minus, union
from tools.reach.peers.universe import Universe
from tools.reach.sets import indexes

Parts = dict[Conns, int]
Bounds = tuple[Conns, Conns]
# (allowed at least, allowed at most) → the bits of the peers for which these bounds hold. Every bit is there once.
Answer = dict[Bounds, int]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The tiers with the policies that select some classes of pods in one direction, in order.

    Without any, everything is allowed. `near`: the class's bit where rules depend on it, else 0. Each program is made
    once, and its identity is its key.
    """

    direction: Direction
    tiers: tuple[Tier, ...]
    near: int = 0


def programs(universe: Universe, tiers: Sequence[Tier], direction: Direction) -> dict[Program, int]:
    """Each distinct program of a direction, with the bits of the classes that it is for."""
    met: dict[int, list[tuple[int, CompiledPolicy]]] = {index: [] for index in range(len(universe.classes))}
    for place, tier in enumerate(tiers):
        for policy in tier.policies:
            if direction in policy.types:
                for index in indexes(policy.subjects):
                    met[index].append((place, policy))
    near = {id(policy): _asks_near(policy, direction) for tier in tiers for policy in tier.policies}
    by_policies: dict[tuple[object, ...], tuple[Program, int]] = {}
    for index, placed in met.items():
        own = 1 << index if any(near[id(policy)] for _, policy in placed) else 0
        key = (own, *(id(policy) for _, policy in placed))
        if key in by_policies:
            program, bits = by_policies[key]
            by_policies[key] = program, bits | 1 << index
        else:
            by_policies[key] = Program(direction, _tiers(tiers, placed), own), 1 << index
    return dict(by_policies.values())


def _asks_near(policy: CompiledPolicy, direction: Direction) -> bool:
    """Whether a policy's rules distinguish between the pods that it selects, by themselves or by their ports' names."""
    for rule in policy.rules[direction]:
        if rule.near is not None or (direction == "Ingress" and any(part.ports.by_name for part in rule.parts)):
            return True
    return False


def _tiers(tiers: Sequence[Tier], placed: Sequence[tuple[int, CompiledPolicy]]) -> tuple[Tier, ...]:
    members: dict[int, list[CompiledPolicy]] = {}
    for place, policy in placed:
        members.setdefault(place, []).append(policy)
    return tuple(
        Tier(tiers[place].name, tiers[place].order, tiers[place].end, tuple(policies))
        for place, policies in members.items()
    )


def terms(
    universe: Universe, rule: CompiledRule, direction: Direction, near: int, *, certain: bool
) -> Iterator[tuple[int, Conns]]:
    """The peers that a rule matches, with the connections: the certain matches or the possible ones. `near`: the bit of
    the selected class.
    """
    if rule.near is not None and not near & (rule.near.must if certain else rule.near.may):
        return
    for part in rule.parts:
        far = part.far.must if certain else part.far.may
        if not far:
            continue
        if not part.ports.by_name:
            yield far, part.ports.fixed
        elif direction == "Ingress":
            for conns in part.ports.parts(universe, near, certain=certain):
                yield far, conns
        else:
            for conns, called in part.ports.parts(universe, far, certain=certain).items():
                yield called, conns


def answer(universe: Universe, program: Program) -> Answer:
    """The connections that a program allows, by peer."""
    if not program.tiers:
        return {(ALL, ALL): universe.everyone}
    least = _walk(universe, program, certain=True)
    most = least if _all_certain(universe, program) else _walk(universe, program, certain=False)
    return _combined(universe.everyone, least, most)


def _all_certain(universe: Universe, program: Program) -> bool:
    return all(
        part.far.certain and part.ports.certain(universe) and (rule.near is None or rule.near.certain)
        for tier in program.tiers
        for policy in tier.policies
        for rule in policy.rules[program.direction]
        for part in rule.parts
    )


def _walk(universe: Universe, program: Program, *, certain: bool) -> Parts:
    """The lower bound of what is allowed (`certain`), or the upper one.

    For the lower bound an Allow counts only where it matches for certain, and a Deny wherever it may match; for the
    upper bound it is the other way round. Connections that a Pass matches only perhaps are in the upper bound and not
    in the lower one, whatever the later tiers say.
    """
    allowed = Partition()
    undecided: Parts = {ALL: universe.everyone}
    for tier in program.tiers:
        undecided = _through(universe, program, tier, undecided, allowed, certain=certain)
    # After the last tier comes the profile of the pod's namespace, which allows everything.
    allowed.add(undecided)
    return allowed.parts


def _through(
    universe: Universe, program: Program, tier: Tier, undecided: Parts, allowed: Partition, *, certain: bool
) -> Parts:
    """Evaluate one tier: add what it allows to `allowed`, and return what it passes on."""
    passed = Partition()
    rules = [rule for policy in tier.policies for rule in policy.rules[program.direction] if rule.action != "Log"]
    # In a tier that only allows and then denies the rest nothing need be taken out: allowing twice changes nothing.
    adding_up = tier.end == "Deny" and all(rule.action == "Allow" for rule in rules)
    for rule in rules:
        counts = certain == (rule.action == "Allow") or rule.action == "Pass"
        for bits, conns in terms(universe, rule, program.direction, program.near, certain=counts):
            rest, hit = _take(undecided, bits, conns)
            undecided = undecided if adding_up else rest
            if rule.action != "Deny":
                (allowed if rule.action == "Allow" else passed).add(hit)
        if rule.action == "Pass":
            # Connections that may pass, but not for certain, leave the tier too.
            for bits, conns in terms(universe, rule, program.direction, program.near, certain=False):
                undecided, hit = _take(undecided, bits, conns)
                if not certain:
                    allowed.add(hit)
    if tier.end == "Pass":
        passed.add(undecided)
    return passed.parts


def _take(parts: Parts, bits: int, conns: Conns) -> tuple[Parts, Parts]:
    """Take some connections of the peers in `bits` out of `parts`: what is left, and what was taken."""
    rest: Parts = {}
    taken: Parts = {}
    for known, own in parts.items():
        inside = own & bits
        if not inside or not (hit := common(known, conns)):
            rest[known] = rest.get(known, 0) | own
            continue
        taken[hit] = taken.get(hit, 0) | inside
        if left := minus(known, conns):
            rest[left] = rest.get(left, 0) | inside
        if outside := own & ~bits:
            rest[known] = rest.get(known, 0) | outside
    return rest, taken


@dataclass(slots=True)
class Partition:
    """Peers by their connections, each bit once. `seen`: all bits that have any connection."""

    parts: Parts = field(default_factory=dict)
    seen: int = 0

    def add(self, more: Parts) -> None:
        """Add connections."""
        for conns, bits in more.items():
            if known := bits & self.seen:
                self._widen(conns, known)
            # New bits need no look at every part, of which there may be as many as rules.
            if fresh := bits & ~self.seen:
                self.parts[conns] = self.parts.get(conns, 0) | fresh
                self.seen |= fresh

    def _widen(self, conns: Conns, bits: int) -> None:
        for known, own in tuple(self.parts.items()):
            if not (touched := own & bits):
                continue
            bits &= ~touched
            if (wider := union(known, conns)) != known:
                if own == touched:
                    del self.parts[known]
                else:
                    self.parts[known] = own & ~touched
                self.parts[wider] = self.parts.get(wider, 0) | touched
            if not bits:
                return


def _combined(everyone: int, least: Parts, most: Parts) -> Answer:
    answer: Answer = {}
    low, high = _whole(everyone, least), _whole(everyone, most)
    if least is most:
        return {(conns, conns): bits for conns, bits in low.items()}
    for conns, bits in low.items():
        for wider, own in high.items():
            if common_bits := bits & own:
                # Where two rules doubt the same match, the walk's upper bound may be below its lower one.
                key = conns, union(conns, wider)
                answer[key] = answer.get(key, 0) | common_bits
    return answer


def _whole(everyone: int, parts: Parts) -> Parts:
    rest = everyone
    for bits in parts.values():
        rest &= ~bits
    return {**parts, NONE: rest | parts.get(NONE, 0)} if rest else parts
