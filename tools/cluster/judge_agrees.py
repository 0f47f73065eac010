"""The judge's matrix over the stand-ins, beside what the cluster does: every pod to every other, on every port.

tests/flows.yaml states what is wanted. Here nothing is: whatever the policies in the cluster mean, the judge that reads
them back from the API and the probes must see the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from kubernetes.client.exceptions import ApiException

from tools.cluster import probes, verdict
from tools.cluster.errors import CannotRunError
from tools.cluster.fuzz import compare
from tools.cluster.fuzz.compare import Attempt, Disagreement
from tools.cluster.kube import Kube, explain
from tools.cluster.trial_cluster import Scene
from tools.reach.inputs.listing import AnswerError, listed
from tools.reach.world import World

NAME = "judge-agrees-with-cluster"
SHOWN = 3


def check(scene: Scene, state: str, bound: float = 10.0) -> None:
    """Note whether the judge agrees; what disagrees is probed again, until it agrees or the time is up."""
    with scene.progress.step(f"the judge's matrix: {state}"):
        world = read(scene.kube)
        pairs = attempts(scene)
        verdicts = compare.judged(world, pairs)
        started = time.monotonic()
        truth, failures = probe(scene, pairs)
        while pending := [*failures, *(it.attempt for it in compare.disagreements(truth, verdicts))]:
            if time.monotonic() - started > bound:
                break
            again, failures = probe(scene, pending)
            truth |= again
    wrong = list(compare.disagreements(truth, verdicts))
    unknown = [f"{attempt} could not be probed: {why}" for attempt, why in failures.items()]
    troubles = [*unknown, *(description(world, disagreement) for disagreement in wrong[:SHOWN])]
    if len(wrong) > SHOWN:
        troubles.append(f"and {len(wrong) - SHOWN} connections more")
    allowed = sum(word == "allowed" for word in verdicts.values())
    scene.note(NAME, state, troubles, f"{len(verdicts)} connections between stand-ins, {allowed} of them allowed")


def read(kube: Kube) -> World:
    """The judge over everything that the cluster has."""
    objects = listed(lambda path, query: _get(kube, path, query), "kind")
    if objects.unread:
        raise CannotRunError(f"the cluster's objects cannot be read: {objects.unread[0]}")
    return World(objects.manifests)


def _get(kube: Kube, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        answer = kube.resources.request(
            "get", path, query_params=list(query.items()), header_params={}, serialize=False
        )
        body: Mapping[str, Any] = json.loads(answer.data)
    except ApiException as error:
        raise AnswerError(int(error.status or 0), explain(error)) from None
    return body


def attempts(scene: Scene) -> list[Attempt]:
    """Every stand-in to every other at each port that the other answers on."""
    pods = scene.spec.pods.values()
    return [
        Attempt(f"{pod.namespace}/{pod.name}", f"{other.namespace}/{other.name}", "TCP", port)
        for pod in pods
        for other in pods
        if pod is not other
        for port in other.ports
    ]


def probe(
    scene: Scene, attempts: list[Attempt], seconds: float = 2.0
) -> tuple[dict[Attempt, bool], dict[Attempt, str]]:
    """Whether each was answered, and, apart, why some came to no verdict."""
    addresses = scene.addresses().pods
    by_pod: dict[str, list[Mapping[str, Any]]] = {}
    for index, attempt in enumerate(attempts):
        src, dst = (name.partition("/")[2] for name in (attempt.src, attempt.dst))
        by_pod.setdefault(src, []).append(_tried(index, addresses[dst], attempt.port, seconds))
    reports = probes.ask(scene.kube, [(scene.spec.pods[src], tried) for src, tried in by_pod.items()])
    truth: dict[Attempt, bool] = {}
    failures: dict[Attempt, str] = {}
    for index, attempt in enumerate(attempts):
        report = reports.get(str(index), verdict.UNPROBED)
        if report.outcome in ("answer", "timeout"):
            truth[attempt] = report.outcome == "answer"
        else:
            failures[attempt] = f"{report.outcome}: {report.detail}"
    return truth, failures


def _tried(index: int, address: str, port: int, seconds: float) -> dict[str, Any]:
    usual = {"protocol": "TCP", "speak": "line", "sni": "", "authority": "", "proxy": None, "token": f"{index}"}
    return usual | {"id": f"{index}", "host": address, "port": port, "timeout": seconds}


def description(world: World, disagreement: Disagreement) -> str:
    """A disagreement with the judge's reasons, as one line."""
    attempt = disagreement.attempt
    sides = world.explain(world.peer(attempt.src), world.peer(attempt.dst), attempt.port, attempt.protocol).sides
    return f"{disagreement} ({'; '.join(f'{side.direction}: {side.summary}' for side in sides)})"
