"""Renders every environment and judges it, and this project's Terraform: `python -m tools.validate`.

Nothing here needs a cluster, a network or a cloud.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tools.findings import cli
from tools.manifests import configuration
from tools.validate.ahead import renders_begun
from tools.validate.options import configurable, parser, refuse, spelt_out


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    line = spelt_out(sys.argv[1:] if arguments is None else arguments)
    options, file = configuration.parsed(parser(), line, configurable)
    if options.paths:
        options.manifests = [*(options.manifests or ()), *options.paths]
    refuse(options)
    with renders_begun(options) as early:
        # Only now: --help and a usage error need none of it, and Helm renders meanwhile.
        from tools.validate.command import run

        return run(options, file.file, early)


if __name__ == "__main__":
    cli.run(main)
