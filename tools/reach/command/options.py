"""The command line: its commands and options, and their help."""

from __future__ import annotations

import argparse
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any, NoReturn

from tools.findings import cli
from tools.findings.report import FORMATS
from tools.manifests import arguments, configuration
from tools.manifests.addresses import Net, network
from tools.reach.formats import ANSWERS, MATRIX
from tools.render.target import KUBE_VERSION

DESCRIPTION = """Who can reach whom, and why: judged from manifests, before anything is installed.

  matrix    who reaches whom, on which ports
  explain   why SRC may or may not reach DST on a port, and what would change that
  diff      what changes between two charts, values files, environments or directories
  policies  which policies select a workload, and what a namespace denies by default
  check     whether every row of tests/flows.yaml holds"""

EPILOG = f"""{cli.EXIT_CODES}.
Broken objects in the input are findings (exit code {cli.FINDINGS}); the rest is still judged and printed. Input that
cannot be read or rendered at all gives exit code {cli.COULD_NOT_RUN}. Notes do not change the exit code: they say what
was assumed, and what could change an answer and is not modelled. In text they stand below the
answer, in other formats on standard error."""

MATRIX_EPILOG = f"""{EPILOG}

examples:
  python -m tools.reach matrix --env production
  python -m tools.reach matrix --manifests policies/ --workloads apps/ --format svg --output reach.svg
  python -m tools.reach matrix --context prod --focus sark-api
  kubectl get pods,ns,netpol -A -o yaml | python -m tools.reach matrix -"""

EXPLAIN_EPILOG = f"""SRC and DST are each a workload (namespace/name[Kind], namespace/name, or name where that is
unique), an address or a CIDR, or {{node}}; SRC may be {{ingress-controller}}. DST may be svc/NAME,
svc/NAMESPACE/NAME or ingress/NAME: then every pod behind it is judged, on its target port. Write
options that take several values after PORT. The exit code does not depend on the verdict, unless
you use --expect.

{EPILOG}

examples:
  python -m tools.reach explain sark-api 8.8.8.8 53/UDP --env production
  python -m tools.reach explain sark-api svc/sark-database 5432 --manifests all.yaml --expect allowed
  python -m tools.reach explain stranger sark-database 5432 --context prod"""

GRAMMAR = """Each side, A and B, is one word:
  NAME                 an environment of the chart (ci/NAME-values.yaml), with the chart's ci/workloads.yaml
  FILE[,FILE...]       values files, merged as Helm does; or manifests, when they have apiVersion and kind
  DIRECTORY            a chart with its own values, when it has a Chart.yaml; else manifests
  CHART:VALUES         a chart's directory, and its values files or environments, separated by commas;
                       to compare two versions of a chart: old/sark-network:production new/sark-network:production
  -                    manifests on standard input
The prefixes env:, values:, manifests:, chart: and context: say what a word is: context:prod is a live cluster.
A word that is an environment's name means the environment, even where there is a file of that name; write
./NAME for the file."""

DIFF_EPILOG = f"""{GRAMMAR}

As with git diff, differences are not findings: the exit code is {cli.CLEAN}; with --exit-code it is {cli.FINDINGS}.
Where the two sides divide addresses differently, they are compared range by range, and only real
differences are listed.

{EPILOG}

examples:
  python -m tools.reach diff staging production
  python -m tools.reach diff charts/sark-network:production my-values.yaml --exit-code
  python -m tools.reach diff context:prod manifests/ --namespace sark"""

POLICIES_EPILOG = f"""NAMESPACE/ means a new pod without labels in that namespace, and so shows what it denies by
default. With --future such a pod has labels; matrix and explain know it as NAMESPACE/future too.

{EPILOG}

examples:
  python -m tools.reach policies sark-api --env production
  python -m tools.reach policies sark/ --manifests policies/
  python -m tools.reach matrix policies/ --future sark:app=new --focus future"""

CHECK_EPILOG = f"""Without --env, --values, --manifests or --context, every environment of the chart is judged, as in
the stage flows of `python -m tools.validate`. A row does not hold if its verdict depends on
something that is not in the input.

{cli.EXIT_CODES}."""

ABOUT = {
    "matrix": "Who reaches whom, on which ports.",
    "explain": "Why SRC may or may not reach DST on a port, and what would change that.",
    "diff": "What changes from A to B: flows that are added, removed or changed.",
    "policies": "Which policies select a workload, and how much they let through.",
    "check": "Whether every row of a flow specification holds.",
}


class _CommandParser(cli.Parser):
    def error(self, message: str) -> NoReturn:
        """Report a usage error; where an option may have taken the missing arguments, say so."""
        if "arguments are required" in message:
            message += " (an option with several values also takes the words after it; write such options last)"
        super().error(message)


