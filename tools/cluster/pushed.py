"""The state "pushed": a changed list is obeyed by every replica at once, by the chart's hook and by the command.

The command is run after `helm upgrade`, and around it.

Each round takes a name off the list or puts it back while a pod asks every replica for it, twenty times a second. A
round says when the API server had the changed ConfigMap and when each replica obeyed; `python -m bench.push` runs many.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import urllib3
from kubernetes import client, watch

from tools.cluster import probes, process, tunnels, verdict
from tools.cluster.errors import CannotRunError
from tools.cluster.internet import IN_PODS
from tools.cluster.kube import Kube, waited
from tools.cluster.options import NAMESPACE, RELEASE
from tools.cluster.release import values
from tools.cluster.trial_cluster import Scene
from tools.cluster.verdict import UNPROBED
from tools.render.helm import located
from tools.render.merge import overlay

STATE = "pushed"
# On the list of --values and not on the changed one; and on both.
GOES, STAYS = "old.partner.example", "api.openai.com"
BY_HOOK, BY_COMMAND, AROUND = "hook", "command", "command-around-helm"
WAYS = (BY_HOOK, BY_COMMAND, AROUND)
FACTS = tuple(
    f"{fact}-by-{way}" for way in WAYS for fact in ("off-the-list", "back-on-the-list", "tunnel-closed", "tunnel-open")
)
EVERY = 0.05
# The kubelet's minute or two: what a push is there to spare.
WITHIN = 150.0
# How long after the last replica obeyed a revoked name's tunnel may live.
CUT_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class PushRound:
    """One change of the list. Times are in seconds since 1970; `obeyed` has each replica of the proxy, by its pod."""

    way: str
    started: float
    written: float
    returned: float
    obeyed: Mapping[str, float]

    @property
    def after_writing(self) -> float:
        """Seconds from the changed ConfigMap to the last replica that obeyed."""
        return max(self.obeyed.values()) - self.written

    @property
    def after_starting(self) -> float:
        """Seconds from the start of `helm upgrade` to the last replica that obeyed."""
        return max(self.obeyed.values()) - self.started

    @property
    def early(self) -> list[str]:
        """Where what was run came back before a replica obeyed. A question under way at that moment may be as old as
        the time between two of them."""
        return [
            f"{replica} obeyed {at - self.returned:.1f} s after it had come back"
            for replica, at in self.obeyed.items()
            if at > self.returned + EVERY
        ]


def check(scene: Scene) -> None:
    """Off the list and back each way, with a tunnel to each of both names open."""
    for way in WAYS:
        _off_and_back(scene, way)
    with scene.progress.step("helm upgrade without the hook"):
        scene.release.install(values(scene.options))


def _off_and_back(scene: Scene, way: str) -> None:
    lists = lists_of(scene, way)
    settle(scene, lists[False])
    gateway, addresses = scene.spec.pods["gateway"], scene.addresses()
    goes, stays = tunnels.tunnel(GOES), tunnels.tunnel(STAYS)
    attempts = [verdict.attempt(flow, addresses, flow.name, 5) for flow in (goes, stays)]
    with probes.holding(scene.kube, gateway, attempts) as held:
        opened = set(held.opened)
        off = change(scene, way, lists[True], listed=False)
        waited(lambda: GOES in held.reports, max(off.obeyed.values()) + CUT_WITHIN - time.time())
        back = change(scene, way, lists[False], listed=True)
    for flow, due in ((goes, "closed"), (stays, "open")):
        detail = held.reports.get(flow.name, UNPROBED).detail
        scene.note(f"tunnel-{due}-by-{way}", STATE, tunnels.faults(held, flow, due, opened), detail)
    for what, done in (("off", off), ("back-on", back)):
        detail = (
            f"{done.after_writing:.1f} s after the ConfigMap, {done.after_starting:.1f} s after helm upgrade began, "
            f"which came back after {done.returned - done.started:.1f} s"
        )
        scene.note(f"{what}-the-list-by-{way}", STATE, done.early, detail)


def lists_of(scene: Scene, way: str) -> dict[bool, dict[str, Any]]:
    """The values of a release with the hook or without it; under True those of the changed list."""
    push = {"proxy": {"push": {"enabled": way == BY_HOOK}}}
    options = scene.options
    return {changed: overlay(values(options, *[options.changed_values] * changed), push) for changed in (False, True)}


def settle(scene: Scene, release_values: Mapping[str, Any]) -> None:
    """The release with the list that is not changed, obeyed by every replica."""
    with scene.progress.step("helm upgrade, before a list is pushed"):
        scene.release.install(release_values)
        push(scene)


def change(scene: Scene, way: str, release_values: Mapping[str, Any], *, listed: bool) -> PushRound:
    """Change the list and have it obeyed; afterwards GOES is on it or is not."""
    expected = 200 if listed else 403
    with TemporaryDirectory() as folder, _asking(scene) as asking, _noting_writes(scene.kube) as writes:
        started = time.time()
        with scene.progress.step(f"helm upgrade, pushed by the {way}"):
            if way == AROUND:
                push(scene, *upgrade(scene, folder, release_values))
            else:
                scene.release.install(release_values)
            if way == BY_COMMAND:
                push(scene)
        returned = time.time()
        waited(lambda: bool(asking.answers) and set(asking.answers.values()) == {expected}, WITHIN)
    late = [f"{it} answers {status}" for it, status in asking.answers.items() if status != expected]
    if late or not asking.answers or not writes:
        raise CannotRunError(
            f"the changed list was not seen at work {WITHIN:.0f} s after it was pushed by the {way}: "
            + ("; ".join(late) or f"{len(asking.answers)} replicas asked, {len(writes)} writes of a ConfigMap seen")
        )
    return PushRound(way, started, min(writes), returned, dict(asking.changed))


def push(scene: Scene, *upgrade: str) -> None:
    """`python -m tools.egress push`, as a person runs it, around a command if there is one."""
    words = ("push", "--namespace", NAMESPACE, "--release", RELEASE, "--wait", "60", *("--", *upgrade) * bool(upgrade))
    done = process.toolkit(scene.options.kubeconfig, "egress", *words, seconds=240)
    if done.returncode:
        raise CannotRunError(f"egress push ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")


def upgrade(scene: Scene, folder: str, release_values: Mapping[str, Any]) -> tuple[str, ...]:
    """The command that upgrades the release, whose values are written into the folder."""
    file = Path(folder) / "values.json"
    file.write_text(json.dumps(release_values), encoding="utf-8")
    chart, kubeconfig = scene.options.chart.resolve(), scene.options.kubeconfig
    options = ("--namespace", NAMESPACE, "--kubeconfig", str(kubeconfig), "--values", str(file), "--wait")
    return (located(), "upgrade", RELEASE, str(chart), *options)


@dataclass
class AskedReplicas:
    """What each replica answers, and since when."""

    channel: Any
    answers: dict[str, int] = field(default_factory=dict)
    changed: dict[str, float] = field(default_factory=dict)

    def listen(self) -> None:
        """Note each answer that is not the one before."""
        for event in probes.lines(self.channel, 600):
            if "replica" in event:
                self.answers[event["replica"]], self.changed[event["replica"]] = event["status"], event["at"]


@contextmanager
def _asking(scene: Scene) -> Iterator[AskedReplicas]:
    """Have the gateway ask every replica of the proxy within the block, once each has answered."""
    gateway = scene.spec.pods["gateway"]
    pods = [pod for pod in scene.proxy_pods() if pod.status.pod_ip and not pod.metadata.deletion_timestamp]
    program: Sequence[str] = ("python3", "-c", (IN_PODS / "ask_proxies.py").read_text(encoding="utf-8"))
    asking = AskedReplicas(scene.kube.open(gateway.namespace, gateway.name, program))
    replicas = {pod.metadata.name: [pod.status.pod_ip, 3128] for pod in pods}
    order = {"name": GOES, "port": 443, "seconds": EVERY, "replicas": replicas}
    asking.channel.write_stdin(json.dumps(order) + "\n")
    with probes.listening(asking.channel, asking.listen):
        waited(lambda: len(asking.answers) == len(replicas), 15)
        yield asking


@contextmanager
def _noting_writes(kube: Kube) -> Iterator[list[float]]:
    """When the API server had each changed ConfigMap of the namespace, within the block."""
    core = client.CoreV1Api(client.ApiClient(kube.api.configuration))
    since = core.list_namespaced_config_map(NAMESPACE, _preload_content=True).metadata.resource_version  # type: ignore[union-attr]
    events: watch.Watch = watch.Watch()  # type: ignore[no-untyped-call]
    writes: list[float] = []

    def listen() -> None:
        # Stopping it ends the answer in the middle.
        with suppress(urllib3.exceptions.HTTPError):
            for event in events.stream(  # type: ignore[no-untyped-call]
                core.list_namespaced_config_map, NAMESPACE, resource_version=since, timeout_seconds=300
            ):
                if event["type"] == "MODIFIED":
                    writes.append(time.time())

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield writes
    finally:
        events.stop()  # type: ignore[no-untyped-call]
