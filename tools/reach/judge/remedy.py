"""The smallest change that turns a verdict: proposed, made in a small world of the two peers, and judged there."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import yaml

from tools.findings.model import Manifest
from tools.manifests.node import Node
from tools.policies.model import DIRECTIONS, Direction
from tools.reach.compiled import CompiledPolicy, CompiledRule, Tier
from tools.reach.connections import includes
from tools.reach.judge.evaluate import Program, terms
from tools.reach.judge.judged import JudgedCluster
from tools.reach.judge.proposed_rules import allowing, is_kubernetes, isolating
from tools.reach.model import Change, NamedPeer, Word

MOST = 6
# What a small world keeps beside the policies that select either peer and the peers' own objects.
ALONGSIDE = ("Namespace", "ServiceAccount", "Tier", "NetworkSet", "GlobalNetworkSet", "Service")
PATHS: dict[Direction, str] = {"Ingress": "ingress", "Egress": "egress"}


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection in question."""

    src: NamedPeer
    dst: NamedPeer
    port: int
    protocol: int

    def word(self, world: JudgedCluster) -> Word:
        """The verdict on it, by addresses as they arrive."""
        verdict = world.verdict(self.src, self.dst)
        if includes(verdict.allowed, self.protocol, self.port):
            return "allowed"
        return "conditional" if includes(verdict.conditional, self.protocol, self.port) else "denied"

    def denying(self, world: JudgedCluster) -> Direction | None:
        """The first direction that does not allow it for certain."""
        for way in DIRECTIONS[::-1]:
            near, far = self.ends(world, way)
            if not includes(_least(world, way, near, far), self.protocol, self.port):
                return way
        return None

    def ends(self, world: JudgedCluster, way: Direction) -> tuple[int, int]:
        """The bits of the pod that a direction is judged at, and of the other one."""
        src, dst = world.bits(self.src)[0], world.bits(self.dst)[0]
        return (src, dst) if way == "Egress" else (dst, src)


def changes(
    world: JudgedCluster, src: NamedPeer, dst: NamedPeer, port: int, protocol: int, verdict: Word
) -> tuple[Change, ...]:
    """What to change, step by step, so that an allowed connection is denied, or another one is allowed.

    None when there is no way that this proposes: then whoever asks is better told nothing.
    """
    asked = Connection(src, dst, port, protocol)
    if len(world.bits(src)) != 1 or len(world.bits(dst)) != 1 or _doubtful(world, asked):
        return ()
    small = _small(world, asked)
    if asked.word(small) != asked.word(world):
        return ()
    word: Word = "denied" if verdict == "allowed" else "allowed"
    denied = _denied(small, asked) if word == "denied" else _allowed(small, asked)
    return denied if denied and denied[-1].becomes == word else ()


def _doubtful(world: JudgedCluster, asked: Connection) -> bool:
    """Whether a policy has a say that nobody judges here: of what it takes to turn it nothing is known."""
    programs = (world.table.sides[way].by_class.get(asked.ends(world, way)[0]) for way in DIRECTIONS)
    return any(
        not policy.judged for program in programs if program for tier in program.tiers for policy in tier.policies
    )


def _small(world: JudgedCluster, asked: Connection) -> JudgedCluster:
    """The same world with the policies that select the two, and without the other workloads."""
    keep: set[int] = set()
    for way in DIRECTIONS:
        near, _ = asked.ends(world, way)
        program = world.table.sides[way].by_class.get(near)
        keep |= {id(policy.manifest) for tier in program.tiers for policy in tier.policies} if program else set()
    for index in (*world.bits(asked.src), *world.bits(asked.dst)):
        if index < len(world.universe.classes):
            alike = world.universe.classes[index]
            keep |= {id(pod.manifest) for pod in alike if _is(pod.name, pod.own_name, asked)}
    kept = (
        _alone(manifest, asked) for manifest in world.manifests if id(manifest) in keep or manifest.kind in ALONGSIDE
    )
    return world.of(kept)


def _alone(manifest: Manifest, asked: Connection) -> Manifest:
    """A pod that is asked about by its own name, because policies tell it from its owner's others, keeps that name."""
    own = f"{manifest.name}[{manifest.kind}]"
    if manifest.kind != "Pod" or own not in (asked.src.name.rpartition("/")[2], asked.dst.name.rpartition("/")[2]):
        return manifest
    body = {**manifest.body, "metadata": {**manifest.body["metadata"], "ownerReferences": []}}
    return replace(manifest, body=body)


def _is(name: str, own_name: str, asked: Connection) -> bool:
    return bool({name, own_name} & {asked.src.name, asked.dst.name})


def _denied(world: JudgedCluster, asked: Connection) -> tuple[Change, ...]:
    """Fewest rules taken away on one side; where no policy selects a side, a policy that does."""
    tried = [_narrowed(world, asked, way) for way in DIRECTIONS[::-1]]
    return min((found for found in tried if found), key=len, default=())


