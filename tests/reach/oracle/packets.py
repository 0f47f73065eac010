"""The connections that are worth asking about in a world: every pair, at and beside every port that is written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tests.reach.oracle.random_worlds import RandomWorld
from tools.cluster.fuzz.dice import Dice

Asked = tuple[str, str, int, int]
TCP, UDP, SCTP, ICMP, ICMPV6 = 6, 17, 132, 1, 58


def ports(value: object, below: bool = False) -> Iterator[int]:
    """Every number of a port that is written anywhere, a range's both ends."""
    if isinstance(value, dict):
        for key, inner in value.items():
            named = key.lower().removeprefix("not").removeprefix("end").removeprefix("container").removeprefix("target")
            yield from ports(inner, named.rstrip("s") in ("port", "number", "start", "end", "range") or key == "ports")
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from ports(inner, below)
    elif below:
        for part in str(value).split(":"):
            if part.isdigit():
                yield int(part)


def connections(world: RandomWorld) -> list[tuple[int, int]]:
    """Protocols and ports: the edges of all that is written, ICMP's types, and protocols without ports."""
    numbers = {port + step for port in (*ports(world.objects), 1, 65535) for step in (-1, 0, 1)}
    packets = list(product((TCP, UDP, SCTP), sorted(port for port in numbers if 1 <= port <= 65535)))
    messages = [kind << 8 | code for kind, code in ((0, 0), (3, 0), (3, 1), (3, 2), (8, 0), (8, 1), (128, 0), (129, 3))]
    packets += product((ICMP, ICMPV6), messages)
    return [*packets, (47, 0), (136, 0)]


def pairs(world: RandomWorld) -> list[tuple[str, str]]:
    """Pods with pods and with addresses outside, both ways, of one family. No pod with itself."""
    pods = list(world.pods)
    packets = [(pod, other) for pod, other in product(pods, pods) if pod != other]
    packets += product(pods, world.outside)
    packets += product(world.outside, pods)

    def sixth(place: str) -> bool:
        return ":" in world.pods.get(place, place)

    return [(pod, other) for pod, other in packets if sixth(pod) is sixth(other)]


def fits(world: RandomWorld, place: str, protocol: int) -> bool:
    """Whether a protocol can be spoken there: each family has an ICMP of its own."""
    version = 6 if ":" in world.pods.get(place, place) else 4
    return protocol != {4: ICMPV6, 6: ICMP}[version]


def some(world: RandomWorld, count: int) -> Iterator[Asked]:
    """About that many connections, drawn by the world's seed."""
    dice, between, over = Dice("packets", world.seed), pairs(world), connections(world)
    for _ in range(count if between else 0):
        (source, destination), (protocol, port) = dice.pick(between), dice.pick(over)
        if fits(world, source, protocol):
            yield source, destination, protocol, port


def every(world: RandomWorld) -> Iterator[Asked]:
    """All of them."""
    for (source, destination), (protocol, port) in product(pairs(world), connections(world)):
        if fits(world, source, protocol):
            yield source, destination, protocol, port
