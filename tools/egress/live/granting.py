"""Runs `grant`: a name is opened in a running release by an upgrade of its values, and Envoy closes it by itself."""

from __future__ import annotations

import argparse
import getpass
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tools.egress.allowlist import Suffixes, parse_values, refusal
from tools.egress.live import grants
from tools.egress.live.arrivals import pushed_on_arrival
from tools.egress.live.cluster import proxy
from tools.egress.live.grants import Grant
from tools.egress.live.objections import unworded
from tools.egress.live.replicas_now import push
from tools.findings.cli import CLEAN, COULD_NOT_RUN, FINDINGS, USAGE, complain
from tools.findings.errors import InputError
from tools.findings.escaping import line
from tools.manifests.files import mapping, read_yaml, shown
from tools.render.helm import HelmError, located
from tools.render.helm_errors import classify
from tools.render.merge import merge
from tools.render.own import CHART

SECONDS = 180


def run(options: argparse.Namespace, suffixes: Suffixes) -> int:
    """Grant, or take a grant back."""
    now = datetime.now(UTC)
    try:
        if options.end:
            _check_end(options)
        grant = None if options.end else _grant(options, suffixes, now)
        running = proxy(options.context, options.namespace, options.release)
        release = HelmRelease(located(), options.context, running.namespace, running.release)
        release.has_this_chart()
        values = release.values()
        if grant is None:
            changed = grants.taken_back(values, options.name.lower(), now)
            if changed is None:
                there = ", ".join(grants.names(values, now))
                others = f"; these have: {there}" if there else ""
                print(line(f"{options.name} has no grant, and nothing was changed{others}"))
                return CLEAN
            with pushed_on_arrival(running):
                release.upgrade(changed, f"egress grant taken back: {options.name.lower()}")
            print(line(f"taken back: {options.name.lower()}"))
        else:
            listed = parse_values(_whole(grants.without(values, grant.name)), suffixes=suffixes)[0]
            if place := grants.standing(listed, grant, now):
                print(line(f"{grant.name} is allowed already, by {place}; nothing was changed"))
                return CLEAN
            with pushed_on_arrival(running):
                release.upgrade(grants.granted(values, grant, now), f"egress grant: {_sentence(grant)}")
            print(line(f"granted: {_sentence(grant)}"))
        code = push(proxy(options.context, running.namespace, running.release), options)
        if grant and grant.until <= datetime.now(UTC):
            complain(
                "egress", f"the grant ended before it was in force, at {grant.until:%H:%M:%S} UTC; grant it for longer"
            )
            return FINDINGS
        return code
    except (ValueError, grants.CeilingError) as error:
        complain("egress", error)
        return USAGE
    except (InputError, HelmError) as error:
        complain("egress", error)
        return COULD_NOT_RUN


def _check_end(options: argparse.Namespace) -> None:
    """Raises ValueError where more is said of the grant that is to end than its name, or a name that can have none."""
    if write := refusal(options.name):
        raise ValueError(f"`{options.name}` can have no grant: write {write}")
    for option, value in {
        "--for": options.duration,
        "--reason": options.reason,
        "--owner": options.owner,
        "--ports": options.ports,
        "--workloads": options.workloads,
    }.items():
        if value is not None:
            raise ValueError(f"--end takes the grant of a name back as a whole, at once; leave {option} out")


def _grant(options: argparse.Namespace, suffixes: Suffixes, now: datetime) -> Grant:
    """What was asked for. Raises ValueError and CeilingError for what cannot be granted."""
    for option, value in (("--for", options.duration), ("--reason", options.reason)):
        if not value:
            raise ValueError(f"{option} is missing: a grant has an end and a reason")
    for option, value in (("--owner", options.owner), ("--reason", options.reason)):
        if fault := unworded(option, value):
            raise ValueError(fault)
    grant = Grant(
        name=options.name.lower(),
        until=grants.until(now, grants.duration(options.duration)),
        owner=options.owner or _user(),
        reason=options.reason,
        ports=tuple(dict.fromkeys(options.ports or (443,))),
        workloads=tuple(dict.fromkeys(options.workloads or ("gateway",))),
    )
    problems = parse_values({"egress": {"grants": [grant.entry()]}}, suffixes=suffixes)[1]
    if problems:
        raise ValueError(problems[0].message)
    try:
        ceiling = grants.ceiling(mapping(options.ceiling))
    except InputError as error:
        raise grants.CeilingError(f"{error}; a grant needs a file that says what may be granted (--ceiling)") from None
    except grants.CeilingError as error:
        raise grants.CeilingError(f"{shown(options.ceiling)}: {error}") from None
    if excess := grants.excess(grant, ceiling, now):
        raise grants.CeilingError(f"{shown(options.ceiling)}: {excess}")
    return grant


def _user() -> str:
    """Who runs this. Raises ValueError for a user that no database knows, as in a pod."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise ValueError("--owner is missing, and this user has no name; write who asks for it") from None


def _sentence(grant: Grant) -> str:
    ports = ", ".join(f"{grant.name}:{port}" for port in grant.ports)
    entry = grant.entry()
    return f"{ports} for {', '.join(grant.workloads)} to {grant.owner} until {entry['expires']}: {grant.reason}"


def _whole(values: Mapping[str, Any]) -> dict[str, Any]:
    return merge(mapping(CHART / "values.yaml"), values)


@dataclass(frozen=True)
class HelmRelease:
    """A release as Helm knows it. What Helm says against a command is an InputError."""

    helm: str
    context: str
    namespace: str
    name: str

    def has_this_chart(self) -> None:
        """Raises InputError when another version of the chart is installed: a grant must change the list alone."""
        listing = self._json("list", "--filter", f"^{self.name}$")
        documents = read_yaml(CHART / "Chart.yaml").documents
        body: Any = documents[0].body if documents else {}
        ours = f"{body.get('name')}-{body.get('version')}"
        if listing and not (isinstance(listing, list) and isinstance(listing[0], dict) and "chart" in listing[0]):
            raise InputError("helm list: its answer lists no releases")
        theirs = str(listing[0]["chart"]) if listing else "no chart that Helm installed"
        if theirs != ours:
            raise InputError(f"release {self.name} is {theirs}, and this is {ours}; use the toolkit of that version")

    def values(self) -> dict[str, Any]:
        """The values that the release was given."""
        values = self._json("get", "values", self.name) or {}
        if not isinstance(values, dict):
            raise InputError("helm get: its answer is no mapping of values")
        return values

    def upgrade(self, values: Mapping[str, Any], description: str) -> None:
        """The same chart with other values."""
        words = ("upgrade", self.name, str(CHART), "--values", "-", "--reset-values", "--description", description)
        self._run(*words, stdin=json.dumps(values))

    def _json(self, *words: str) -> Any:
        try:
            return json.loads(self._run(*words, "--output", "json", stdin=None))
        except (ValueError, RecursionError):
            raise InputError(f"helm {words[0]}: its answer is not JSON") from None

    def _run(self, *words: str, stdin: str | None) -> str:
        context = ["--kube-context", self.context] if self.context else []
        command = [self.helm, *words, "--namespace", self.namespace, *context]
        try:
            ran = subprocess.run(
                command, input=(stdin or "").encode(), capture_output=True, timeout=SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"helm {words[0]} did not come to an end: {error}") from None
        if ran.returncode:
            complaints = ran.stderr.decode("utf-8", "replace")
            raise InputError(f"helm {words[0]}: {classify(complaints, ran.returncode)}")
        return ran.stdout.decode("utf-8", "replace")
