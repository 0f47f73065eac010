"""The command line: what can be asked, and what `--help` says of it."""

from __future__ import annotations

from collections.abc import Mapping

from tools.findings import cli
from tools.findings.report import FORMATS
from tools.manifests import configuration
from tools.terraform.clouds import CLOUDS

DESCRIPTION = """Checks Terraform without its providers: `python -m tools.terraform lint PATH…`.

`vars` writes the tfvars of this project's modules from the chart's values of an environment.
"""

EPILOG = f"""{cli.EXIT_CODES}. Findings that say "cannot tell" are notes: they are listed and fail nothing. Environment:
NO_COLOR turns colour off, SARK_TRACEBACK=1 shows where the toolkit itself failed."""

# The options that a project may write down, for each command, and how many values each takes at most.
CONFIGURABLE: Mapping[str, Mapping[str, int | None]] = {
    "lint": {"format": 1, "output": 1, "fail-on": 1, "disable": None},
    "vars": {"env": 1},
}


def parser() -> cli.Parser:
    """The command line."""
    made = cli.Parser(prog="python -m tools.terraform", description=DESCRIPTION, epilog=EPILOG)
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=cli.Parser)
    judge = commands.add_parser("lint", help="judge directories of Terraform, and files", epilog=EPILOG)
    judge.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=cli.path,
        help="directories, with every one below them, as root modules; or single files",
    )
    cli.add_several(
        judge, "--tfvars", metavar="FILE", type=cli.path, default=[], help="values of variables; the last file wins"
    )
    cli.add_several(
        judge,
        "--within",
        metavar="DIR",
        type=cli.path,
        default=[],
        help="a directory outside the paths that modules and links may refer to",
    )
    judge.add_argument(
        "--env",
        metavar="NAME",
        default="",
        help="also check managed databases and caches against the chart's values in this environment",
    )
    cli.add_several(
        judge,
        "--values",
        metavar="FILE",
        type=cli.file_path,
        default=[],
        help="the same with these values files, laid over the chart's own values, or over --env",
    )
    judge.add_argument(
        "--no-cache", dest="cache", action="store_false", help="parse every file, even one that the user's cache has"
    )
    judge.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    judge.add_argument(
        "--output", metavar="FILE", type=cli.file_path, help="write the report there, not to standard output"
    )
    cli.add_gate(judge.add_argument_group("the rules"))
    judge.add_argument("--explain", metavar="RULE", help="print a rule's manual entry")
    write = commands.add_parser("vars", help="write an environment's values as tfvars JSON", epilog=EPILOG)
    write.add_argument("--env", metavar="NAME", help="an environment of the chart's ci directory")
    write.add_argument("--cloud", choices=CLOUDS, required=True, help="the module that they are for")
    write.add_argument("--output", metavar="FILE", type=cli.file_path, help="write them there, not to standard output")
    for subcommand in (judge, write):
        configuration.add_option(subcommand)
    return made
