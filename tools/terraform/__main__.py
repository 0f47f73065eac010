"""Terraform, judged without its providers: `python -m tools.terraform lint PATH…`.

`vars` writes the tfvars of this project's modules from the chart's values of an environment.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools import cli, suppress
from tools.allowlist import Suffixes, parse_values
from tools.inputs import CHART, InputError, chart
from tools.layers import load
from tools.model import Finding, Severity, rule_id
from tools.recorder import Recorder
from tools.report import FORMATS, Gate, Report, formats
from tools.stages import manual
from tools.terraform.files import disk, given, roots
from tools.terraform.lint import lint
from tools.terraform.read import Loader, evaluate_directory
from tools.terraform.vars import CLOUDS, variables

EPILOG = f"""{cli.EXIT_CODES}. Findings that say "cannot tell" are notes: they are listed and fail nothing. Environment:
NO_COLOR turns colour off, SARK_TRACEBACK=1 shows where the toolkit itself failed."""


def parser() -> cli.Parser:
    """The command line."""
    made = cli.Parser(prog="python -m tools.terraform", description=__doc__, epilog=EPILOG)
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=cli.Parser)
    judge = commands.add_parser("lint", help="judge directories of Terraform, and files", epilog=EPILOG)
    judge.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=cli.path,
        help="directories, each one below them too, as root modules; files",
    )
    judge.add_argument(
        "--tfvars",
        metavar="FILE",
        nargs="+",
        action="extend",
        type=cli.path,
        default=[],
        help="values of variables, the last one wins",
    )
    judge.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    judge.add_argument(
        "--output", metavar="FILE", type=cli.file_path, help="write the report there, not to standard output"
    )
    cli.add_gate(judge.add_argument_group("the rules"))
    judge.add_argument("--explain", metavar="RULE", help="print a rule's manual entry")
    write = commands.add_parser("vars", help="write an environment's values as tfvars JSON")
    write.add_argument("--env", metavar="NAME", required=True, help="an environment of the chart's ci directory")
    write.add_argument("--cloud", choices=CLOUDS, required=True, help="the module that they are for")
    write.add_argument("--output", metavar="FILE", type=cli.file_path, help="write them there, not to standard output")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    options = parser().parse_args(arguments)
    return _vars(options) if options.command == "vars" else _lint(options)


def _lint(options: argparse.Namespace) -> int:
    # The other stages' rules take longer to load than a directory takes to judge.
    entries = manual() if options.explain else {**manual(("terraform", "layers")), **_suppressions()}
    if options.explain:
        if options.explain not in entries:
            parser().error(f"there is no rule {options.explain}; `python -m tools.validate --list-rules` lists them")
        sys.stdout.write(f"{options.explain}\n\n{entries[options.explain]}\n")
        return cli.CLEAN
    if not options.paths:
        parser().error("lint needs a PATH")
    started = datetime.now(UTC)
    gate = Gate(Severity(options.fail_on), frozenset(options.disable))
    if unknown := sorted(gate.disabled - entries.keys()):
        parser().error(f"there is no rule {', '.join(unknown)}; `python -m tools.validate --list-rules` lists them")
    recorder = Recorder("", gate=gate)
    recorder.run("terraform", lambda: findings(options.paths, options.tfvars, started, frozenset(entries)))
    terminal = options.format == "text" and not options.output and sys.stdout.isatty()
    report = Report(
        stages=tuple(recorder.stages),
        rules=entries,
        started=started.strftime("%Y-%m-%dT%H:%M:%S"),
        colour=terminal and not os.environ.get("NO_COLOR"),
        timings=terminal,
        gate=gate,
    )
    return _written(formats()[options.format](report), options.output, report.exit)


def _suppressions() -> dict[str, str]:
    return {rule_id(check): inspect.getdoc(check) or "" for check in suppress.CHECKS}


def findings(paths: Sequence[str], files: Sequence[str], now: datetime, known: frozenset[str]) -> list[Finding]:
    """The findings at these paths. Raises InputError for one that cannot be read."""
    found = roots(paths)
    source = disk(paths)
    values, loader = given(files), Loader(source)
    modules = [(root, evaluate_directory(root.path, source, values, loader)) for root in found]
    wanted = {root.only for root in found}
    whole = [module for root, module in modules if not root.only]
    parts = [module for root, module in modules if root.only]
    kept = list(lint(whole, now.date(), known))
    kept += [one for one in lint(parts, now.date(), known) if one.problem.where.file in wanted and one not in kept]
    return kept


def _vars(options: argparse.Namespace) -> int:
    try:
        known = chart(CHART).environments
        if options.env not in known:
            parser().error(f"there is no environment {options.env}; there are {', '.join(known) or 'none'}")
        values = load(options.env, [known[options.env]], chart(CHART)).values.body
    except InputError as error:
        cli.complain("terraform", error)
        return cli.COULD_NOT_RUN
    listed, _ = parse_values(values, suffixes=Suffixes(frozenset()))
    text = json.dumps(variables(values, listed.entries), indent=2) + "\n"
    return _written(text, options.output, cli.CLEAN)


def _written(text: str, output: Path | None, code: int) -> int:
    if output is None:
        sys.stdout.write(text)
        return code
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        cli.complain("terraform", f"cannot write {output}: {error.strerror}")
        return cli.COULD_NOT_RUN
    return code


if __name__ == "__main__":
    cli.run(main)