def parser() -> cli.Parser:
    """The parser of the command line."""
    top = cli.Parser(
        prog="python -m tools.reach",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(dest="command", required=True, parser_class=_CommandParser)
    _add_matrix(_command(commands, "matrix", MATRIX_EPILOG))
    _add_explain(_command(commands, "explain", EXPLAIN_EPILOG))
    _add_diff(_command(commands, "diff", DIFF_EPILOG))
    _add_policies(_command(commands, "policies", POLICIES_EPILOG))
    _add_check(_command(commands, "check", CHECK_EPILOG))
    return top


def _add_matrix(command: cli.Parser) -> None:
    command.add_argument("paths", metavar="PATH", nargs="*", type=cli.path, help="manifests, as with --manifests")
    _what(command)
    _focus(command)
    ways = command.add_mutually_exclusive_group()
    ways.add_argument("--incoming", action="store_true", help="with --focus: only who may reach it")
    ways.add_argument("--outgoing", action="store_true", help="with --focus: only whom it may reach")
    command.add_argument("--all", action="store_true", help="include pairs that may not talk (json, csv)")
    _how(command, MATRIX)


def _add_explain(command: cli.Parser) -> None:
    command.add_argument("src", metavar="SRC", help="who calls")
    command.add_argument("dst", metavar="DST", help="who is called")
    command.add_argument("port", metavar="PORT[/PROTO]", help="80, 53/UDP, 8/ICMP; or the name of a Service's port")
    _what(command)
    command.add_argument(
        "--expect", choices=("allowed", "denied"), help=f"exit with {cli.FINDINGS} unless this is the verdict"
    )
    _how(command, ANSWERS)


def _add_diff(command: cli.Parser) -> None:
    command.add_argument("a", metavar="A", type=cli.path, help="before")
    command.add_argument("b", metavar="B", type=cli.path, help="after")
    _common(command.add_argument_group("for both sides"))
    _focus(command)
    command.add_argument("--exit-code", action="store_true", help=f"exit with {cli.FINDINGS} when anything differs")
    _how(command, ANSWERS)


def _add_policies(command: cli.Parser) -> None:
    command.add_argument("names", metavar="NAME", nargs="*", help="a workload, or NAMESPACE/ (default: every workload)")
    _what(command)
    _how(command, ANSWERS)


def _add_check(command: cli.Parser) -> None:
    command.add_argument(
        "flows", metavar="FLOWS", nargs="?", type=cli.file_path, help="the specification (default: tests/flows.yaml)"
    )
    command.add_argument(
        "--as",
        dest="named",
        metavar="NAME",
        help="the environment of the specification to which the values or manifests belong",
    )
    command.add_argument(
        "--upgraded",
        metavar="FILE",
        nargs="+",
        type=cli.file_path,
        default=[],
        help="values that the upgrade adds to the others, for the rows that hold after it",
    )
    _what(command, several=True)
    _how(command, FORMATS)
    cli.add_gate(command.add_argument_group("the rules"))


def _command(commands: argparse._SubParsersAction[_CommandParser], name: str, epilog: str) -> cli.Parser:
    return commands.add_parser(
        name,
        help=ABOUT[name],
        description=ABOUT[name],
        epilog=epilog,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _what(command: cli.Parser, *, several: bool = False) -> None:
    """Add the options that say what to judge. Later sources replace objects of earlier ones in one cluster."""
    many: dict[str, Any] = {"nargs": "+", "action": "extend"} if several else {"default": ""}
    what = command.add_argument_group("what to judge (one cluster; sources below replace objects of those above)")
    what.add_argument("--context", metavar="NAME", help="a live cluster, by its kubeconfig context; it is only read")
    what.add_argument(
        "--env",
        metavar="NAME",
        help="an environment of the chart, with the workloads in its ci/workloads.yaml",
        **many,
    )
    cli.add_several(what, "--values", metavar="FILE", type=cli.file_path, help="values files, merged as Helm does")
    cli.add_several(
        what, "--manifests", metavar="PATH", type=cli.path, help="manifests: files, directories, - for stdin"
    )
    _common(what)


def _common(what: argparse._ArgumentGroup) -> None:
    cli.add_several(what, "--workloads", metavar="PATH", type=cli.path, help="manifests of additional workloads")
    what.add_argument(
        "--chart",
        metavar="DIR",
        type=cli.file_path,
        help="a chart other than this project's: a directory, or oci://REGISTRY/NAME:VERSION",
    )
    what.add_argument(
        "--namespace",
        metavar="NAME",
        type=arguments.namespace,
        help="that of objects which name none (default: default, or with a chart its release's, sark)",
    )
    what.add_argument(
        "--pod-cidr",
        dest="pod_cidrs",
        metavar="CIDR",
        action="append",
        type=_cidr,
        help="a network of pods whose address is not known; repeatable "
        "(default: the chart's cluster.podCidrs or cluster.cidrs, else the private networks)",
    )
    what.add_argument(
        "--future",
        metavar="NAMESPACE[:KEY=VALUE,...]",
        action="append",
        help="a pod that does not exist yet, with these labels, called NAMESPACE/future; one per namespace",
    )
    what.add_argument(
        "--pending", action="store_true", help="judge Calico's staged policies as though they were enforced"
    )
    what.add_argument(
        "--kube-version", metavar="X.Y.Z", default=KUBE_VERSION, type=_version, help="default: %(default)s"
    )
    what.add_argument(
        "--allow-partial", action="store_true", help="with --context: judge even if some of it could not be read"
    )


def _focus(command: cli.Parser) -> None:
    command.add_argument("--focus", metavar="NAME", action="append", help="only what concerns this peer; repeatable")


def _how(command: cli.Parser, formats: Sequence[str]) -> None:
    how = command.add_argument_group("how to answer")
    how.add_argument("--format", choices=formats, default="text", help="default: %(default)s")
    how.add_argument(
        "--output", metavar="FILE", type=cli.file_path, help="write the answer to a file, not to standard output"
    )
    configuration.add_option(command)


def _cidr(text: str) -> Net:
    if (net := network(text)) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a CIDR; write an address and a length, such as 10.0.0.0/8")
    return net


def _version(text: str) -> str:
    # The schemas of the default version exist; looking for others takes longer than --help may take.
    if text == KUBE_VERSION:
        return text
    from tools.manifests.schemas import UnknownVersionError, minor

    try:
        minor(text)
    except UnknownVersionError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
