"""Runs the commands of `python -m tools.egress` that are about a running proxy or its log."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from tools.egress.allowlist import Allowlist, Suffixes
from tools.egress.live import about_log, adding
from tools.egress.live.options import LOG_COMMANDS


def run(options: argparse.Namespace, lists: Mapping[str, Allowlist], suffixes: Suffixes) -> int:
    """Run the command that was asked for."""
    if options.command in LOG_COMMANDS:
        return about_log.run(options, lists, suffixes)
    if options.command == "add":
        return adding.run(options, suffixes)
    if options.command == "grant":
        from tools.egress.live.granting import run as ask_to_grant

        return ask_to_grant(options, suffixes)
    # Only now: Kubernetes' client takes longer to load than all the rest.
    from tools.egress.live.replicas_now import run as ask_replicas

    return ask_replicas(options)
