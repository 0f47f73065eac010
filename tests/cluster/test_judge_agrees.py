"""The judge's matrix over the stand-ins, beside probes that are told what to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tools.cluster import judge_agrees as agreement
from tools.cluster.fuzz import compare
from tools.cluster.fuzz.compare import Attempt
from tools.cluster.fuzz.topology import Object
from tools.cluster.judge_agrees import NAME, attempts, check, probe
from tools.cluster.options import TrialOptions
from tools.cluster.trial_cluster import Scene
from tools.cluster.verdict import FAIL, PASS, Addresses, ProbeReport, Result
from tools.findings.progress import Progress
from tools.reach.flows.read import FlowPod, Specification
from tools.reach.world import World

SPEC = Specification(
    pods={
        "one": FlowPod("one", "a", {"app": "one"}, (80,)),
        "two": FlowPod("two", "b", {"app": "two"}, (80, 81)),
    },
    internet={},
    flows=(),
)
ADDRESSES = {"a/one": "192.168.0.1", "b/two": "192.168.0.2"}
OPEN, SHUT, BACK = (
    Attempt("a/one", "b/two", "TCP", 80),
    Attempt("a/one", "b/two", "TCP", 81),
    Attempt("b/two", "a/one", "TCP", 80),
)
POLICY: Object = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "p", "namespace": "b"},
    "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]},
}
Probes = Callable[[list[Attempt]], tuple[dict[Attempt, bool], dict[Attempt, str]]]


def world() -> World:
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": pod.name, "namespace": pod.namespace, "labels": dict(pod.labels)},
            "spec": {"containers": []},
        }
        for pod in SPEC.pods.values()
    ]
    return compare.world([*pods, POLICY], ADDRESSES)


def scene() -> Scene:
    return Scene(TrialOptions(), SPEC, None, None, None, Progress())  # type: ignore[arg-type]


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Probes], Result]:
    """What is noted when probes say that."""

    def note(probes: Probes) -> Result:
        monkeypatch.setattr(agreement, "read", lambda _: world())
        monkeypatch.setattr(agreement, "probe", lambda _, expected: probes(expected))
        where = scene()
        check(where, "installed", bound=0.0)
        [result] = where.results
        return result

    return note


def test_every_stand_in_is_asked_about_every_port_of_every_other() -> None:
    assert attempts(scene()) == [OPEN, SHUT, BACK]


def test_agreement_is_noted_with_its_size(noted: Callable[[Probes], Result]) -> None:
    result = noted(lambda tried: ({it: it != SHUT for it in tried}, {}))
    assert result == Result(NAME, "installed", PASS, "3 connections between stand-ins, 2 of them allowed")


def test_a_disagreement_says_what_was_seen_and_what_the_judge_says_and_why(noted: Callable[[Probes], Result]) -> None:
    result = noted(lambda tried: (dict.fromkeys(tried, True), {}))
    assert result.status == FAIL
    assert result.message.startswith(f"{SHUT}: the cluster answered, the judge says denied (Egress: ")
    assert "; Ingress: " in result.message
    assert "NetworkPolicy b/p" in result.message


def test_what_could_not_be_probed_is_no_agreement(noted: Callable[[Probes], Result]) -> None:
    result = noted(lambda tried: ({it: it == OPEN for it in tried if it != BACK}, {BACK: "refused: hung up"}))
    assert (result.status, result.message) == (FAIL, f"{BACK} could not be probed: refused: hung up")


def test_a_slow_cluster_is_asked_again(noted: Callable[[Probes], Result], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[Attempt]] = []

    def slow(attempts: list[Attempt]) -> tuple[dict[Attempt, bool], dict[Attempt, str]]:
        asked.append(attempts)
        return {it: len(asked) > 1 and it != SHUT for it in attempts}, {}

    monkeypatch.setattr(agreement, "read", lambda _: world())
    monkeypatch.setattr(agreement, "probe", lambda _, attempts: slow(attempts))
    where = scene()
    check(where, "installed")
    assert [result.status for result in where.results] == [PASS]
    assert asked == [[OPEN, SHUT, BACK], [OPEN, BACK]]


def test_probes_are_made_from_the_stand_ins_and_read_by_their_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    words = {"b/two": ("answer", "timeout"), "a/one": ("refused",)}

    def ask(_kube: object, by_pod: list[tuple[FlowPod, list[dict[str, Any]]]]) -> dict[str, ProbeReport]:
        asked.extend((pod.name, tried["host"], tried["port"], tried["id"]) for pod, all_ in by_pod for tried in all_)
        outcomes = [*words["b/two"], *words["a/one"]]
        return {str(index): ProbeReport(word, "said") for index, word in enumerate(outcomes)}

    where = scene()
    monkeypatch.setattr("tools.cluster.probes.ask", ask)
    monkeypatch.setattr(where, "addresses", lambda: Addresses({"one": "10.0.0.1", "two": "10.0.0.2"}, {}, {}))
    truth, error = probe(where, [OPEN, SHUT, BACK])
    assert asked == [("one", "10.0.0.2", 80, "0"), ("one", "10.0.0.2", 81, "1"), ("two", "10.0.0.1", 80, "2")]
    assert truth == {OPEN: True, SHUT: False}
    assert error == {BACK: "refused: said"}
