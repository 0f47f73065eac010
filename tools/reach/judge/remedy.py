"""Proposes the smallest change that turns a verdict, and tries it in a small world of the two peers."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import yaml

from tools.findings.model import Manifest
from tools.manifests.node import Node
from tools.policies.model import DIRECTIONS, Direction
from tools.reach.compiled import CompiledPolicy, CompiledRule, Tier
from tools.reach.connections import includes
from tools.reach.judge.evaluate import Program
from tools.reach.judge.judged import Connection, JudgedCluster
from tools.reach.judge.proposed_rules import allowing, is_kubernetes, isolating
from tools.reach.judge.trace import SideQuestion
from tools.reach.model import Change, Word

MOST = 6
# The kinds that a small world keeps, apart from the two peers and the policies that select them.
ALONGSIDE = ("Namespace", "ServiceAccount", "Tier", "NetworkSet", "GlobalNetworkSet", "Service")
PATHS: dict[Direction, str] = {"Ingress": "ingress", "Egress": "egress"}


def changes(world: JudgedCluster, connection: Connection, verdict: Word) -> tuple[Change, ...]:
    """What to change, step by step, so that an allowed connection is denied, or another one is allowed.

    Empty where none of the changes tried here brings that about.
    """
    single = len(world.bits(connection.src)) == len(world.bits(connection.dst)) == 1
    if not single or _doubtful(world, connection):
        return ()
    small = _small(world, connection)
    if _word(small, connection) != _word(world, connection):
        return ()
    word: Word = "denied" if verdict == "allowed" else "allowed"
    proposal = _denied(small, connection) if word == "denied" else _allowed(small, connection)
    return proposal if proposal and proposal[-1].becomes == word else ()


def _word(world: JudgedCluster, connection: Connection) -> Word:
    """The verdict on the connection, judged by addresses as they arrive."""
    verdict = world.verdict(connection.src, connection.dst)
    if includes(verdict.allowed, connection.protocol, connection.port):
        return "allowed"
    return "conditional" if includes(verdict.conditional, connection.protocol, connection.port) else "denied"


def _question(world: JudgedCluster, connection: Connection, way: Direction) -> SideQuestion:
    near, far = connection.peers(way)
    bits = world.bits(near)[0], world.bits(far)[0]
    return SideQuestion(world.table, way, *bits, far, connection.protocol, connection.port)


def _program(question: SideQuestion) -> Program | None:
    return question.table.sides[question.way].by_class.get(question.near)


def _doubtful(world: JudgedCluster, connection: Connection) -> bool:
    """Whether a policy that is not judged selects either peer: then it is not known what would change the verdict."""
    programs = (_program(_question(world, connection, way)) for way in DIRECTIONS)
    return any(
        not policy.judged for program in programs if program for tier in program.tiers for policy in tier.policies
    )


def _small(world: JudgedCluster, connection: Connection) -> JudgedCluster:
    """The same world with only the two peers and the policies that select either."""
    keep: set[int] = set()
    for way in DIRECTIONS:
        program = _program(_question(world, connection, way))
        keep |= {id(policy.manifest) for tier in program.tiers for policy in tier.policies} if program else set()
    names = {connection.src.name, connection.dst.name}
    for index in (*world.bits(connection.src), *world.bits(connection.dst)):
        if index < len(world.universe.classes):
            alike = world.universe.classes[index]
            keep |= {id(pod.manifest) for pod in alike if names & {pod.name, pod.own_name}}
    kept = (
        _by_own_name(manifest, names)
        for manifest in world.manifests
        if id(manifest) in keep or manifest.kind in ALONGSIDE
    )
    return world.of(kept)


def _by_own_name(manifest: Manifest, names: set[str]) -> Manifest:
    """The object. A pod that the question names by itself, because policies tell it from its owner's other pods, loses
    its owner, so that it keeps that name.
    """
    own = f"{manifest.name}[{manifest.kind}]"
    if manifest.kind != "Pod" or own not in {name.rpartition("/")[2] for name in names}:
        return manifest
    body = {**manifest.body, "metadata": {**manifest.body["metadata"], "ownerReferences": []}}
    return replace(manifest, body=body)


def _denied(world: JudgedCluster, connection: Connection) -> tuple[Change, ...]:
    """The fewest rules to remove in one direction; where no policy selects a pod there, a policy that does."""
    proposals = [_narrowed(world, connection, way) for way in DIRECTIONS[::-1]]
    return min((proposal for proposal in proposals if proposal), key=len, default=())


def _narrowed(world: JudgedCluster, connection: Connection, way: Direction) -> tuple[Change, ...]:
    question = _question(world, connection, way)
    if question.near >= len(world.universe.classes) or world.universe.hosts >> question.near & 1:
        return ()
    if _program(question) is None:
        return _isolated(world, connection, question)
    changes: list[Change] = []
    while len(changes) < MOST:
        match = _letting_in(question)
        if match is None:
            return ()
        policy, rule = match
        world = world.of(_without(world, policy.manifest, rule.node))
        where = policy.manifest.where(rule.node.path)
        word = _word(world, connection)
        changes.append(Change(f"take {rule.label} out of {policy.title}, or narrow it", word, "remove", where=where))
        if word == "denied":
            return tuple(changes)
        question = _question(world, connection, way)
    return ()


def _letting_in(question: SideQuestion) -> tuple[CompiledPolicy, CompiledRule] | None:
    """The first rule that lets the connection through, or may do so."""
    program = _program(question)
    for tier in program.tiers if program else ():
        for policy in tier.policies:
            for rule in policy.rules[question.way]:
                if rule.action in ("Allow", "Pass") and _may_match(question, rule):
                    return policy, rule
    return None


def _may_match(question: SideQuestion, rule: CompiledRule) -> bool:
    return question.among(question.matching(rule, certain=False))


def _isolated(world: JudgedCluster, connection: Connection, question: SideQuestion) -> tuple[Change, ...]:
    pod, way = world.universe.classes[question.near][0], question.way
    body = isolating(pod, way)
    policy = Manifest("", "NetworkPolicy", body["metadata"]["name"], pod.namespace, body)
    word = _word(world.of((*world.manifests, policy)), connection)
    text = f"add a NetworkPolicy of type {way} for {pod.name}, which then lets through only what its rules allow"
    return (Change(text, word, "add-object", _dump(body)),) if word == "denied" else ()


def _allowed(world: JudgedCluster, connection: Connection) -> tuple[Change, ...]:
    """One rule for each policy that stands in the way, in each direction."""
    changes: list[Change] = []
    while len(changes) < MOST and (question := _denying(world, connection)) is not None:
        place = _blocking(question)
        if place is None:
            return ()
        policy, index = place
        rule = allowing(policy, world, connection, question.way)
        if rule is None:
            return ()
        key = PATHS[question.way]
        world = world.of(_inserted(world, policy.manifest, key, index, rule))
        before = "first of its rules" if index == 0 else f"after {key}[{index - 1}]"
        where = replace(policy.manifest.where(f"spec.{key}"), path=f"spec.{key}[{index}]")
        text = f"add to {policy.title}, {before}"
        changes.append(Change(text, _word(world, connection), "insert", _dump([rule]), where))
    return tuple(changes)


def _denying(world: JudgedCluster, connection: Connection) -> SideQuestion | None:
    """The question put to the first direction that does not allow the connection for certain."""
    for way in DIRECTIONS[::-1]:
        question = _question(world, connection, way)
        answer = world.table.sides[way].of(question.near)
        least = next(bounds[0] for bounds, bits in answer.items() if bits >> question.far & 1)
        if not question.among(least):
            return question
    return None


def _blocking(question: SideQuestion) -> tuple[CompiledPolicy, int] | None:
    """The policy to add an Allow to, and the index of the rule to put it before.

    That rule is the first one that denies; where a tier's end denies, the Allow goes after all rules of a policy there.
    """
    program = _program(question)
    for tier in program.tiers if program else ():
        for policy in tier.policies:
            for index, rule in enumerate(policy.rules[question.way]):
                if rule.action == "Deny" and _may_match(question, rule):
                    return policy, index
        if tier.end == "Deny":
            policy = _usual_policy(tier)
            return policy, len(policy.rules[question.way])
    return None


def _usual_policy(tier: Tier) -> CompiledPolicy:
    """The policy where people would write a rule: a Kubernetes one that already allows something, else the last one."""
    ordinary = [policy for policy in tier.policies if is_kubernetes(policy)]
    allowing = [policy for policy in ordinary if any(policy.rules.values())]
    return (allowing or ordinary or list(tier.policies))[-1]


def _without(world: JudgedCluster, manifest: Manifest, rule: Node) -> tuple[Manifest, ...]:
    key, _, index = rule.path.removeprefix("spec.").partition("[")
    body: dict[str, Any] = deepcopy(dict(manifest.body))
    del body["spec"][key][int(index.rstrip("]"))]
    return _replaced(world, manifest, body)


def _inserted(
    world: JudgedCluster, manifest: Manifest, key: str, index: int, rule: Mapping[str, Any]
) -> tuple[Manifest, ...]:
    body: dict[str, Any] = deepcopy(dict(manifest.body))
    spec = body.get("spec") or {}
    rules = spec.get(key) or []
    body["spec"] = {**spec, key: [*rules[:index], dict(rule), *rules[index:]]}
    return _replaced(world, manifest, body)


def _replaced(world: JudgedCluster, manifest: Manifest, body: Mapping[str, Any]) -> tuple[Manifest, ...]:
    return tuple(replace(other, body=body) if other is manifest else other for other in world.manifests)


def _dump(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, default_flow_style=None, width=100)
