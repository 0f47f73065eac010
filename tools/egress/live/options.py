"""The command lines of `python -m tools.egress` that are about a running proxy or its log."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from tools.findings.cli import EXIT_CODES, add_several, file_path, path, words
from tools.manifests import arguments
from tools.manifests.arguments import or_none

LOG_COMMANDS = ("blocked", "used", "unused", "report")
LIST_COMMANDS = ("used", "unused", "report")
COMMANDS = (*LOG_COMMANDS, "add", "push", "status", "grant")


def add_commands(commands: Any, lists: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add them to the parser's commands. `lists`: adds the options that say which list is meant."""
    _blocked(commands)
    for name, what in (
        ("used", "which entries of the list were used, how often and for what"),
        ("unused", "which entries nothing came through"),
        ("report", "all of it, as a page of Markdown"),
    ):
        parser = commands.add_parser(name, help=what, epilog=EXIT_CODES)
        _log(parser)
        lists(parser)
    _add(commands)
    _push(commands)
    _status(commands)
    _grant(commands)


def _blocked(commands: Any) -> None:
    parser = commands.add_parser(
        "blocked",
        help="what was denied, or would be in mode enforce, and the YAML that would allow it",
        epilog=EXIT_CODES,
    )
    _log(parser)
    parser.add_argument("--format", choices=("text", "json", "yaml"), default="text", help="yaml: values that allow it")
    parser.add_argument("--workload", metavar="PART", help="of this part alone")
    parser.add_argument(
        "--look-up",
        action="store_true",
        help="ask this machine's DNS whether names without an address (no-address) resolve, and to a private one",
    )


def _log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "log",
        nargs="*",
        metavar="FILE",
        type=path,
        help="files that hold the proxy's log, `-`: standard input; none: the log of the replicas that run now",
    )
    cluster(parser)
    parser.add_argument(
        "--since", metavar="DURATION", help="of the replicas' log, this long back: 30m, 12h, 7d (default: all of it)"
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to 86400; write one, such as 30")
    return seconds


def _wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait", metavar="SECONDS", type=_seconds, default=30, help="how long to wait for the replicas (default: 30)"
    )


def cluster(parser: argparse.ArgumentParser) -> None:
    """The options that say which release in which cluster."""
    parser.add_argument(
        "--context", metavar="NAME", default="", help="a context of the kubeconfig (default: the current)"
    )
    namespace, release = or_none(arguments.namespace), or_none(arguments.release)
    parser.add_argument(
        "--namespace", "-n", metavar="NAME", type=namespace, default="", help="the release's (default: the context's)"
    )
    parser.add_argument(
        "--release", metavar="NAME", type=release, default="", help="the release (default: the only one there)"
    )


def _add(commands: Any) -> None:
    parser = commands.add_parser("add", help="add a name to a values file, whose comments stay", epilog=EXIT_CODES)
    parser.add_argument("name", metavar="NAME", help="the name, such as api.example.com or *.example.com")
    parser.add_argument("--to", metavar="FILE", type=file_path, required=True, help="the values file")
    add_several(parser, "--ports", metavar="PORT", type=int, help="its ports (default: 443)")
    add_several(parser, "--workloads", metavar="PART", help="the parts that may use it (default: gateway)")
    parser.add_argument("--owner", metavar="TEXT", type=words, help="who answers for the entry")
    parser.add_argument("--reason", metavar="TEXT", type=words, help="what it is for")
    parser.add_argument("--expires", metavar="WHEN", help="its last day, such as 2027-06-30, or a moment")


def _push(commands: Any) -> None:
    parser = commands.add_parser(
        "push",
        usage="%(prog)s [options] [-- COMMAND …]",
        help="have every replica take the list that was installed now, and wait for it",
        epilog=EXIT_CODES,
    )
    parser.add_argument(
        "upgrade",
        nargs="*",
        metavar="COMMAND",
        help="after `--`, a command that upgrades the release: it is run, and its list pushed once the cluster has it",
    )
    cluster(parser)
    _wait(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")


def _status(commands: Any) -> None:
    parser = commands.add_parser("status", help="which replica serves which list, and since when", epilog=EXIT_CODES)
    cluster(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")


def _grant(commands: Any) -> None:
    parser = commands.add_parser(
        "grant",
        help="open a name in a running release until a moment; it closes by itself",
        description="Adds an entry of egress.grants to the release. Envoy closes it at its end and cuts its tunnels.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("name", metavar="NAME", help="the name, such as api.example.com or *.example.com")
    parser.add_argument("--for", metavar="DURATION", dest="duration", help="how long: 30m, 4h (required to grant)")
    parser.add_argument("--reason", metavar="TEXT", type=words, help="what it is for (required to grant)")
    parser.add_argument("--owner", metavar="NAME", type=words, help="who asks for it (default: who runs this)")
    add_several(parser, "--ports", metavar="PORT", type=int, help="its ports (default: 443)")
    add_several(parser, "--workloads", metavar="PART", help="the parts that may use it (default: gateway)")
    parser.add_argument(
        "--ceiling",
        metavar="FILE",
        type=file_path,
        default=file_path("egress-ceiling.yaml"),
        help="what may be granted: names, ports, workloads, longest (default: %(default)s)",
    )
    parser.add_argument("--end", action="store_true", help="take the grant of NAME back, and cut its tunnels")
    cluster(parser)
    _wait(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
