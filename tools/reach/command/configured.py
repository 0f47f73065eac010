"""The options that a project has written down, where they mean something for a question."""

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
    """The command line, with what it leaves out as the project's file has it."""
    options, file = parsed(parser(), line, _allowed)
    if options.command == "check" and options.flows is None and "flows" in file.options:
        options.flows = Path(file.words("flows")[0])
    return options


def _allowed(options: argparse.Namespace) -> Mapping[str, int | None]:
    """The keys that mean something beside what is named: the chart of a file is no part of somebody's manifests."""
    left: set[str] = set()
    paths, context = getattr(options, "paths", None), getattr(options, "context", None)
    if paths or context:
        left |= {*SUBJECTS}
    if context:
        left.add("workloads")
    others = paths or context or getattr(options, "manifests", None)
    if others and not (getattr(options, "env", None) or getattr(options, "values", None)):
        left.add("chart")
    return {key: most for key, most in CONFIGURABLE[options.command].items() if key not in left}
