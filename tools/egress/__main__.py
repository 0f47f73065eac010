"""Asks the allowlist, the proxy that enforces it and the proxy's log: `python -m tools.egress COMMAND`."""

from __future__ import annotations

from collections.abc import Sequence

from tools.egress.options import CONFIGURABLE, parser
from tools.findings import cli
from tools.manifests import configuration


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    options, _ = configuration.parsed(parser(), arguments, lambda options: CONFIGURABLE.get(options.command, {}))
    # Only now: --help and a usage error need none of it.
    from tools.egress.command import run

    return run(options)


if __name__ == "__main__":
    cli.run(main)
