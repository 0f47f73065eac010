"""Probes: in_pods/probe.py run inside the stand-in pods, all pods and all attempts at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import urllib3
from kubernetes.client.exceptions import ApiException
from websocket import WebSocketException

from tools.cluster.kube import Kube, explain, waited
from tools.cluster.plan import MOUNT
from tools.cluster.verdict import ProbeReport
from tools.reach.flows.read import FlowPod

PROBE = ("python3", f"{MOUNT}/probe.py")
_API_ERRORS = (ApiException, WebSocketException, urllib3.exceptions.HTTPError, OSError)
Attempts = Sequence[Mapping[str, Any]]


def ask(
    kube: Kube, attempts: Sequence[tuple[FlowPod, Attempts]], seconds: float = 60, program: Sequence[str] = PROBE
) -> dict[str, ProbeReport]:
    """The reports by the attempts' ids. What brings no report is `unprobed` with the reason."""
    reports: dict[str, ProbeReport] = {}
    with ThreadPoolExecutor(max_workers=16) as pool:
        for report in pool.map(lambda item: _ask_one(kube, item[0], item[1], seconds, program), attempts):
            reports.update(report)
    return reports


def _ask_one(
    kube: Kube, pod: FlowPod, attempts: Attempts, seconds: float, program: Sequence[str]
) -> dict[str, ProbeReport]:
    reports: dict[str, ProbeReport] = {}
    try:
        channel = kube.open(pod.namespace, pod.name, program)
        channel.write_stdin(json.dumps(list(attempts)) + "\n")
        for answer in lines(channel, seconds):
            if "id" in answer:
                reports[answer["id"]] = ProbeReport(answer["outcome"], answer["detail"])
        reason = channel.read_stderr() if channel.peek_stderr() else f"no word from pod {pod.name}"
        channel.close()
    except _API_ERRORS as error:
        reason = f"no command could be run in pod {pod.name}: {explain(error)}"
    last = reason.strip().splitlines()[-1]
    return {attempt["id"]: ProbeReport("unprobed", last) for attempt in attempts} | reports


def lines(channel: Any, seconds: float) -> Iterator[dict[str, Any]]:
    """The probe's JSON lines, until its last one or the end of the time."""
    deadline, text = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        open_before = channel.is_open()
        if open_before:
            channel.update(timeout=0.5)
        text += channel.read_stdout() if channel.peek_stdout() else ""
        *whole, text = text.split("\n")
        for line in whole:
            answer = json.loads(line)
            yield answer
            if "done" in answer:
                return
        if not open_before:
            return


@dataclass
class Held:
    """Connections kept open from one pod, while something is done to the proxy between."""

    channel: Any
    reports: dict[str, ProbeReport] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)

    def listen(self) -> None:
        """Note what the probe says, until it says no more."""
        for answer in lines(self.channel, 300):
            if answer.get("outcome") == "held":
                self.opened.add(answer["id"])
            elif "id" in answer:
                self.reports[answer["id"]] = ProbeReport(answer["outcome"], answer["detail"])


@contextmanager
def holding(kube: Kube, pod: FlowPod, attempts: Attempts) -> Iterator[Held]:
    """Hold the attempts' connections within the block. Afterwards `reports` says which lived and which were closed."""
    held = Held(kube.open(pod.namespace, pod.name, PROBE))
    held.channel.write_stdin(json.dumps([dict(attempt) | {"hold": True} for attempt in attempts]) + "\n")
    with listening(held.channel, held.listen) as listener:
        waited(lambda: len(held.opened) == len(attempts) or not listener.is_alive(), 15)
        yield held


@contextmanager
def listening(channel: Any, listen: Callable[[], None]) -> Iterator[Thread]:
    """Have `listen` read what a program in a pod says, within the block and until it has ended; it is told to stop."""
    listener = Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield listener
    finally:
        if listener.is_alive():
            channel.write_stdin("stop\n")
        listener.join(30)
        channel.close()
