"""What a shell completes of the whole: `eval "$(sark-network --print-completion bash)"`, then `sark-network <TAB>`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from tools.findings import cli
from tools.findings.completion import script

# Named, not imported: each command is a room above this one.
_OPTIONS: Mapping[str, str] = {
    "validate": "tools.validate.options",
    "reach": "tools.reach.command.options",
    "egress": "tools.egress.options",
    "render": "tools.render.options",
    "terraform": "tools.terraform.options",
    "cluster": "tools.cluster.__main__",
}


def completion(program: str, commands: Mapping[str, str], shell: str) -> str:
    """The lines that the shell reads: every command with its words and options. `commands`: what each is for."""
    root = argparse.ArgumentParser(prog=program)
    root.add_argument("--version", action="store_true", help="print the version and exit")
    below = root.add_subparsers(metavar="COMMAND")
    for name, what in commands.items():
        below.add_parser(name, help=what, parents=[_parser(name)], add_help=False)
    return script(root, (cli.path, cli.file_path, Path), shell)


def _parser(name: str) -> argparse.ArgumentParser:
    make: Callable[..., argparse.ArgumentParser] = import_module(_OPTIONS[name]).parser
    return make(os.environ) if name == "cluster" else make()
