"""How much work one evaluation may do, whatever its input: what lies beyond is unknown."""

from __future__ import annotations

from dataclasses import dataclass

# Expressions that are evaluated, with a share for the size of each value; modules that are read; instances.
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
        """Set half of the remaining work aside while one value is evaluated; gives what `release` takes back."""
        if self._shared:
            return -1
        kept = max(self.work, 0) // 2
        self.work, self._shared = self.work - kept, True
        return kept

    def release(self, kept: int) -> None:
        """Give back the work that `hold` set aside."""
        if kept >= 0:
            self.work, self._shared = max(self.work, 0) + kept, False
