"""Who can reach whom, and why, from manifests alone: `python -m tools.reach matrix | explain | diff | check`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tools.findings import cli
from tools.findings.errors import InputError
from tools.reach.command.commands import COMMANDS
from tools.reach.command.configured import configured
from tools.reach.command.named_peers import PickError
from tools.reach.command.status import Status
from tools.reach.inputs.sources import UsageError
from tools.render.helm import HelmError
from tools.render.helm_errors import RenderError


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    options = configured(arguments)
    status = Status(sys.stderr if sys.stderr.isatty() else None)
    try:
        return COMMANDS[options.command](options, status)
    except (UsageError, PickError) as error:
        message, code = str(error), cli.USAGE
    except (InputError, HelmError, RenderError) as error:
        message, code = str(error), cli.COULD_NOT_RUN
    finally:
        status.clear()
    cli.complain("reach", message)
    return code


if __name__ == "__main__":
    cli.run(main)
