"""Runs `grant`: a name is opened in a running release by an upgrade of its values, and Envoy closes it by itself."""

from __future__ import annotations

import argparse
import getpass
import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tools.egress.allowlist import Allowlist, Entry, Suffixes, parse_values
from tools.egress.live import grants
from tools.egress.live.cluster import proxy
from tools.egress.live.replicas_now import push
from tools.findings.cli import CLEAN, COULD_NOT_RUN, FINDINGS, USAGE, complain
from tools.findings.escaping import line
from tools.manifests.files import InputError, mapping, shown
from tools.render.chart import Chart
from tools.render.helm import HelmError, located
from tools.render.values import merge_values

SECONDS = 180


def run(options: argparse.Namespace, source: Chart, suffixes: Suffixes) -> int:
    """Grant, or take a grant back."""
    now = datetime.now(UTC)
    try:
        grant = None if options.end else _grant(options, suffixes, now)
        release = Helm(options, source)
        values = release.values()
        if grant is None:
            return _take_back(release, values, options, now)
        listed = parse_values(merge_values(source, values), suffixes=suffixes)[0].at(now)
        if found := _already(listed, grant):
            print(line(f"{grant.name} is allowed by {found.path} already; nothing was changed"))
            return CLEAN
        release.upgrade(grants.granted(values, grant, now), f"egress grant: {_said(grant)}")
    except (ValueError, grants.CeilingError) as error:
        complain("egress", error)
        return USAGE
    except (InputError, HelmError) as error:
        complain("egress", error)
        return COULD_NOT_RUN
    print(line(f"granted: {_said(grant)}"))
    return _pushed(options)
