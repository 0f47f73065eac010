"""Runs the command that was asked for."""

from __future__ import annotations

import argparse
import importlib
import sys

from tools.findings import cli
from tools.findings.errors import InputError
from tools.findings.progress import Progress
from tools.reach.command.named_peers import PickError
from tools.reach.inputs.sources import UsageError
from tools.render.helm import HelmError
from tools.render.helm_errors import RenderError

# The module of each command: what one needs, the others do not load.
MODULES = {"check": "tools.reach.command.check"}


def run(options: argparse.Namespace) -> int:
    """The command's exit code; what kept it from an answer is said in one line."""
    status = Progress.on(sys.stderr)
    module = importlib.import_module(MODULES.get(options.command, "tools.reach.command.commands"))
    try:
        code: int = getattr(module, options.command)(options, status)
        return code
    except (UsageError, PickError) as error:
        message, code = str(error), cli.USAGE
    except (InputError, HelmError, RenderError) as error:
        message, code = str(error), cli.COULD_NOT_RUN
    finally:
        status.clear()
    cli.complain("reach", message)
    return code
