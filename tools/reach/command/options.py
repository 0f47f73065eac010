"""The command line: what can be asked, and what `--help` says of it."""

from __future__ import annotations

import argparse
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any, NoReturn

from tools.findings import cli
from tools.findings.report import FORMATS
from tools.manifests import configuration
from tools.manifests.addresses import Net, network
from tools.reach.formats import ANSWERS, MATRIX
from tools.render.target import KUBE_VERSION

DESCRIPTION = """Who can reach whom, and why: judged from manifests, before anything is installed.

  matrix    who reaches whom, on which ports
  explain   why one may or may not reach another on a port, and what would turn that
  diff      what changes between two charts, values files, environments or directories
  policies  which policies select a workload, and what a namespace denies by default
  check     whether every row of tests/flows.yaml holds"""

EPILOG = f"""{cli.EXIT_CODES}.
Broken objects of the input are findings ({cli.FINDINGS}): the rest is judged and printed all the same. What
cannot be read or rendered at all is {cli.COULD_NOT_RUN}. Notes fail nothing: they say what could change an answer and
is not modelled, and what was assumed. In text they stand below the answer, in other formats on
standard error."""

MATRIX_EPILOG = f"""{EPILOG}

examples:
  python -m tools.reach matrix --env production
  python -m tools.reach matrix --manifests policies/ --workloads apps/ --format svg --output reach.svg
  python -m tools.reach matrix --context prod --focus sark-api
  kubectl get pods,ns,netpol -A -o yaml | python -m tools.reach matrix -"""

EXPLAIN_EPILOG = f"""SRC and DST are a workload (namespace/name[Kind], namespace/name, or name when only one fits), an
address or a CIDR, or {{node}}; SRC may be {{ingress-controller}}. DST may be svc/NAME, svc/NAMESPACE/NAME
or ingress/NAME: then every pod behind it is judged, on its target port. Options that take several
values come after PORT. The exit code says nothing of the verdict, unless --expect asks for one.

{EPILOG}

examples:
  python -m tools.reach explain sark-api 8.8.8.8 53/UDP --env production
  python -m tools.reach explain sark-api svc/sark-database 5432 --manifests all.yaml --expect allowed
  python -m tools.reach explain stranger sark-database 5432 --context prod"""

GRAMMAR = """Each side, A and B, is one word:
  NAME                 an environment of the chart (ci/NAME-values.yaml), with the chart's ci/workloads.yaml
  FILE[,FILE...]       values files, merged as Helm does; or manifests, when they hold apiVersion and kind
  DIRECTORY            a chart, with its own values, when it has a Chart.yaml; else manifests
  CHART:VALUES         a chart's directory and, with commas between, values files or names of its environments:
                       two versions of a chart are compared as old/sark-network:production new/sark-network:production
  -                    manifests on standard input
  env:, values:, manifests:, chart: or context: before it say what a word is, such as context:prod for a live cluster.
A word that is an environment's name is one, even beside a file of that name; write ./NAME for the file."""

DIFF_EPILOG = f"""{GRAMMAR}

As with git diff, differences are no findings: the exit code is {cli.CLEAN}, unless --exit-code makes it {cli.FINDINGS}.
Addresses that the two sides cut differently are compared range by range, and only what truly
differs is listed.

{EPILOG}

examples:
  python -m tools.reach diff staging production
  python -m tools.reach diff charts/sark-network:production my-values.yaml --exit-code
  python -m tools.reach diff context:prod manifests/ --namespace sark"""

POLICIES_EPILOG = f"""NAMESPACE/ is a pod without labels that comes to be there: what a namespace denies by default.
--future gives one labels, and matrix and explain know it by the name NAMESPACE/future too.

{EPILOG}

examples:
  python -m tools.reach policies sark-api --env production
  python -m tools.reach policies sark/ --manifests policies/
  python -m tools.reach matrix policies/ --future sark:app=new --focus future"""

CHECK_EPILOG = f"""Without --env, --values, --manifests or --context every environment of the chart is judged, as the
stage flows of `python -m tools.validate` does. A row that depends on something that is not in the
input does not hold.

{cli.EXIT_CODES}."""

ABOUT = {
    "matrix": "Who reaches whom, on which ports.",
    "explain": "Why one may or may not reach another on a port, and what would turn that.",
    "diff": "What changes between two: flows that come, that go, and that become others.",
    "policies": "Which policies select a workload, and how much they let through.",
    "check": "Whether every row of a specification of flows holds.",
}


class _CommandParser(cli.Parser):
    def error(self, message: str) -> NoReturn:
        """As everywhere; where words went to the option before them, say so."""
        if "arguments are required" in message:
            message += " (options that take several values swallow what follows: write them last)"
        super().error(message)


