"""Fills in options from the project's configuration file, where they apply to the command."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.manifests.configuration import OF_REPORTS, SUBJECTS, parsed
from tools.reach.command.options import parser

_SHARED: Mapping[str, int | None] = {"chart": 1, "kube-version": 1, "workloads": None}
_ONE_CLUSTER: Mapping[str, int | None] = {**_SHARED, "env": 1, "values": None, "manifests": None}
_REPORT: Mapping[str, int | None] = {key: None if key == "disable" else 1 for key in OF_REPORTS}
CONFIGURABLE: Mapping[str, Mapping[str, int | None]] = {
    "matrix": _ONE_CLUSTER,
    "explain": _ONE_CLUSTER,
    "policies": _ONE_CLUSTER,
    "diff": _SHARED,
    "check": {**_ONE_CLUSTER, **_REPORT, "env": None},
}


def configured(line: Sequence[str] | None) -> argparse.Namespace:
    """The command line, with the options that it leaves out taken from the project's file."""
    options, file = parsed(parser(), line, _allowed)
    if options.command == "check" and options.flows is None and "flows" in file.options:
        options.flows = Path(file.words("flows")[0])
    return options


def _allowed(options: argparse.Namespace) -> Mapping[str, int | None]:
    """The keys of the file that apply beside the options: its chart, say, does not go with manifests on the command
    line.
    """
    ignored: set[str] = set()
    paths, context = getattr(options, "paths", None), getattr(options, "context", None)
    if paths or context:
        ignored |= {*SUBJECTS}
    if context:
        ignored.add("workloads")
    others = paths or context or getattr(options, "manifests", None)
    if others and not (getattr(options, "env", None) or getattr(options, "values", None)):
        ignored.add("chart")
    return {key: most for key, most in CONFIGURABLE[options.command].items() if key not in ignored}
