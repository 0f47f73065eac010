"""The chart-testing toolkit of sark-network: a pure core and a thin shell (docs/architecture.md)."""

import os
import signal
import sys
from types import FrameType

__version__ = "0.1.0"

# Python calls a module's package so while it looks for the module that `python -m` names.
COMMAND = sys.argv[:1] == ["-m"]


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    os.write(2, b"interrupted\n")
    os._exit(130)


# Modules take half a second to load, and what is raised meanwhile nobody could catch. A shell's background jobs ignore
# the signal, and go on doing so.
if COMMAND and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _interrupted)
