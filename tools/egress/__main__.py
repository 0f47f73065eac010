"""Asks the allowlist, the proxy that enforces it and the proxy's log: `python -m tools.egress COMMAND`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tools.egress.options import CONFIGURABLE, parser
from tools.findings import cli
from tools.manifests import configuration


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    made = parser()
    options, _ = configuration.parsed(made, arguments, lambda options: CONFIGURABLE.get(options.command, {}))
    words = sys.argv[1:] if arguments is None else arguments
    if options.command == "push" and (fault := _misplaced(options.upgrade, words)):
        made.error(fault)
    # Only now: --help and a usage error need none of it.
    from tools.egress.command import run

    return run(options)


def _misplaced(command: Sequence[str], words: Sequence[str]) -> str:
    """What is wrong with where the command stands that upgrades the release; "" when nothing is."""
    behind = list(words[words.index("--") + 1 :]) if "--" in words else []
    if list(command) != behind:
        before = command[: len(command) - len(behind)]
        return f"unrecognized arguments: {' '.join(before)}; a command that upgrades the release comes after --"
    if "--" in words and not command:
        return "no command stands after --; write one that upgrades the release, or leave the -- out"
    return ""


if __name__ == "__main__":
    cli.run(main)
