"""The state "guard": port 53 leads to the DNS guard, and nothing that a workload asks for arrives outside.

What arrives is read in the log of the test internet's own name server, which is authoritative for every name. Before
the guard the same questions do arrive: else its silence would mean nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tools.cluster import plan, probes
from tools.cluster.internet import IN_PODS
from tools.cluster.kube import until
from tools.cluster.options import IMAGE, NAMESPACE, TrialOptions
from tools.cluster.questions import DnsQuestion, by_resolver, hostile
from tools.cluster.release import values
from tools.cluster.trial_cluster import GUARD, Scene
from tools.cluster.tried import programs, specification
from tools.cluster.verdict import UNPROBED, ProbeReport
from tools.reach.flows.read import FlowPod
from tools.render.merge import overlay

STATE = "guard"
BEFORE = "before the guard"
DOWN = "guard down"
GONE = "guard, without policies"
# The environment of the specification, and of the chart's ci/NAME-values.yaml.
GUARDED = "guarded"
ALLOW_ALL = "allow-all-by-somebody"
ASKER = "gateway-asker"
_numbers = itertools.count(1)


def run(scene: Scene) -> None:
    """Ask before the guard, behind it, past it, and without it; then leave nothing."""
    own = replace(scene, spec=specification(scene.options.flows, GUARDED))
    release_values = guarded_values(scene.options)
    try:
        with own.progress.step("helm install without the guard"):
            own.release.install(overlay(release_values, {"dnsGuard": {"enabled": False}}))
        before_the_guard(own)
        with own.progress.step("helm upgrade with the guard"):
            own.release.install(release_values)
        own.rows(STATE, own.spec.during("installed"))
        behind_the_guard(own)
        widened(own)
        guard_down(own)
        own.without_policies(GONE)
    finally:
        with own.progress.step(f"clean up: {STATE}"):
            own.kube.delete("v1", "Pod", ASKER, NAMESPACE)
            own.release.uninstall()


def guarded_values(options: TrialOptions) -> dict[str, Any]:
    """What is installed in this state."""
    return values(replace(options, environment=GUARDED, values=options.guarded_values))


def before_the_guard(scene: Scene) -> None:
    """The control: the allowlist alone, and every question arrives at the authoritative server."""
    server = scene.addresses().services["dns"]
    asked = _questions()
    reports, events = _ask(scene, scene.spec.pods["gateway"], asked, server)
    missing = [
        f"{question.way}: did not arrive ({_outcome(reports, question)})"
        for question in asked
        if not _came(question, events)
    ]
    scene.note("questions-arrive", BEFORE, missing, f"{len(asked)} ways of asking, all of them arrived")
    own = by_resolver(next(_numbers))
    with newcomer(scene, {}) as pod:
        reports, events = _ask(scene, pod, [own], "")
    missing = [] if _came(own, events) else [f"the pod's resolver asked for nothing ({_outcome(reports, own)})"]
    scene.note("the-resolvers-question-arrives", BEFORE, missing, _outcome(reports, own))


def behind_the_guard(scene: Scene, state: str = STATE) -> None:
    """The same questions of the guard, which refuses them, and of cluster DNS, which nobody reaches."""
    services = scene.addresses().services
    for name, server, due in (
        ("guard", services["guard:gateway"], ("answer", "NXDOMAIN")),
        ("cluster-dns", services["dns"], ("timeout", "nothing")),
    ):
        asked = _questions()
        reports, events = _ask(scene, scene.spec.pods["gateway"], asked, server)
        faults = [f"{question.way}: arrived outside" for question in asked if _came(question, events)]
        for question in asked:
            report = reports.get(question.way, UNPROBED)
            if report.outcome != due[0] or not report.detail.startswith(due[1]):
                faults.append(f"{question.way}: should end in {due[0]} {due[1]}, but {_outcome(reports, question)}")
        scene.note(f"nothing-arrives-by-{name}", state, faults, f"{len(asked)} ways of asking, none arrived")
    _resolver_of_a_pod(scene, services["guard:gateway"], state)


def _resolver_of_a_pod(scene: Scene, server: str, state: str) -> None:
    """A pod that names the guard in dnsConfig finds Services as it did, and nothing outside is asked for its names."""
    asked = by_resolver(next(_numbers))
    services = [
        DnsQuestion("short", "kubernetes.default"),
        DnsQuestion("whole", "kubernetes.default.svc.cluster.local"),
    ]
    address = scene.addresses().services["apiserver"]
    with newcomer(scene, dns_config(server)) as pod:
        until("the guard answers a new pod", 60, lambda: _finds(scene, pod, services[0], address))
        reports, events = _ask(scene, pod, [*services, asked], "")
    faults = [
        f"{it.way}: {_outcome(reports, it)}" for it in services if reports.get(it.way) != ProbeReport("answer", address)
    ]
    if not reports.get(asked.way, UNPROBED).detail.startswith("no address"):
        faults.append(f"{asked.name}: {_outcome(reports, asked)}")
    names = [str(event["name"]) for event in events if event.get("event") == "query"]
    faults += [f"{name} was asked for outside" for name in names if name.startswith(asked.name)]
    scene.note("dns-config-works", state, faults, _outcome(reports, asked))


def _finds(scene: Scene, pod: FlowPod, question: DnsQuestion, address: str) -> bool:
    reports, _ = _ask(scene, pod, [question], "")
    return reports.get(question.way) == ProbeReport("answer", address)


def widened(scene: Scene) -> None:
    """Somebody's NetworkPolicy allows everything, and port 53 still leads to the guard alone."""
    scene.kube.apply([plan.policy(ALLOW_ALL, NAMESPACE, {}, allow=True)])
    try:
        scene.rows("guard, allow-all", scene.spec.during("allow-all"))
        asked = _questions()
        _, events = _ask(scene, scene.spec.pods["gateway"], asked, scene.addresses().services["dns"])
        came = [f"{question.way}: arrived outside" for question in asked if _came(question, events)]
        scene.note(
            "nothing-arrives-by-cluster-dns", "guard, allow-all", came, f"{len(asked)} ways of asking, none arrived"
        )
    finally:
        scene.kube.delete("networking.k8s.io/v1", "NetworkPolicy", ALLOW_ALL, NAMESPACE)


