"""Chance, from a seed: the same seed throws the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import TypeVar

Thing = TypeVar("Thing")


class Dice:
    """One sequence of throws."""

    def __init__(self, *seed: object) -> None:
        self._random = Random(" ".join(map(str, seed)))

    def chance(self, share: float) -> bool:
        """True in that share of the throws, from 0 to 1."""
        return self._random.random() < share

    def pick(self, things: Sequence[Thing]) -> Thing:
        """One of them, each as likely as the others."""
        return self._random.choice(things)

    def weighted(self, weights: Mapping[Thing, int]) -> Thing:
        """One of the keys; a key of weight 2 comes twice as often as one of weight 1."""
        return self._random.choices(list(weights), list(weights.values()))[0]

    def some(self, things: Sequence[Thing], most: int = 3) -> list[Thing]:
        """At least one of them, at most `most`, none twice, in any order."""
        return self._random.sample(list(things), self._random.randint(1, min(most, len(things))))

    def number(self, first: int, last: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(first, last)

    def times(self, first: int, last: int) -> Iterator[int]:
        """A loop of that many turns."""
        return iter(range(self.number(first, last)))
