"""How much one evaluation may do, whatever it is given: what is beyond is unknown."""

from __future__ import annotations

from dataclasses import dataclass

# Expressions that are evaluated, with a part for the size of each value; modules that are looked into; instances.
MAX_WORK = 1_000_000
MAX_MODULES = 1000
MAX_INSTANCES = 20_000


@dataclass(slots=True)
class Budget:
    """What is left for one root module and everything below it."""

    work: int = MAX_WORK
    modules: int = MAX_MODULES
    instances: int = MAX_INSTANCES
    _shared: bool = False

    def hold(self) -> int:
        """Keep half of the work that is left from one value and all that it needs; gives what `release` takes."""
        if self._shared:
            return -1
        kept = max(self.work, 0) // 2
        self.work, self._shared = self.work - kept, True
        return kept

    def release(self, kept: int) -> None:
        """Let the next value have it."""
        if kept >= 0:
            self.work, self._shared = max(self.work, 0) + kept, False
