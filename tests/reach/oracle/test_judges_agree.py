"""The judge beside the oracle: random worlds, and every connection worth asking about.

`SARK_REACH_WORLDS=5000` asks about so many worlds instead of the usual number, and about every connection in them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.reach.oracle.judge import Oracle
from tests.reach.oracle.packets import Asked, every, some
from tests.reach.oracle.random_worlds import RandomWorld, random_world
from tools.cluster.fuzz.compare import manifest
from tools.cluster.fuzz.shrink import shrunk, text
from tools.cluster.fuzz.topology import Object
from tools.reach.connections import includes
from tools.reach.model import Verdict, Word
from tools.reach.world import World

BY_HAND = int(os.environ.get("SARK_REACH_WORLDS", "0"))
WORLDS = BY_HAND or 240
PACKETS = 60
Verdicts = Callable[[str, str], Verdict]


def verdicts(judge: World) -> Verdicts:
    """Verdicts by the names of places, each pair judged once."""
    known: dict[tuple[str, str], Verdict] = {}

    def verdict(source: str, destination: str) -> Verdict:
        if (source, destination) not in known:
            known[source, destination] = judge.verdict(judge.peer(source), judge.peer(destination))
        return known[source, destination]

    return verdict


def of_objects(objects: Sequence[Object]) -> World:
    return World(manifest(body) for body in objects)


def word(verdict: Verdict, asked: Asked) -> Word:
    if includes(verdict.allowed, *asked[2:]):
        return "allowed"
    return "conditional" if includes(verdict.conditional, *asked[2:]) else "denied"


def truth(objects: Sequence[Object], asked: Asked) -> Word:
    return "allowed" if Oracle(objects).allowed(*asked) else "denied"


def differing(world: RandomWorld) -> Iterator[Asked]:
    """Where everything is known, the judge knows too: neither the contrary, nor `it depends`."""
    judge = of_objects(world.objects)
    assert not judge.problems, f"seed {world.seed}: {judge.problems[0]}"
    oracle, verdict = Oracle(world.objects), verdicts(judge)
    for asked in every(world) if BY_HAND else some(world, PACKETS):
        if word(verdict(*asked[:2]), asked) != ("allowed" if oracle.allowed(*asked) else "denied"):
            yield asked


def story(world: RandomWorld, asked: Asked) -> str:
    """The seed, the connection, both answers, and as little of the world as still gives both."""

    def answers(objects: tuple[Object, ...]) -> tuple[Word, Word]:
        judge = of_objects(objects)
        assert not judge.problems
        return truth(objects, asked), word(judge.verdict(judge.peer(asked[0]), judge.peer(asked[1])), asked)

    def shows(objects: tuple[Object, ...]) -> bool:
        try:
            return answers(objects) == both
        except (AssertionError, LookupError, StopIteration, TypeError, ValueError, AttributeError):
            return False  # It has become another fault.

    both = answers(world.objects)
    small = text(shrunk(world.objects, shows, 400))
    return f"seed {world.seed}: {asked} is {both[0]} says the oracle, {both[1]} the judge\n{small}"


@pytest.mark.parametrize("part", range(4))
def test_the_judge_says_what_the_oracle_says(part: int) -> None:
    for seed in range(part, WORLDS, 4):
        world = random_world(seed)
        says = next(differing(world), None)
        assert says is None, story(world, says)


def test_the_worlds_are_worth_it() -> None:
    worlds = [random_world(seed) for seed in range(60)]
    kinds = {body["kind"] for world in worlds for body in world.objects}
    answers = [Oracle(world.objects).allowed(*asked) for world in worlds for asked in some(world, 20)]
    assert kinds >= {
        "AdminNetworkPolicy",
        "BaselineAdminNetworkPolicy",
        "ClusterNetworkPolicy",
        "GlobalNetworkPolicy",
        "GlobalNetworkSet",
        "NetworkPolicy",
        "NetworkSet",
        "Service",
        "Tier",
    }
    assert 0.15 < answers.count(False) / len(answers) < 0.6
    assert {":" in address for world in worlds for address in world.pods.values()} == {False, True}
