"""The state "rollout": audit, list, guard, steering, enforce, as the guide walks it; nothing that SARK does fails.

A pod that was there before keeps asking by cluster DNS until the pods are moved over; one that is made with the guard's
address keeps asking through every step after. At the end an unlisted name is tried, which the walk was for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tools.cluster import probes
from tools.cluster.guarded import dns_config, newcomer
from tools.cluster.internet import IN_PODS
from tools.cluster.kube import until
from tools.cluster.options import NAMESPACE
from tools.cluster.steered import STEERED, Fetch, fetched, steered_values
from tools.cluster.trial_cluster import Scene
from tools.cluster.tried import specification
from tools.cluster.verdict import UNPROBED, ProbeReport
from tools.reach.flows.read import FlowPod
from tools.render.merge import overlay

STATE = "rollout"
# The kubelet's minute or two, and CoreDNS's look at its file.
IN_FORCE_WITHIN = 150.0
OLD, NEW = "gateway-before", "gateway-after"
# What each step lays over the values that are enforced at the end.
STEPS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    (
        "audit",
        {
            "egress": {"mode": "audit", "domains": ["*.anthropic.com"], "internal": []},
            "dnsGuard": {"enabled": False},
            "test": {"allowedName": "deep.sub.anthropic.com"},
        },
    ),
    ("list", {"egress": {"mode": "audit"}, "dnsGuard": {"enabled": False}}),
    ("guard beside cluster DNS", {"egress": {"mode": "audit"}, "dnsGuard": {"exclusive": False}}),
    ("guard alone", {"egress": {"mode": "audit"}, "dnsGuard": {}}),
    ("steering", {"egress": {"mode": "audit"}, "dnsGuard": {"steering": {"enabled": True}}}),
    ("enforce", {"dnsGuard": {"steering": {"enabled": True}}}),
)


@dataclass
class Kept:
    """A pod that keeps asking. `reports` are there once it has stopped."""

    channel: Any
    reports: dict[str, ProbeReport] = field(default_factory=dict)

    def listen(self) -> None:
        """Note what it says at the end."""
        for event in probes.lines(self.channel, 900):
            if "id" in event:
                self.reports[event["id"]] = ProbeReport(event["outcome"], event["detail"])


def run(scene: Scene) -> None:
    """Walk, with both pods asking, and leave nothing."""
    own = replace(scene, spec=specification(scene.options.flows, STEERED))
    try:
        _step(own, *STEPS[0])
        own.helm_test(STATE)
        with newcomer(own, {}, OLD) as old, _keeping(own, old):
            for name, values in STEPS[1:3]:
                _step(own, name, values)
        address = own.addresses().services["guard:gateway"]
        with newcomer(own, dns_config(address), NEW) as new:
            with _keeping(own, new):
                for name, values in STEPS[3:]:
                    _step(own, name, values)
            _at_the_end(own, new)
    finally:
        with own.progress.step(f"clean up: {STATE}"):
            for name in (OLD, NEW):
                own.kube.delete("v1", "Pod", name, NAMESPACE)
            own.release.uninstall()


def _step(scene: Scene, name: str, values: Mapping[str, Any]) -> None:
    off = {"dnsGuard": {"steering": {"enabled": False}, "inject": {"enabled": False}}}
    with scene.progress.step(f"rollout: {name}"):
        scene.release.install(overlay(overlay(steered_values(scene.options), off), values))


def _attempts(scene: Scene) -> list[dict[str, Any]]:
    """What SARK does all day: it resolves Services, calls its stores, and calls out through the proxy."""
    addresses = scene.addresses()
    proxy = [addresses.services["proxy"], 3128]
    return [
        {"id": "resolves Services", "ask": "resolve", "name": "kubernetes.default", "port": 0, "proxy": None},
        {
            "id": "reaches its database",
            "ask": "connect",
            "name": addresses.pods["database"],
            "port": 5432,
            "proxy": None,
        },
        {"id": "calls out", "ask": "fetch", "name": "api.openai.com", "port": 443, "proxy": proxy},
    ]


@contextmanager
def _keeping(scene: Scene, pod: FlowPod) -> Iterator[None]:
    """Have the pod ask within the block, once it may; note afterwards whether anything failed."""
    attempts = _attempts(scene)
    _settled(scene, pod, attempts)
    kept = _opened(scene, pod, attempts)
    with probes.listening(kept.channel, kept.listen):
        yield
    for attempt in attempts:
        report = kept.reports.get(attempt["id"], UNPROBED)
        faults = [] if report.outcome == "answer" else [f"{report.outcome}: {report.detail}"]
        scene.note(f"{pod.name} {attempt['id']}", STATE, faults, report.detail)


def _settled(scene: Scene, pod: FlowPod, attempts: list[dict[str, Any]]) -> None:
    """Wait until a new pod is known to the policies: that it was made just now is not the rollout's doing."""

    def all_answered() -> bool:
        kept = _opened(scene, pod, attempts)
        kept.channel.write_stdin("stop\n")
        kept.listen()
        kept.channel.close()
        return len(kept.reports) == len(attempts) and all(it.outcome == "answer" for it in kept.reports.values())

    until(f"pod {pod.name} is answered", 60, all_answered)


def _opened(scene: Scene, pod: FlowPod, attempts: list[dict[str, Any]]) -> Kept:
    program = ("python3", "-c", (IN_PODS / "keep_asking.py").read_text(encoding="utf-8"))
    kept = Kept(scene.kube.open(pod.namespace, pod.name, program))
    kept.channel.write_stdin(json.dumps(attempts) + "\n")
    return kept


def _at_the_end(scene: Scene, pod: FlowPod) -> None:
    """Listed names by programs without a proxy, and no others by anybody, as soon as the change is in force.

    `helm upgrade` comes back before that: the guard and the proxy obey once the kubelet has written their new files.
    """
    listed = Fetch("socket", "https://api.openai.com:443", "203.0.113.10:443")
    fetches = [listed, Fetch("socket", "https://evil.test"), Fetch("curl", "https://203.0.113.66")]
    with scene.progress.step("rollout: enforced"):
        faults, seconds = until_right(lambda: fetched(scene, pod, fetches), IN_FORCE_WITHIN)
    for fetch, fault in faults.items():
        detail = f"within {seconds:.1f} s of helm upgrade, probes included"
        scene.note(f"enforced: {fetch.name}", STATE, [fault] if fault else [], detail)


def until_right(ask: Callable[[], Mapping[Fetch, str]], seconds: float) -> tuple[Mapping[Fetch, str], float]:
    """Ask until no fetch has a fault, for so many seconds; the last faults, and the seconds that it took."""
    started = time.monotonic()
    while True:
        faults = ask()
        spent = time.monotonic() - started
        if not any(faults.values()) or spent > seconds:
            return faults, spent