def parser() -> cli.Parser:
    """The command line."""
    made = cli.Parser(
        prog="python -m tools.reach",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = made.add_subparsers(dest="command", required=True, parser_class=_CommandParser)
    command = _command(commands, "matrix", MATRIX_EPILOG)
    command.add_argument("paths", metavar="PATH", nargs="*", type=cli.path, help="manifests, as --manifests has them")
    _what(command)
    _focus(command)
    ways = command.add_mutually_exclusive_group()
    ways.add_argument("--incoming", action="store_true", help="with --focus: only who may reach it")
    ways.add_argument("--outgoing", action="store_true", help="with --focus: only whom it may reach")
    command.add_argument("--all", action="store_true", help="pairs that may not talk too (json, csv)")
    _how(command, MATRIX)
    two = _command(commands, "explain", EXPLAIN_EPILOG)
    two.add_argument("src", metavar="SRC", help="who calls")
    two.add_argument("dst", metavar="DST", help="who is called")
    two.add_argument("port", metavar="PORT[/PROTO]", help="80, 53/UDP, 8/ICMP; a Service's port by name too")
    _what(two)
    two.add_argument(
        "--expect", choices=("allowed", "denied"), help=f"end with {cli.FINDINGS} when the verdict is another"
    )
    _how(two, ANSWERS)
    three = _command(commands, "diff", DIFF_EPILOG)
    three.add_argument("a", metavar="A", type=cli.path, help="before")
    three.add_argument("b", metavar="B", type=cli.path, help="after")
    _common(three.add_argument_group("what goes for both sides"))
    _focus(three)
    three.add_argument("--exit-code", action="store_true", help=f"end with {cli.FINDINGS} when anything differs")
    _how(three, ANSWERS)
    five = _command(commands, "policies", POLICIES_EPILOG)
    five.add_argument("names", metavar="NAME", nargs="*", help="a workload, or NAMESPACE/ (every workload)")
    _what(five)
    _how(five, ANSWERS)
    four = _command(commands, "check", CHECK_EPILOG)
    four.add_argument(
        "flows", metavar="FLOWS", nargs="?", type=cli.file_path, help="the specification (tests/flows.yaml)"
    )
    four.add_argument(
        "--as", dest="named", metavar="NAME", help="the environment of the specification that values or manifests are"
    )
    four.add_argument(
        "--upgraded",
        metavar="FILE",
        nargs="+",
        type=cli.file_path,
        default=[],
        help="values laid over the others by the upgrade, for rows that hold after it",
    )
    _what(four, several=True)
    _how(four, FORMATS)
    cli.add_gate(four.add_argument_group("the rules"))
    return made


def _command(commands: argparse._SubParsersAction[_CommandParser], name: str, epilog: str) -> cli.Parser:
    return commands.add_parser(
        name,
        help=ABOUT[name],
        description=ABOUT[name],
        epilog=epilog,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _what(made: cli.Parser, *, several: bool = False) -> None:
    """What to judge. All that is given is one cluster; what stands lower here replaces what stands higher."""
    many: dict[str, Any] = {"nargs": "+", "action": "extend"} if several else {"default": ""}
    what = made.add_argument_group("what to judge: one cluster of all that is given, later ones over earlier ones")
    what.add_argument("--context", metavar="NAME", help="a live cluster, by its context of the kubeconfig; only read")
    what.add_argument(
        "--env",
        metavar="NAME",
        help="an environment of the chart, and the workloads of its ci/workloads.yaml",
        **many,
    )
    cli.add_several(what, "--values", metavar="FILE", type=cli.file_path, help="values files, merged as Helm does")
    cli.add_several(
        what, "--manifests", metavar="PATH", type=cli.path, help="manifests: files, directories, - for stdin"
    )
    _common(what)


def _common(what: argparse._ArgumentGroup) -> None:
    cli.add_several(what, "--workloads", metavar="PATH", type=cli.path, help="manifests of workloads beside it")
    what.add_argument("--chart", metavar="DIR", type=cli.file_path, help="another chart than this project's")
    what.add_argument(
        "--namespace", metavar="NAME", help="of objects that name none (default; with a chart its release's: sark)"
    )
    what.add_argument(
        "--pod-cidr",
        dest="pod_cidrs",
        metavar="CIDR",
        action="append",
        type=_cidr,
        help="where pods without a known address are; can be repeated (the chart's cluster.cidrs, or private networks)",
    )
    what.add_argument(
        "--future",
        metavar="NAMESPACE[:KEY=VALUE,...]",
        action="append",
        help="a pod that is not there yet, with these labels, called NAMESPACE/future; one for each namespace",
    )
    what.add_argument("--pending", action="store_true", help="Calico's staged policies as though they were enforced")
    what.add_argument(
        "--kube-version", metavar="X.Y.Z", default=KUBE_VERSION, type=_version, help="default: %(default)s"
    )
    what.add_argument(
        "--allow-partial", action="store_true", help="with a cluster: judge although some of it could not be read"
    )


def _focus(made: cli.Parser) -> None:
    made.add_argument(
        "--focus", metavar="NAME", action="append", help="only what concerns that workload; can be repeated"
    )


def _how(made: cli.Parser, formats: Sequence[str]) -> None:
    how = made.add_argument_group("how to answer")
    how.add_argument("--format", choices=formats, default="text", help="default: %(default)s")
    how.add_argument(
        "--output", metavar="FILE", type=cli.file_path, help="write the answer there, not to standard output"
    )
    configuration.add_option(made)


def _cidr(text: str) -> Net:
    if (net := network(text)) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no CIDR; write an address and a length, such as 10.0.0.0/8")
    return net


def _version(text: str) -> str:
    # The schemas of the default are there, and those of others take longer to look for than --help may take.
    if text == KUBE_VERSION:
        return text
    from tools.manifests.schemas import UnknownVersionError, minor

    try:
        minor(text)
    except UnknownVersionError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
