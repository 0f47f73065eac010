"""Renders the chart: `python -m tools.render --env NAME --to DIR` writes plain manifests for `kubectl apply`."""

from __future__ import annotations

from collections.abc import Sequence

from tools.findings import cli
from tools.manifests import configuration
from tools.render.options import CONFIGURABLE, parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    options, _ = configuration.parsed(parser(), arguments, lambda _: CONFIGURABLE)
    # Only now: --help and a usage error need none of it.
    from tools.render.command import run

    return run(options)


if __name__ == "__main__":
    cli.run(main)
