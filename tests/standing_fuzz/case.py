"""The nouns: a subject of the fuzz, a case of it, and how a case fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tools.cluster.fuzz.dice import Dice


class Unmet(Exception):  # noqa: N818
    """Something that must hold and does not. `kind` is the same for the same defect, `detail` is of this case."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Subject:
    """What is fuzzed. `make` gives an input (JSON can hold it), `judge` a word for the outcome, or it raises.

    `cases`: how many a run of `make fuzz` makes. `seconds`: the processor time that a case may take. `check`: how many
    the short run in `make test` makes.
    """

    name: str
    make: Callable[[Dice], Any]
    judge: Callable[[Any], str]
    cases: int
    check: int
    seconds: float = 10


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that failed: which, how, and its input."""

    subject: str
    seed: str
    index: int
    kind: str
    detail: str
    input: Any
