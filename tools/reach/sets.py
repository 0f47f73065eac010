"""Sets of peers as the bits of one integer, and sets of which some members are uncertain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """The peers that match: those in `must` for certain, those in `may` perhaps. `may` contains `must`."""

    must: int
    may: int

    def both(self, other: Match) -> Match:
        """The peers that match both."""
        return Match(self.must & other.must, self.may & other.may)

    def either(self, other: Match) -> Match:
        """The peers that match at least one of the two."""
        return Match(self.must | other.must, self.may | other.may)

    def outside(self, everyone: int) -> Match:
        """The peers that do not match."""
        return Match(everyone & ~self.may, everyone & ~self.must)

    @property
    def certain(self) -> bool:
        """Whether no peer is uncertain."""
        return self.must == self.may


NOBODY = Match(0, 0)


def certainly(bits: int) -> Match:
    """A set without uncertain members."""
    return Match(bits, bits)


def bit_set(indexes: Iterable[int]) -> int:
    """An integer with the bits at those indexes set."""
    bits = 0
    for index in indexes:
        bits |= 1 << index
    return bits


def all_of(sets: Iterable[int]) -> int:
    """The union of several sets."""
    union = 0
    for bits in sets:
        union |= bits
    return union


def indexes(bits: int) -> Iterator[int]:
    """The indexes of the bits that are set, ascending."""
    # Through text, because taking bits off a wide integer one by one makes a new integer each time.
    text = f"{bits:b}"[::-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)
