"""One command for all: `sark-network COMMAND …` of the wheel is `python -m tools.COMMAND …` of a checkout."""

from __future__ import annotations

import runpy
import sys
from importlib import import_module

from tools import SHELLS, __version__

COMMANDS = {
    "validate": "render every environment of a chart and judge it; judge plain manifests",
    "reach": "who can reach whom, and why",
    "egress": "ask the allowlist, its proxy and the proxy's log",
    "render": "write the chart's plain manifests",
    "terraform": "judge Terraform without its providers",
    "cluster": "install the chart in kind and probe it; needs Docker and a checkout of the project",
}
USAGE = 64


def main() -> int:
    """Hand the command line to the command that its first word names; only that one is loaded."""
    words = sys.argv[1:]
    if words[:1] == ["--version"]:
        print(f"sark-network {__version__}")
        return 0
    if words[:1] == ["--print-completion"]:
        return _completion(words[1:])
    if not words or words[0] in ("--help", "-h"):
        print(usage())
        return 0 if words else USAGE
    if words[0] not in COMMANDS:
        print(f"sark-network: there is no command {words[0]!r}; sark-network --help lists them", file=sys.stderr)
        return USAGE
    sys.argv[1:] = words[1:]
    # Ends by itself, with the command's exit code.
    runpy.run_module(f"{__package__}.{words[0]}", run_name="__main__", alter_sys=True)
    return 0


def _completion(shells: list[str]) -> int:
    """Print what has a shell complete the command."""
    if len(shells) != 1 or shells[0] not in SHELLS:
        print(f"sark-network: write --print-completion and a shell: {', '.join(SHELLS)}", file=sys.stderr)
        return USAGE
    program = "python -m tools" if __package__ == "tools" else "sark-network"
    print(import_module(f"{__package__}.findings.whole").completion(program, COMMANDS, shells[0]), end="")
    return 0


def usage() -> str:
    """What there is."""
    lines = (f"  {name:<10} {what}" for name, what in COMMANDS.items())
    calls = ("COMMAND …", "COMMAND --help", "--version", f"--print-completion {'|'.join(SHELLS)}")
    heading = "usage: " + "\n       ".join(f"sark-network {call}" for call in calls) + "\n"
    return "\n".join((heading, *lines))


if __name__ == "__main__":
    sys.exit(main())
