"""The state "steering": programs that know of no proxy reach the listed names, and no others, by the guard's answers.

The pod under trial says nothing of DNS or of a proxy: the API server writes both into it. Who was reached, and by which
name, is read in the log of the test internet.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tools.cluster import probes
from tools.cluster.guarded import ASKER, behind_the_guard, newcomer
from tools.cluster.internet import IN_PODS
from tools.cluster.options import NAMESPACE, TrialOptions
from tools.cluster.release import values
from tools.cluster.trial_cluster import Scene
from tools.cluster.tried import specification
from tools.cluster.verdict import UNPROBED, ProbeReport
from tools.reach.flows.read import FlowPod

STATE = "steering"
GONE = "steering, without policies"
STEERED = "steered"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetch by a program. `address`: the server that is to answer; none: nobody is."""

    program: str
    url: str
    address: str = ""
    proxied: bool = False

    def attempt(self, number: int) -> dict[str, Any]:
        """As in_pods/programs.py takes it."""
        return {
            "id": self.name,
            "program": self.program,
            "url": f"{self.url}/s{number}",
            "proxied": self.proxied,
            "timeout": 8,
        }

    @property
    def name(self) -> str:
        """How results call it."""
        return f"{self.program} {self.url}{' by the proxy' if self.proxied else ''}"


FETCHES = (
    *(Fetch(program, "https://api.openai.com:443", "203.0.113.10:443") for program in ("curl", "urllib", "socket")),
    *(Fetch(program, "https://api.openai.com:443", "203.0.113.10:443", True) for program in ("curl", "urllib")),
    Fetch("curl", "https://API.OpenAI.com", "203.0.113.10:443"),
    Fetch("socket", "https://mcp.partner.example:8443", "203.0.113.20:8443"),
    Fetch("urllib", "https://mcp.internal.example", "10.20.0.10:443"),
    Fetch("curl", "http://tickets.internal.example:8080", "10.20.0.13:8080"),
    Fetch("socket", "http://directory.internal.example:636", "10.20.0.14:636"),
    *(Fetch(program, "https://evil.test") for program in ("curl", "urllib", "socket")),
    Fetch("curl", "https://evil.test", proxied=True),
    Fetch("socket", "https://openai.com"),
    Fetch("socket", "https://notopenai.com"),
    Fetch("socket", "https://mcp.partner.example:443"),
    Fetch("socket", "https://bundles.partner.example"),
    Fetch("socket", "https://rebind.openai.com"),
    Fetch("socket", "https://metadata.openai.com"),
    Fetch("curl", "https://203.0.113.10"),
)


def run(scene: Scene) -> None:
    """Install, fetch with every program, try what must not be, take the policies away; then leave nothing."""
    own = replace(scene, spec=specification(scene.options.flows, STEERED))
    try:
        with own.progress.step("helm install with steering"):
            own.release.install(steered_values(scene.options))
        own.rows(STATE, own.spec.during("installed"))
        with newcomer(own, {}) as pod:
            written_by_the_api_server(own)
            programs(own, pod)
            names_that_lie(own, pod)
        behind_the_guard(own, STATE)
        own.without_policies(GONE)
    finally:
        with own.progress.step(f"clean up: {STATE}"):
            own.kube.delete("v1", "Pod", ASKER, NAMESPACE)
            own.release.uninstall()


def steered_values(options: TrialOptions) -> dict[str, Any]:
    """What is installed in this state."""
    return values(replace(options, environment=STEERED, values=options.guarded_values))


