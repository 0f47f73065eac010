"""Runs a command of the command line."""

from __future__ import annotations

import argparse
import importlib
import sys

from tools.findings import cli
from tools.findings.errors import InputError
from tools.findings.progress import Progress
from tools.reach.command.named_peers import PeerNameError
from tools.reach.inputs.sources import UsageError
from tools.render.helm import HelmError
from tools.render.helm_errors import RenderError

# The module of each command, so that a command loads only what it needs itself.
MODULES = {"check": "tools.reach.command.check"}


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code; where it cannot answer, one line says why."""
    status = Progress.on(sys.stderr)
    module = importlib.import_module(MODULES.get(options.command, "tools.reach.command.commands"))
    try:
        code: int = getattr(module, options.command)(options, status)
        return code
    except (UsageError, PeerNameError) as error:
        message, code = str(error), cli.USAGE
    except (InputError, HelmError, RenderError) as error:
        message, code = str(error), cli.COULD_NOT_RUN
    finally:
        status.clear()
    cli.complain("reach", message)
    return code
