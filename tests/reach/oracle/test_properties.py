"""What holds of the judge in every world, whatever the policies: of documents, of matrices, and of explanations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytest
import yaml

from tests.reach.oracle.judge import Oracle
from tests.reach.oracle.packets import Asked, some
from tests.reach.oracle.random_worlds import RandomWorld, random_world
from tests.reach.oracle.test_judges_agree import BY_HAND, of_objects, verdicts
from tools.cluster.fuzz.compare import manifest
from tools.cluster.fuzz.dice import Dice
from tools.cluster.fuzz.kubernetes import network_policy
from tools.cluster.fuzz.places import Places
from tools.cluster.fuzz.topology import Object, Topology
from tools.reach.connections import NAMES, includes, minus
from tools.reach.model import Change, MatrixRow, Word
from tools.reach.world import World

SEEDS = range(BY_HAND or 40)
UNRELATED: tuple[Object, ...] = (
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "fuzz-a"}, "data": {"a": "b"}},
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere", "labels": {"team": "red"}}},
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny", "namespace": "elsewhere"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    },
    {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": "nobody"},
        "spec": {"order": 0, "selector": "app == 'nobody'", "types": ["Ingress", "Egress"]},
    },
)


def rows(objects: Sequence[Object]) -> list[MatrixRow]:
    return list(of_objects(objects).matrix().rows(everything=True))


@pytest.mark.parametrize("part", range(2))
def test_the_order_of_documents_does_not_matter_nor_do_objects_that_bind_nobody(part: int) -> None:
    for seed in SEEDS[part::8]:
        world = random_world(seed)
        expected = rows(world.objects)
        assert rows(world.objects) == expected, f"seed {seed}: not the same twice"
        assert rows(world.objects[::-1]) == expected, f"seed {seed}: not the same backwards"
        mixed = Dice("mixed", seed).some([*world.objects, *UNRELATED], 10_000)
        everything = [*mixed, *(body for body in (*world.objects, *UNRELATED) if body not in mixed)]
        assert rows(everything) == expected, f"seed {seed}: not the same with objects that bind nobody"


def test_every_row_of_the_matrix_is_the_verdict_on_its_pair() -> None:
    for seed in SEEDS[::4]:
        judge = of_objects(random_world(seed).objects)
        for row in judge.matrix().rows(everything=True):
            verdict = judge.verdict(judge.peer(row.src), judge.peer(row.dst))
            assert (verdict.allowed, verdict.conditional) == (row.allowed, row.conditional), f"seed {seed}: {row}"


def test_the_matrix_has_every_pair_that_may_talk() -> None:
    for seed in SEEDS[::8]:
        world = random_world(seed)
        judge = of_objects(world.objects)
        there = {(row.src, row.dst) for row in judge.matrix().rows()}
        for peer in judge.peers:
            for other in judge.peers:
                verdict = judge.verdict(peer, other)
                if peer != other and (verdict.allowed or verdict.conditional):
                    assert (peer.name, other.name) in there, f"seed {seed}: {peer.name} → {other.name} has no row"


def test_one_more_rule_that_allows_takes_nothing_away() -> None:
    for seed in SEEDS:
        world = random_world(seed)
        policies = [body for body in world.objects if body["apiVersion"].startswith("networking")]
        if policies:
            more = with_a_rule(world, Dice("rule", seed).pick(policies), Dice("more", seed))
            before, after = verdicts(of_objects(world.objects)), verdicts(of_objects(more))
            for source, destination, _, _ in some(world, 25):
                lost = minus(before(source, destination).allowed, after(source, destination).allowed)
                assert not lost, f"seed {seed}: {source} → {destination}"


def with_a_rule(world: RandomWorld, policy: Object, dice: Dice) -> list[Object]:
    """The objects with one rule more in a NetworkPolicy, of a direction that it is of already."""
    types = policy["spec"].get("policyTypes") or ["Ingress", *(["Egress"] if policy["spec"].get("egress") else [])]
    direction = dice.pick(types).lower()
    namespaces = tuple(body for body in world.objects if body["kind"] == "Namespace")
    pods = {name: address for name, address in world.pods.items() if ":" not in address} or {"": "10.0.0.9"}
    rule: Object = {}
    for index in range(20):
        if namespaces:
            given = Topology(namespaces, (), (), ())
            made = network_policy(f"n{index}", dice, given, Places(pods, ("8.8.8.8",)))
            rule = next(iter(made["spec"].get(direction) or ()), rule)
    changed = deepcopy(policy)
    changed["spec"][direction] = [*(changed["spec"].get(direction) or ()), rule]
    return [changed if body is policy else body for body in world.objects]


def spoken(world: RandomWorld, count: int) -> Iterator[Asked]:
    """Connections of protocols that an explanation knows by name."""
    return (asked for asked in some(world, count) if asked[2] in NAMES)


def word(judge: World, asked: Asked) -> Word:
    verdict = judge.verdict(judge.peer(asked[0]), judge.peer(asked[1]))
    if includes(verdict.allowed, *asked[2:]):
        return "allowed"
    return "conditional" if includes(verdict.conditional, *asked[2:]) else "denied"


def test_an_explanation_says_what_the_verdict_says() -> None:
    for seed in SEEDS:
        world = random_world(seed)
        judge = of_objects(world.objects)
        for asked in spoken(world, 12):
            explanation = judge.explain(judge.peer(asked[0]), judge.peer(asked[1]), asked[3], NAMES[asked[2]])
            sides = [side.verdict for side in explanation.sides]
            expected = "denied" if "denied" in sides else "conditional" if "conditional" in sides else "allowed"
            assert word(judge, asked) == expected, f"seed {seed}: {asked}"
            # Whether an address from outside is still the same when it arrives, only the explanation asks.
            if "/" in asked[0] or explanation.verdict != "conditional":
                assert explanation.verdict == expected, f"seed {seed}: {asked}"


def test_every_change_does_what_it_claims() -> None:
    tried = 0
    for seed in SEEDS:
        world = random_world(seed)
        judge = of_objects(world.objects)
        for asked in spoken(world, 8):
            explanation = judge.explain(judge.peer(asked[0]), judge.peer(asked[1]), asked[3], NAMES[asked[2]])
            objects = list(world.objects)
            # Where one is not enough, the next one is beside it.
            for change in explanation.changes:
                objects = changed(objects, change)
                message = f"seed {seed}: {asked} with {change.text}\n{change.yaml}"
                assert word(of_objects(objects), asked) == change.becomes, message
                assert ("allowed" if Oracle(objects).allowed(*asked) else "denied") == change.becomes, message
                tried += 1
            assert not explanation.changes or explanation.changes[-1].becomes != explanation.verdict, f"seed {seed}"
    assert tried > len(SEEDS)


def changed(objects: list[Object], change: Change) -> list[Object]:
    """The objects with a change: an object more, a rule more where `where` says, or the rule there gone."""
    if change.yaml.startswith("apiVersion:"):
        return [*objects, *yaml.safe_load_all(change.yaml)]
    assert change.where is not None
    match = re.fullmatch(r"spec\.(ingress|egress)\[(\d+)\]", change.where.path)
    assert match, change.where
    direction, index = match[1], int(match[2])
    made = [deepcopy(body) for body in objects]
    (body,) = [body for body in made if manifest(body).file == change.where.file]
    written: list[Any] = body["spec"].setdefault(direction, [])
    written[index : index if change.yaml else index + 1] = yaml.safe_load(change.yaml) if change.yaml else []
    return made
