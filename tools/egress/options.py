"""The command line: what can be asked, and what `--help` says of it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from tools.egress.live import options as live
from tools.findings.cli import EXIT_CODES, Parser, add_chart, add_several, file_path
from tools.manifests import configuration
from tools.render.own import CHART

DESCRIPTION = "Asks the allowlist, the proxy that enforces it and the proxy's log: `python -m tools.egress COMMAND`."

# The options that a project may write down, and how many values each takes at most: of the commands that read a list.
_OF_A_LIST: Mapping[str, int | None] = {"env": None, "values": None, "chart": 1}
CONFIGURABLE = dict.fromkeys(("check", "list", *live.LIST_COMMANDS), _OF_A_LIST)


def parser() -> Parser:
    """The command line."""
    made = Parser(prog="python -m tools.egress", description=DESCRIPTION, epilog=EXIT_CODES)
    commands = made.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="may a workload reach NAME, and by which entry", epilog=EXIT_CODES)
    check.add_argument(
        "name",
        metavar="NAME[:PORT]",
        help="a host name, whose port is 443 unless it says another; or ADDRESS:PORT[/udp], of egress.external",
    )
    check.add_argument("--workload", metavar="PART", default="gateway", help="the part that asks (default: gateway)")
    listing = commands.add_parser("list", help="every entry with its owner, reason and expiry", epilog=EXIT_CODES)
    for subcommand in (check, listing):
        _of_values(subcommand)
    live.add_commands(commands, _of_values)
    for command in commands.choices.values():
        configuration.add_option(command)
    made.set_defaults(chart=CHART)
    return made


def _of_values(parser: argparse.ArgumentParser) -> None:
    """The options that say which list is meant."""
    add_several(parser, "--env", metavar="NAME", help="these environments alone")
    add_several(
        parser,
        "--values",
        type=file_path,
        metavar="FILE",
        help="values files, merged as Helm does: laid over each --env, or else over the chart's own values alone",
    )
    add_chart(parser, CHART)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
