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
    if getattr(options, "upgrade", ()) and "--" not in words:
        made.error(
            f"unrecognized arguments: {' '.join(options.upgrade)}; a command that upgrades the release comes after --"
        )
    # Only now: --help and a usage error need none of it.
    from tools.egress.command import run

    return run(options)


if __name__ == "__main__":
    cli.run(main)
