"""Checks Terraform without its providers: `python -m tools.terraform lint PATH…`.

`vars` writes the tfvars of this project's modules from the chart's values of an environment.
"""

from __future__ import annotations

from collections.abc import Sequence

from tools.findings import cli
from tools.manifests import configuration
from tools.terraform.options import CONFIGURABLE, parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    options, _ = configuration.parsed(parser(), arguments, lambda options: CONFIGURABLE[options.command])
    # Only now: --help and a usage error need none of it.
    from tools.terraform.command import run

    return run(options)


if __name__ == "__main__":
    cli.run(main)