def written_by_the_api_server(scene: Scene) -> None:
    """The pod has the guard's address and the proxy's variables, though its manifest says neither."""
    spec = scene.kube.core.read_namespaced_pod(ASKER, NAMESPACE).spec
    config = spec.dns_config
    servers = list(config.nameservers or ()) if config else []
    due = scene.addresses().services["guard:gateway"]
    names = {variable.name for container in spec.containers for variable in container.env or ()}
    missing = sorted({"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "NODE_USE_ENV_PROXY"} - names)
    faults = [] if (spec.dns_policy, servers) == ("None", [due]) else [f"dnsPolicy {spec.dns_policy}, {servers}"]
    faults += [f"{name} is not set" for name in missing]
    scene.note("the-api-server-writes-it", STATE, faults, f"nameserver {due}, {len(names)} variables")


def programs(scene: Scene, pod: FlowPod) -> None:
    """Every fetch; once more, while the pod is new to the policies, those that must be answered and are not."""
    last: dict[str, tuple[ProbeReport, bool]] = {}
    pending, deadline = list(FETCHES), time.monotonic() + 60
    with scene.progress.step("programs fetch"):
        while pending and time.monotonic() < deadline:
            last.update(_fetch(scene, pod, pending))
            pending = [it for it in pending if it.address and _fault(it, *last[it.name])]
    for fetch in FETCHES:
        report, arrived = last[fetch.name]
        fault = _fault(fetch, report, arrived)
        scene.note(f"fetch {fetch.name}", STATE, [fault] if fault else [], f"{report.outcome}: {report.detail}")


def names_that_lie(scene: Scene, pod: FlowPod) -> None:
    """TLS to the proxy's own address by a name that is not listed, or by none: closed, and nobody is reached."""
    address = scene.addresses().services["steering:gateway"]
    attempts = [
        {"id": f"sni {sni or 'none'}", "host": address, "port": 443, "protocol": "TCP", "speak": "tls", "sni": sni}
        | {"authority": "", "proxy": None, "token": f"lie-{index}", "timeout": 4.0}
        for index, sni in enumerate(("evil.test", "openai.com", "bundles.partner.example", ""))
    ]
    before = len(scene.internet.log())
    reports = probes.ask(scene.kube, [(pod, attempts)], seconds=30)
    came = [event for event in scene.internet.log()[before:] if event.get("event") == "accept"]
    faults = [f"{name}: {it.outcome}: {it.detail}" for name, it in reports.items() if it.outcome != "refused"]
    faults += [f"a connection reached {event['address']}:{event['port']}" for event in came]
    scene.note("other-server-names-are-closed", STATE, faults, f"{len(attempts)} names, all closed")


def fetched(scene: Scene, pod: FlowPod, fetches: Sequence[Fetch]) -> dict[Fetch, str]:
    """Each fetch, and what is wrong with how it ended, or nothing."""
    last = _fetch(scene, pod, fetches)
    return {fetch: _fault(fetch, *last[fetch.name]) for fetch in fetches}


def _fetch(scene: Scene, pod: FlowPod, fetches: Iterable[Fetch]) -> dict[str, tuple[ProbeReport, bool]]:
    """What each program said, and whether the test internet saw its token."""
    numbers = {fetch.name: next(_numbers) for fetch in fetches}
    attempts = [fetch.attempt(numbers[fetch.name]) for fetch in fetches]
    program = ("python3", "-c", (IN_PODS / "programs.py").read_text(encoding="utf-8"))
    before = len(scene.internet.log())
    reports = probes.ask(scene.kube, [(pod, attempts)], seconds=60, program=program)
    events = scene.internet.log()[before:]
    return {name: (reports.get(name, UNPROBED), _saw(events, f"s{number}")) for name, number in numbers.items()}


def _saw(events: Iterable[Mapping[str, Any]], token: str) -> bool:
    return any(event.get("token") == token for event in events)


def _fault(fetch: Fetch, report: ProbeReport, arrived: bool) -> str:
    if fetch.address:
        right = report.outcome == "answer" and f"sark-answer {fetch.address} " in report.detail and arrived
        return "" if right else f"should reach {fetch.address}, but {report.outcome}: {report.detail}"
    if report.outcome == "refused" and not arrived:
        return ""
    return f"should reach nobody, but {report.outcome}: {report.detail}{', and it arrived' if arrived else ''}"
