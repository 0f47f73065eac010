"""Random addresses for policies to name: of pods, of networks around them, and of the world outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from tools.cluster.fuzz.dice import Dice

KINDS = {"pod": 4, "around": 5, "outside": 3, "around outside": 2, "half": 1, "all": 2, "nobody": 1}


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses that are in use: the pods' by `namespace/name`, and those outside, all IPv4."""

    pods: Mapping[str, str]
    outside: tuple[str, ...]

    def net(self, dice: Dice) -> str:
        """A network in which somebody is, or everything, or, rarely, something where nobody is."""
        kind = dice.weighted(KINDS)
        match kind:
            case "pod":
                return f"{self._pod(dice)}/32"
            case "around":
                return _around(self._pod(dice), dice.pick((16, 24, 26, 28, 29, 30)))
            case "outside":
                return f"{dice.pick(self.outside)}/32"
            case "around outside":
                return _around(dice.pick(self.outside), dice.pick((8, 24, 28)))
            case "half":
                return dice.pick(("0.0.0.0/1", "128.0.0.0/1"))
            case "all":
                return "0.0.0.0/0"
        return "198.51.100.0/24"

    def holes(self, dice: Dice, net: str) -> list[str]:
        """Smaller networks inside that one, with somebody in them where there is anybody."""
        outer = IPv4Network(net)
        there = [text for text in (*self.pods.values(), *self.outside) if IPv4Network(text).subnet_of(outer)]
        if not there or outer.prefixlen >= 32:
            return []
        longer = [length for length in (16, 24, 26, 28, 30, 32) if length > outer.prefixlen]
        return sorted({_around(text, dice.pick(longer)) for text in dice.some(sorted(set(there)), 2)})

    def _pod(self, dice: Dice) -> str:
        return dice.pick(sorted(self.pods.values()))


def _around(address: str, length: int) -> str:
    return str(IPv4Network((address, length), strict=False))
