"""Runs the command that upgrades a release, as `push -- helm upgrade …` has it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import nullcontext

from tools.egress.live.arrivals import pushed_on_arrival
from tools.egress.live.cluster import ProxyInCluster
from tools.findings.errors import InputError

STANDARD_ERROR = 2


def upgrade(command: Sequence[str], running: ProxyInCluster | None) -> None:
    """Run it, and push what it installs to the proxy that runs already, if any. What it prints goes to standard error.

    Raises InputError when it does not run, or fails.
    """
    with pushed_on_arrival(running) if running else nullcontext():
        try:
            code = subprocess.run(command, stdout=STANDARD_ERROR, check=False).returncode
        except (OSError, ValueError) as error:
            raise InputError(f"{command[0]} does not run: {getattr(error, 'strerror', None) or error}") from None
    if code:
        ended = f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
        raise InputError(f"{command[0]} {ended}, and no list is waited for; `egress status` says which is in force")
