"""The chart-testing toolkit of sark-network: a pure core and a thin shell (docs/architecture.md)."""

# The module `signal` is this one and names for its numbers, which take time to load.
import _signal as signal  # type: ignore[import-not-found, unused-ignore]
import os
import sys

__version__ = "0.1.0"
# What each command can be completed in.
SHELLS = ("bash", "fish", "zsh")

# Python calls a module's package so while it looks for the module that `python -m` names; the other is the wheel's.
COMMAND = sys.argv[:1] == ["-m"] or os.path.basename("".join(sys.argv[:1])) == "sark-network"  # noqa: PTH119


# Files for other programs, each alone in a directory of its own, to be removed with it.
TEMPORARY: set[str] = set()


def interrupted(_number: int, _frame: object) -> None:
    """Ctrl-C, at any moment: one word, and the end."""
    os.write(2, b"interrupted\n")
    for file in TEMPORARY:
        try:
            # By os: nothing that has yet to be loaded is of use here.
            os.unlink(file)  # noqa: PTH108
            os.rmdir(os.path.dirname(file))  # noqa: PTH106, PTH120
        except OSError:
            continue
    os._exit(130)


# Modules take half a second to load, and what is raised meanwhile nobody could catch. A shell's background jobs ignore
# the signal, and go on doing so.
if COMMAND and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, interrupted)
