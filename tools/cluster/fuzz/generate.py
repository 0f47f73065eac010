"""One case: a cluster, and policies of every kind for it. The same seed makes the same case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.cluster.fuzz import calico
from tools.cluster.fuzz.dice import Dice
from tools.cluster.fuzz.kubernetes import network_policy
from tools.cluster.fuzz.places import Places
from tools.cluster.fuzz.topology import PREFIX, Object, Topology

# The kinds of policies that cases are made of, to tell them from sets and tiers.
POLICY_KINDS = ("NetworkPolicy", "GlobalNetworkPolicy")
# What a case is made of: only one API's policies, or both.
MIXTURES = {"both": 6, "kubernetes": 2, "calico": 2}


@dataclass(frozen=True, slots=True)
class FuzzCase:
    """`policies`: the sets and tiers that policies refer to are among them, before them."""

    seed: str
    topology: Topology
    policies: tuple[Object, ...]

    @property
    def size(self) -> int:
        """How many policies there are, without sets and tiers."""
        return sum(it["kind"] in POLICY_KINDS for it in self.policies)

    @property
    def objects(self) -> tuple[Object, ...]:
        """Everything."""
        return (*self.topology.objects, *self.policies)


def case(seed: str, given: Topology, places: Places, policies: int, *, tiers: bool = False) -> FuzzCase:
    """A case of that many policies. `tiers`: make tiers too; not every release of Calico has them."""
    dice = Dice("case", seed)
    mixture = dice.weighted(MIXTURES)
    of_calico = mixture != "kubernetes"
    made = [calico.tier(f"tier-{index}", dice) for index in dice.times(1, 2)] if tiers and of_calico else []
    names = tuple(it["metadata"]["name"] for it in made)
    author = calico.Author(dice, given, places, (calico.DEFAULT_TIER, *names))
    if of_calico:
        made += _sets(dice, author)
    for index in range(policies):
        made.append(_policy(str(index), dice, author, mixture))
    return FuzzCase(seed, given, tuple(made))


def _sets(dice: Dice, author: calico.Author) -> Iterator[Object]:
    for index in dice.times(1, 3):
        yield author.network_set(f"{PREFIX}set-{index}", everywhere=dice.chance(0.5))


def _policy(index: str, dice: Dice, author: calico.Author, mixture: str) -> Object:
    """One policy. Among equal orders names decide, and releases of Calico differ in how they spell them: by these names
    global policies come first, and Kubernetes' own last, in all of them.
    """
    of_calico = mixture == "calico" or (mixture == "both" and dice.chance(0.55))
    if not of_calico:
        return network_policy(f"{PREFIX}c{index}", dice, author.given, author.places)
    everywhere = dice.chance(0.5)
    return author.policy(f"{PREFIX}{'a' if everywhere else 'b'}{index}", everywhere=everywhere)
