"""A name that is granted for a while, by the command that a person runs: it opens, and closes with nobody there."""

from __future__ import annotations

import json
import re
import subprocess
import time
from datetime import UTC, datetime

from tools.cluster import probes, process, tunnels, verdict
from tools.cluster.errors import CannotRunError
from tools.cluster.options import NAMESPACE, RELEASE
from tools.cluster.trial_cluster import Scene
from tools.cluster.verdict import UNPROBED, ProbeReport

STATE = "grant"
NAME = "notopenai.com"
SECONDS = 90
# How long after its end a granted name's tunnel may live.
LATE = 5.0
FACTS = (
    "denied-before-its-grant",
    "nothing-beyond-the-ceiling",
    "granted-name",
    "granted-tunnel-ends-by-itself",
    "denied-after-its-grant",
)
_UNTIL = re.compile(r" until (\S+Z): ")


def check(scene: Scene) -> None:
    """Grant a name that the list does not have, hold a tunnel to it, and see both end."""
    flow = tunnels.tunnel(NAME, "granted-name")
    addresses = scene.addresses()
    gateway = scene.spec.pods["gateway"]
    attempt = verdict.attempt(flow, addresses, flow.name, 5)
    before = probes.ask(scene.kube, [(gateway, [attempt])])[flow.name]
    scene.note("denied-before-its-grant", STATE, _denied(before))
    ceiling = scene.options.state / "egress-ceiling.yaml"
    ceiling.write_text(json.dumps({"names": [NAME], "longest": "1h"}))
    beyond = _grant(scene, "anthropic.com", str(ceiling))
    scene.note(
        "nothing-beyond-the-ceiling", STATE, [] if beyond.returncode == 64 else [f"exit code {beyond.returncode}"]
    )
    with scene.progress.step(f"grant {NAME} for {SECONDS} s"):
        granted = _grant(scene, NAME, str(ceiling))
    until = _UNTIL.search(granted.stdout)
    if granted.returncode or not until:
        raise CannotRunError(f"egress grant ended with {granted.returncode}: {granted.stderr.strip()}")
    end = datetime.strptime(until[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    with probes.holding(scene.kube, gateway, [attempt]) as held:
        opened, closed = flow.name in held.opened, 0.0
        while time.time() < end + LATE + 5 and not closed:
            time.sleep(0.1)
            closed = time.time() if flow.name in held.reports else 0.0
    detail = held.reports.get(flow.name, UNPROBED).detail
    scene.note("granted-name", STATE, [] if opened else [f"was never open: {detail}"])
    late = closed - end if closed else LATE + 5
    faults = [] if opened and -1 < late <= LATE else [f"closed {late:.1f} s after its end: {detail}"]
    scene.note("granted-tunnel-ends-by-itself", STATE, faults, f"{late:.1f} s after its end")
    after = probes.ask(scene.kube, [(gateway, [attempt])])[flow.name]
    scene.note("denied-after-its-grant", STATE, _denied(after))


def _denied(report: ProbeReport) -> list[str]:
    """Only a refusal is one: what could not be tried is no denial."""
    denied = report.outcome in ("refused", "timeout")
    return [] if denied else [f"should be denied, but is {report.outcome}: {report.detail}"]


def _grant(scene: Scene, name: str, ceiling: str) -> subprocess.CompletedProcess[str]:
    words = ["grant", name, "--for", f"{SECONDS}s", "--reason", "the tests", "--owner", "tests", "--ceiling", ceiling]
    return process.toolkit(
        scene.options.kubeconfig, "egress", *words, "--namespace", NAMESPACE, "--release", RELEASE, seconds=240
    )
