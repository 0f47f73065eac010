"""The command line: what can be asked, and what `--help` says of it."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence

from tools.findings import cli
from tools.findings.home import carried
from tools.findings.report import FORMATS
from tools.manifests.configuration import FLAGS, KEYS, OF_CHARTS, SUBJECTS, add_option
from tools.manifests.configuration_names import OWN
from tools.render.own import CHART
from tools.render.target import KUBE_VERSION

DESCRIPTION = """Renders every environment and judges it, and this project's Terraform: `python -m tools.validate`.

Nothing here needs a cluster, a network or a cloud.
"""

EPILOG = f"""{cli.EXIT_CODES}. A stage that has nothing to judge by is named, and fails nothing by itself: the extra
envoy is not installed, no specification of flows is for the values, or Helm refused them, which is a finding. Any other
stage that does not run is {cli.COULD_NOT_RUN}. Environment: SARK_HELM names the helm to use, NO_COLOR turns colour off,
SARK_TRACEBACK=1 shows where the toolkit itself failed."""

ARGUMENTS = "--arguments"
SINGLE = ("chart", "flows", "coverage", "baseline", "format", "output", "fail-on")
# The options that a project may write down, and how many values each takes at most: all that there are.
CONFIGURABLE = {key: 0 if key in FLAGS else 1 if key in SINGLE else None for key in KEYS}


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to 100")
    return int(text)


def parser() -> cli.Parser:
    """The command line."""
    made = cli.Parser(prog="python -m tools.validate", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False)
    made.add_argument("paths", metavar="PATH", nargs="*", type=cli.path, help="manifests, as with --manifests")
    what = made.add_argument_group("what to judge (every environment of the chart, unless one of these is given)")
    cli.add_several(what, "--env", metavar="NAME", help="these environments of the chart's ci directory")
    cli.add_several(
        what,
        "--values",
        metavar="FILE",
        type=cli.path,
        help="values files, merged as Helm does: laid over each --env, or else over the chart's own values alone",
    )
    cli.add_several(
        what, "--manifests", metavar="PATH", type=cli.path, help="plain manifests: files, directories, - for stdin"
    )
    cli.add_chart(what, CHART)
    cli.add_several(
        what,
        "--kube-version",
        metavar="X.Y.Z",
        help=f"the cluster's version (default: {KUBE_VERSION}); each environment is judged for each that is named",
    )
    cli.add_several(
        what,
        "--workloads",
        metavar="PATH",
        type=cli.path,
        help="the workloads that the policies are for, as manifests; --env has ci/workloads.yaml",
    )
    what.add_argument(
        "--flows",
        metavar="FILE",
        type=cli.file_path,
        help="the specification of who may reach whom; the project's environments have tests/flows.yaml",
    )
    cli.add_several(
        what,
        "--schemas",
        metavar="PATH",
        type=cli.path,
        help="CustomResourceDefinitions, by which objects of their kinds are judged: files, directories",
    )
    beside = made.add_argument_group("what else to try of the chart")
    cli.add_several(
        beside,
        "--refused",
        metavar="PATH",
        type=cli.path,
        help="values that must be refused, and with which message: a table, or a folder of values files",
    )
    beside.add_argument(
        "--wrong-values",
        action="store_true",
        help="try a value of each type at each place of the chart's schema, which has to refuse some",
    )
    beside.add_argument(
        "--coverage",
        metavar="PERCENT",
        nargs="?",
        const=0,
        type=_percent,
        help="which branches of the templates the environments reach, and which values nothing reads; with PERCENT an "
        "error below it",
    )
    beside.add_argument(
        "--api-versions",
        metavar="API",
        nargs="*",
        action="extend",
        help="judge each environment without these APIs and with them; none named: those that the templates ask for",
    )
    cli.add_several(
        beside,
        "--helm",
        metavar="PATH",
        type=cli.path,
        help="the helm to render with; what others that are named render differently is a finding",
    )
    how = made.add_argument_group("how to report")
    how.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    how.add_argument(
        "--output", metavar="FILE", type=cli.file_path, help="write the report there, not to standard output"
    )
    rules = made.add_argument_group("the rules")
    cli.add_gate(rules)
    rules.add_argument(
        "--baseline",
        metavar="FILE",
        type=cli.file_path,
        help="findings that are accepted: they are counted, new ones fail, and gone ones are named",
    )
    rules.add_argument("--write-baseline", action="store_true", help="accept every finding of this run, in that file")
    rules.add_argument("--list-rules", action="store_true", help="print each rule's id and what it says")
    rules.add_argument("--explain", metavar="RULE", help="print a rule's manual entry")
    made.add_argument(
        "--no-cache", dest="cache", action="store_false", help="judge everything anew, whatever the user's cache has"
    )
    made.add_argument(
        ARGUMENTS,
        metavar="TEXT",
        help="more of these options in one text, quoted as in a shell: for CI systems, whose variables are texts",
    )
    add_option(made)
    return made


def configurable(options: argparse.Namespace) -> dict[str, int | None]:
    """The keys of the file that apply beside a command line: with manifests alone on it, none that is of charts."""
    ignored: set[str] = set(SUBJECTS) if options.paths else set()
    if (options.paths or options.manifests) and not (options.env or options.values):
        ignored |= {*OF_CHARTS}
    return {key: most for key, most in CONFIGURABLE.items() if key not in ignored}


def spelt_out(line: Sequence[str]) -> list[str]:
    """A command line with the words of each --arguments TEXT in its place."""
    words: list[str] = []
    rest = iter(line)
    for word in rest:
        option, sign, text = word.partition("=")
        if option != ARGUMENTS:
            words.append(word)
            if word == "--":
                break
            continue
        text = text if sign else next(rest, "")
        try:
            words.extend(spelt_out(shlex.split(text)))
        except ValueError as error:
            parser().error(f"argument {ARGUMENTS}: {str(error)[:1].lower()}{str(error)[1:]} in {text!r}")
    return [*words, *rest]


def refuse(options: argparse.Namespace) -> None:
    """End the process where an installed command was to judge nothing but what was installed with it."""
    named = options.env or options.values or options.manifests or options.chart != CHART
    if not named and carried(CHART) and not (options.list_rules or options.explain):
        parser().error(
            "nothing of yours is named, and only the chart that is installed with the command would be judged; name "
            f"--values, --manifests or --chart, here or in {OWN}; --env names the installed chart's environments"
        )
