"""How many steps a regular expression may take at most in an engine that backtracks.

Two quantifiers multiply where the text that the first repeats may also begin what follows: it can then be divided
between them in many ways. Only patterns without quantified groups come here (tools/terraform/functions/regex.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tools.manifests.scalars import of_digits

_PIECE = re.compile(
    r"(?P<group>\((?:\?:|\?P<\w+>)?)|(?P<close>\)\??)|(?P<bar>\|)|(?P<anchor>[\^$])"
    r"|(?P<atom>\[\^?\]?[^\]]*\]|\\.|.)(?P<times>[*+?]|\{\d+(?:,\d*)?\})?\??",
    re.DOTALL,
)
_ASCII = [chr(code) for code in range(128)]


@dataclass(frozen=True, slots=True)
class _Atom:
    """The characters at one place, how often they come at most (-1: any number), and whether one must be there."""

    chars: frozenset[str]
    most: int
    must: bool


def steps(pattern: str, length: int) -> int:
    """The steps that a search in so many characters may take, at most."""
    total = length + 1
    atoms = _atoms(pattern)
    for at, atom in enumerate(atoms):
        if atom is None:
            total *= 2
        elif atom.most != 1 and _overlaps(atom, atoms[at + 1 :]):
            total *= length + 1 if atom.most < 0 else min(atom.most, length) + 1
        elif atom.most == 1 and not atom.must:
            total *= 2
        if total > 1 << 40:
            break
    return total


def _overlaps(atom: _Atom, following: list[_Atom | None]) -> bool:
    """Whether what comes next may begin with what the atom repeats."""
    for other in following:
        if other is None or atom.chars & other.chars:
            return True
        if other.must:
            return False
    return False


def _atoms(pattern: str) -> list[_Atom | None]:
    """The places of a pattern in order; None where it has an alternative."""
    atoms: list[_Atom | None] = []
    for piece in _PIECE.finditer(pattern):
        if piece["bar"] or (piece["close"] or "").endswith("?"):
            atoms.append(None)
        elif piece["atom"]:
            times = piece["times"] or ""
            most = -1 if times in ("*", "+") or times.endswith(",}") else 1
            if times.startswith("{") and most > 0:
                most = of_digits(times.strip("{}").split(",")[-1])
            least = 0 if times in ("*", "?") or times.startswith(("{0,", "{0}")) else 1
            atoms.append(_Atom(_chars(piece["atom"]), most, bool(least)))
    return atoms


@lru_cache(maxsize=1000)
def _chars(atom: str) -> frozenset[str]:
    """The characters of ASCII that an atom matches."""
    compiled = re.compile(atom, re.ASCII | re.DOTALL)
    return frozenset(char for char in _ASCII if compiled.fullmatch(char))
