"""The state "SARK as shipped": its own manifests under the chart's defaults, as somebody has them on the first day.

The chart comes first, so that everything starts under its policies: init containers that wait for a Service, probes,
and the API's readiness, which asks for database, cache and OPA.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tools.cluster import plan, probes
from tools.cluster.kube import Kube, until
from tools.cluster.options import IMAGE
from tools.cluster.release import shipped_values
from tools.cluster.sark import images, shipped
from tools.cluster.sark.checkout import Sark
from tools.cluster.sark.waiting import waits_for
from tools.cluster.trial_cluster import Scene
from tools.cluster.tried import SHIPPED, programs, specification
from tools.cluster.verdict import NOT_RUN, UNPROBED, Result

STATE = "SARK as shipped"
GONE = "SARK as shipped, without policies"
# What a Deployment may take to become ready, in seconds.
PATIENCE = 60.0
NO_CHECKOUT = "it did not run: no checkout of SARK was given; --sark DIR says where one is"
# Beside the rows, what a page of the web UI and a scrape by Prometheus ask for, and how the answer begins.
REQUESTS = (
    ("web-ui-reaches-api", "ingress-controller", "sark-frontend", 80, "api/v1/servers", "sark-answer sark-api "),
    ("api-serves-metrics", "monitoring", "sark-api", 8000, "metrics", "HTTP/1.1 200 "),
)


def run(scene: Scene, sark: Sark | None) -> None:
    """Install, apply, wait, probe, take the policies away, probe again, and leave nothing."""
    if sark is None:
        scene.results.append(Result("sark-as-shipped", STATE, NOT_RUN, NO_CHECKOUT))
        return
    options = scene.options
    own = replace(scene, spec=specification(options.flows, SHIPPED))
    with scene.progress.step(f"images: {STATE}"):
        images.put_into(options.name)
    try:
        with scene.progress.step(f"helm install: {STATE}"):
            _remove_pods(scene.kube, sark, stand_ins=True)
            scene.release.install(shipped_values(options))
        scene.note("defaults-installed", STATE, [], f"the chart's defaults, with {options.sark_values.name} over them")
        _stand_ins(scene, own.spec.pods, sark)
        _apply(own, sark)
        own.rows(STATE, own.spec.flows)
        _requests(own)
        own.without_policies(GONE)
    finally:
        with scene.progress.step(f"clean up: {STATE}"):
            scene.release.uninstall()
            remove(scene.kube, sark)
            _stand_ins(scene, scene.spec.pods, sark)


def remove(kube: Kube, sark: Sark) -> None:
    """SARK's objects and its pods, but no namespace; what is not there is fine."""
    for body in reversed(_objects(sark)):
        if body["kind"] != "Namespace":
            kube.delete(body["apiVersion"], body["kind"], body["metadata"]["name"], body["metadata"].get("namespace"))
    _remove_pods(kube, sark, stand_ins=False)


def _objects(sark: Sark) -> list[Mapping[str, Any]]:
    """What is applied: the namespaces that nobody makes, stand-ins for the stores, and SARK's own objects."""
    ours = images.names()
    store_image = ours["sark"]
    stores = [shipped.store(service, store_image) for service in shipped.unserved(sark.objects)]
    return [*shipped.missing_namespaces(sark.objects), *stores, *shipped.with_images(sark.objects, ours)]


def _stand_ins(scene: Scene, names: Container[str], sark: Sark) -> None:
    """Those of the trial that are named and live where SARK does; the others have been there all the time."""
    for body in plan.stand_ins(scene.spec, programs(), IMAGE):
        metadata = body["metadata"]
        if body["kind"] != "Pod" or (metadata["name"] in names and metadata["namespace"] in sark.namespaces):
            scene.kube.apply([body])


def _apply(own: Scene, sark: Sark) -> None:
    """SARK's objects, and a note for each of its Deployments: when it was ready, or what it waits for."""
    objects = _objects(sark)
    pending = dict.fromkeys(shipped.deployments(objects), "")
    with own.progress.step(f"apply and wait: {STATE}"):
        own.kube.apply(objects)
        started = time.monotonic()
        while pending and (spent := time.monotonic() - started) < PATIENCE:
            for namespace, name in list(pending):
                if ready := _ready(own.kube, namespace, name):
                    own.note(f"{name}-is-ready", STATE, [], f"{ready} after {spent:.1f} s")
                    del pending[namespace, name]
            time.sleep(0.5)
    for namespace, name in pending:
        troubles = [f"not ready within {PATIENCE:.0f} s", *waits_for(own.kube, namespace, name)]
        own.note(f"{name}-is-ready", STATE, troubles)
    if pending:
        own.look_now(STATE)


def _ready(kube: Kube, namespace: str, name: str) -> str:
    """How many of its pods are ready, once they are all of them and of its newest template."""
    it = kube.apps.read_namespaced_deployment_status(name, namespace)
    counts = (it.status.ready_replicas, it.status.updated_replicas)
    current = it.status.observed_generation == it.metadata.generation
    return f"{counts[0]} of {it.spec.replicas} pods" if current and counts == (it.spec.replicas,) * 2 else ""


def _requests(own: Scene) -> None:
    """What is asked by path, with answers that no port by itself can give."""
    addresses = own.addresses().pods
    for name, source, target, port, path, start in REQUESTS:
        usual = {"protocol": "TCP", "sni": "", "proxy": None, "timeout": 5}
        attempt = usual | {"id": name, "host": addresses[target], "port": port, "speak": "http", "token": path}
        asked = [(own.spec.pods[source], [attempt | {"authority": target}])]
        report = probes.ask(own.kube, asked).get(name, UNPROBED)
        what = f"{source} asks {target}:{port} for /{path}: {report.outcome}: {report.detail}"
        good = report.outcome == "answer" and report.detail.startswith(start)
        own.note(name, STATE, [] if good else [what], what)


def _remove_pods(kube: Kube, sark: Sark, *, stand_ins: bool) -> None:
    """Delete pods where SARK lives, at once: the trial's stand-ins, which wear the same labels, or SARK's own."""
    what = "the trial's stand-ins" if stand_ins else "SARK's pods"
    until(f"{what} are gone", 60, lambda: not list(_killed(kube, sark, stand_ins)))


def _killed(kube: Kube, sark: Sark, stand_ins: bool) -> Iterator[str]:
    labels = shipped.pod_labels(_objects(sark))
    for namespace in sark.namespaces:
        for pod in kube.core.list_namespaced_pod(namespace).items:
            ours = plan.STAND_IN in (pod.metadata.annotations or {})
            theirs = not ours and any((pod.metadata.labels or {}).items() >= own.items() for own in labels)
            if ours if stand_ins else theirs:
                kube.delete_now(pod.metadata.name, namespace)
                yield pod.metadata.name