def _narrowed(world: JudgedCluster, asked: Connection, way: Direction) -> tuple[Change, ...]:
    near, far = asked.ends(world, way)
    if near >= len(world.universe.classes) or world.universe.hosts >> near & 1:
        return ()
    if near not in world.table.sides[way].by_class:
        return _isolated(world, asked, way, near)
    changes: list[Change] = []
    while len(changes) < MOST:
        hit = _letting_in(world, asked, way, near, far)
        if hit is None:
            return ()
        policy, rule = hit
        world = world.of(_without(world, policy.manifest, rule.node))
        where = policy.manifest.where(rule.node.path)
        word = asked.word(world)
        changes.append(Change(f"take {rule.label} out of {policy.title}, or narrow it", word, "remove", where=where))
        if word == "denied":
            return tuple(changes)
        near, far = asked.ends(world, way)
    return ()


def _letting_in(
    world: JudgedCluster, asked: Connection, way: Direction, near: int, far: int
) -> tuple[CompiledPolicy, CompiledRule] | None:
    """The first rule that allows it, or may."""
    program = world.table.sides[way].by_class.get(near)
    for tier in program.tiers if program else ():
        for policy in tier.policies:
            for rule in policy.rules[way]:
                if rule.action in ("Allow", "Pass") and _matches(world, rule, way, near, far, asked):
                    return policy, rule
    return None


def _matches(world: JudgedCluster, rule: CompiledRule, way: Direction, near: int, far: int, asked: Connection) -> bool:
    return any(
        bits >> far & 1 and includes(conns, asked.protocol, asked.port)
        for bits, conns in terms(world.universe, rule, way, 1 << near, certain=False)
    )


def _isolated(world: JudgedCluster, asked: Connection, way: Direction, near: int) -> tuple[Change, ...]:
    pod = world.universe.classes[near][0]
    body = isolating(pod, way)
    made = Manifest("", "NetworkPolicy", body["metadata"]["name"], pod.namespace, body)
    word = asked.word(world.of((*world.manifests, made)))
    text = f"add a NetworkPolicy of type {way} for {pod.name}, which then lets in or out what its rules say and no more"
    return (Change(text, word, "add-object", _dump(body)),) if word == "denied" else ()


def _allowed(world: JudgedCluster, asked: Connection) -> tuple[Change, ...]:
    """One rule for each policy that stands in the way, on each side."""
    changes: list[Change] = []
    while len(changes) < MOST and (way := asked.denying(world)) is not None:
        near, far = asked.ends(world, way)
        program = world.table.sides[way].by_class.get(near)
        place = _blocking(world, program, asked, way, near, far) if program else None
        if place is None:
            return ()
        policy, index = place
        rule = allowing(policy, world, asked.src if way == "Ingress" else asked.dst, way, asked.protocol, asked.port)
        if rule is None:
            return ()
        path = f"spec.{PATHS[way]}[{index}]"
        world = world.of(_inserted(world, policy.manifest, way, index, rule))
        before = "first of its rules" if index == 0 else f"after {PATHS[way]}[{index - 1}]"
        text = f"add to {policy.title}, {before}"
        where = replace(policy.manifest.where(f"spec.{PATHS[way]}"), path=path)
        changes.append(Change(text, asked.word(world), "insert", _dump([rule]), where))
    return tuple(changes)


def _blocking(
    world: JudgedCluster, program: Program, asked: Connection, way: Direction, near: int, far: int
) -> tuple[CompiledPolicy, int] | None:
    """The policy to write an Allow into, and before which of its rules: the first that denies, or where all end."""
    for tier in program.tiers:
        for policy in tier.policies:
            for index, rule in enumerate(policy.rules[way]):
                if rule.action == "Deny" and _matches(world, rule, way, near, far, asked):
                    return policy, index
        if tier.end == "Deny":
            policy = _plainest(tier)
            return policy, len(policy.rules[way])
    return None


def _plainest(tier: Tier) -> CompiledPolicy:
    """Where people write their rules: a Kubernetes policy that already allows something, else the last of all."""
    ordinary = [policy for policy in tier.policies if is_kubernetes(policy)]
    allowing = [policy for policy in ordinary if any(policy.rules.values())]
    return (allowing or ordinary or list(tier.policies))[-1]


def _least(world: JudgedCluster, way: Direction, near: int, far: int) -> tuple[tuple[int, int], ...]:
    found = world.table.sides[way].of(near)
    return next(bounds[0] for bounds, bits in found.items() if bits >> far & 1)


def _without(world: JudgedCluster, manifest: Manifest, rule: Node) -> tuple[Manifest, ...]:
    key, _, index = rule.path.removeprefix("spec.").partition("[")
    body: dict[str, Any] = deepcopy(dict(manifest.body))
    del body["spec"][key][int(index.rstrip("]"))]
    return _replaced(world, manifest, body)


def _inserted(
    world: JudgedCluster, manifest: Manifest, way: Direction, index: int, rule: Mapping[str, Any]
) -> tuple[Manifest, ...]:
    body: dict[str, Any] = deepcopy(dict(manifest.body))
    spec = body.get("spec") or {}
    rules = spec.get(PATHS[way]) or []
    body["spec"] = {**spec, PATHS[way]: [*rules[:index], dict(rule), *rules[index:]]}
    return _replaced(world, manifest, body)


def _replaced(world: JudgedCluster, manifest: Manifest, body: Mapping[str, Any]) -> tuple[Manifest, ...]:
    return tuple(replace(one, body=body) if one is manifest else one for one in world.manifests)


def _dump(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, default_flow_style=None, width=100)
