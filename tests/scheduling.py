"""Which tests of a run share a process.

Tests with a real proxy or a real DNS server wait most of their time, for a name to expire or a listener to drain, and
a process that waits leaves its processor idle. So there is a process more than there are processors, and such tests
are kept together: were they in all processes, Envoys would run out of inotify instances, of which Linux gives a user
128. The other tests of a file share a process too, because they share what the file sets up; of the files below each
test sets up its own, and is long.
"""

from __future__ import annotations

import os

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

WAITING = ("tests/proxy/", "tests/guard/", "tests/noproxy/")
APART = (
    "tests/chart/test_bad_values.py",
    "tests/reach/test_bounds.py",
    "tests/terraform/offline/test_modules.py",
    "tests/terraform/test_bounds.py",
    "tests/terraform/test_lint_breaks.py",
)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def group(test: str) -> str:
    """The name of what is run in one process, in order: of a test's id."""
    file = test.partition("::")[0]
    if file.startswith(WAITING):
        # One for every two processors.
        return f"waiting {len(file) % max(1, processors() // 2)}"
    return test if file in APART else file


class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """xdist's, which gives a free process the next group, those of most tests first."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
