"""Sets of peers as the bits of one integer, and what is certain of such a set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """Who matches: `must` for certain, `may` perhaps. Every bit of `must` is in `may`."""

    must: int
    may: int

    def both(self, other: Match) -> Match:
        """Who matches this and that."""
        return Match(self.must & other.must, self.may & other.may)

    def either(self, other: Match) -> Match:
        """Who matches this or that."""
        return Match(self.must | other.must, self.may | other.may)

    def outside(self, everyone: int) -> Match:
        """Who does not match."""
        return Match(everyone & ~self.may, everyone & ~self.must)

    @property
    def certain(self) -> bool:
        """Whether nobody matches only perhaps."""
        return self.must == self.may


NOBODY = Match(0, 0)


def certainly(bits: int) -> Match:
    """A set of which everything is known."""
    return Match(bits, bits)


def bit_set(indexes: Iterable[int]) -> int:
    """The bits at those indexes."""
    found = 0
    for index in indexes:
        found |= 1 << index
    return found


def all_of(sets: Iterable[int]) -> int:
    """Every bit of several sets."""
    found = 0
    for bits in sets:
        found |= bits
    return found


def indexes(bits: int) -> Iterator[int]:
    """The indexes of the bits that are set, ascending."""
    # By text: taking bits off a wide integer one by one makes a new integer each time.
    text = f"{bits:b}"[::-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)
