"""Who can reach whom, and why, from manifests alone: `python -m tools.reach matrix | explain | diff | check`."""

from __future__ import annotations

from collections.abc import Sequence

from tools.findings import cli
from tools.reach.command.configured import configured


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    options = configured(arguments)
    # Imported only here, because --help and usage errors need none of it.
    from tools.reach.command.run import run

    return run(options)


if __name__ == "__main__":
    cli.run(main)
