"""How much one evaluation may do, whatever it is given: what is beyond is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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

    @contextmanager
    def share(self) -> Iterator[None]:
        """Lets one value, with all that it needs, take at most half of the work that is left."""
        if self._shared:
            yield
            return
        kept = max(self.work, 0) // 2
        self.work, self._shared = self.work - kept, True
        try:
            yield
        finally:
            self.work, self._shared = max(self.work, 0) + kept, False