def guard_down(scene: Scene) -> None:
    """No pod of the guard: no name resolves, and nothing arrives."""
    apps, name = scene.kube.apps, _deployment(scene)
    replicas = apps.read_namespaced_deployment(name, NAMESPACE).spec.replicas
    server = scene.addresses().services["guard:gateway"]
    with scene.progress.step("scale the guard to 0"):
        apps.patch_namespaced_deployment_scale(name, NAMESPACE, {"spec": {"replicas": 0}})
        until("the guard's pods are gone", 90, lambda: not _pods(scene))
    asked = [*_questions(), DnsQuestion("a Service", "kubernetes.default.svc.cluster.local")]
    reports, events = _ask(scene, scene.spec.pods["gateway"], asked, server)
    faults = [f"{question.way}: arrived outside" for question in asked if _came(question, events)]
    faults += [
        f"{it.way}: {_outcome(reports, it)}" for it in asked if reports.get(it.way, UNPROBED).outcome == "answer"
    ]
    scene.note("nothing-is-answered", DOWN, faults, f"{len(asked)} questions, no answer")
    with scene.progress.step(f"scale the guard to {replicas}"):
        apps.patch_namespaced_deployment_scale(name, NAMESPACE, {"spec": {"replicas": replicas}})
        ask = apps.read_namespaced_deployment_status
        until("the guard is back", 120, lambda: ask(name, NAMESPACE).status.ready_replicas == replicas)


def dns_config(server: str) -> dict[str, Any]:
    """What a pod's spec says to use a guard, as the documentation writes it."""
    searches = [f"{NAMESPACE}.svc.cluster.local", "svc.cluster.local", "cluster.local"]
    options = [{"name": "ndots", "value": "5"}]
    return {"dnsPolicy": "None", "dnsConfig": {"nameservers": [server], "searches": searches, "options": options}}


@contextmanager
def newcomer(scene: Scene, more: Mapping[str, Any], name: str = ASKER) -> Iterator[FlowPod]:
    """A pod with the gateway's labels that is made now, with `more` in its spec, for as long as the block lasts."""
    pod = replace(scene.spec.pods["gateway"], name=name, ports=(7000,), ready=False)
    made = plan.stand_ins(replace(scene.spec, pods={name: pod}), programs(), IMAGE)
    body = next(it for it in made if it["kind"] == "Pod")
    scene.kube.apply([{**body, "spec": {**body["spec"], **more}}])
    until(f"pod {name} runs", 60, lambda: _phase(scene, name) == "Running")
    try:
        yield pod
    finally:
        scene.kube.delete("v1", "Pod", name, NAMESPACE)
        until(f"pod {name} is gone", 60, lambda: not _phase(scene, name))


def _phase(scene: Scene, name: str) -> str:
    """The phase of a pod, "" when it is not there."""
    pods = scene.kube.core.list_namespaced_pod(NAMESPACE, field_selector=f"metadata.name={name}").items
    return next((str(pod.status.phase) for pod in pods), "")


def _questions() -> list[DnsQuestion]:
    return list(hostile(next(_numbers)))


def _ask(
    scene: Scene, pod: FlowPod, asked: Iterable[DnsQuestion], server: str, seconds: float = 3
) -> tuple[dict[str, ProbeReport], list[Mapping[str, Any]]]:
    """The reports by the ways of asking, and what the authoritative server logged meanwhile."""
    program = ("python3", "-c", (IN_PODS / "names.py").read_text(encoding="utf-8"))
    before = len(scene.internet.log())
    attempts = [question.asked(server, seconds) for question in asked]
    reports = probes.ask(scene.kube, [(pod, attempts)], seconds=60, program=program)
    return reports, list(scene.internet.log()[before:])


def _came(question: DnsQuestion, events: Iterable[Mapping[str, Any]]) -> bool:
    return any(question.arrived(event) for event in events)


def _outcome(reports: Mapping[str, ProbeReport], question: DnsQuestion) -> str:
    report = reports.get(question.way, UNPROBED)
    return f"{report.outcome}: {report.detail}"


def _deployment(scene: Scene) -> str:
    deployments = scene.kube.apps.list_namespaced_deployment(NAMESPACE).items
    return next(str(it.metadata.name) for it in deployments if it.spec.selector.match_labels.items() >= GUARD.items())


def _pods(scene: Scene) -> list[Any]:
    selector = ",".join(f"{key}={value}" for key, value in GUARD.items())
    return list(scene.kube.core.list_namespaced_pod(NAMESPACE, label_selector=selector).items)
