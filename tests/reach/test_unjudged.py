"""A kind that selects pods and limits traffic, and is not judged, makes verdicts conditional, whoever asks and how."""

from __future__ import annotations

import json

import pytest

from tests.reach.samples.worlds import explained, world
from tests.reach.shell import Runner
from tools.policies.unjudged import DOUBTS
from tools.policies.unmodelled import KNOWN
from tools.reach.connections import ALL, NONE

PODS = """apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: a}}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop, labels: {app: b}}
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: other, labels: {app: b}}
---
apiVersion: v1
kind: Pod
metadata: {name: d, namespace: other, labels: {app: d}}
---
"""
# Nobody reaches b.
CLOSED = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {matchLabels: {app: b}}}
---
"""
WIDER = "it may deny what other policies allow, and allow what they deny"
LESS = "it may deny what other policies allow"


def written(api: str, kind: str, spec: str, namespace: str = ", namespace: shop") -> str:
    return f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x{namespace}}}\nspec: {spec}\n---\n"


CILIUM = written("cilium.io/v2", "CiliumNetworkPolicy", "{endpointSelector: {matchLabels: {app: b}}, ingress: [{}]}")
EVERYWHERE = written("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "{endpointSelector: {}, egress: [{}]}", "")
ANTREA = written("crd.antrea.io/v1beta1", "NetworkPolicy", "{appliedTo: [{podSelector: {}}], ingress: []}")
ISTIO = written("security.istio.io/v1", "AuthorizationPolicy", "{}")
ROOT = written("security.istio.io/v1", "AuthorizationPolicy", "{}", ", namespace: istio-system")
FIREWALL = written("k8s.ovn.org/v1", "EgressFirewall", "{egress: []}")
STRANGER = written("example.com/v1", "PodFence", "{podSelector: {}, ingress: []}")
OLD = written("extensions/v1beta1", "NetworkPolicy", "{podSelector: {}}")


@pytest.mark.parametrize(
    ("text", "src", "dst", "word"),
    [
        (CILIUM, "a", "b", "conditional"),
        (CILIUM, "b", "a", "conditional"),
        (CILIUM, "a", "c", "allowed"),  # The same labels in another namespace, which the policy is not for.
        (CILIUM, "a", "d", "allowed"),
        (CILIUM, "8.8.8.8", "b", "conditional"),
        (CILIUM.replace("app: b", "'k8s:app': b"), "d", "a", "conditional"),  # Labels that are written Cilium's way.
        (CILIUM + CLOSED, "a", "b", "conditional"),  # It may let through what the NetworkPolicy does not.
        (EVERYWHERE, "c", "d", "conditional"),
        (ANTREA, "c", "a", "conditional"),
        (ANTREA, "c", "d", "allowed"),
        (ANTREA + CLOSED, "a", "b", "conditional"),
        (ISTIO, "a", "b", "conditional"),
        (ISTIO + CLOSED, "a", "b", "denied"),  # A mesh takes away only.
        (ISTIO, "c", "d", "allowed"),
        (ROOT, "c", "d", "conditional"),
        (FIREWALL, "a", "8.8.8.8", "conditional"),
        (FIREWALL, "a", "b", "allowed"),
        (FIREWALL, "8.8.8.8", "a", "allowed"),
        (STRANGER, "c", "a", "conditional"),
        (OLD, "c", "a", "conditional"),
        (written("example.com/v1", "TrafficPolicy", "{rate: 1}"), "a", "b", "allowed"),
        (written("projectcalico.org/v3", "StagedNetworkPolicy", "{selector: all(), ingress: []}"), "a", "b", "allowed"),
        (written("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "{nodeSelector: {}, ingress: []}", ""), "a", "b",
         "allowed"),
    ],
)  # fmt: skip
def test_who_is_in_doubt(text: str, src: str, dst: str, word: str) -> None:
    judge = world(PODS + text)
    assert explained(judge, src, dst, 80).verdict == word
    verdict = judge.verdict(judge.peer(src), judge.peer(dst))
    assert (verdict.allowed, verdict.conditional) == {
        "allowed": (ALL, NONE),
        "denied": (NONE, NONE),
        "conditional": (NONE, ALL),
    }[word]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CILIUM, f"what CiliumNetworkPolicy of cilium.io says is not judged: {WIDER}"),
        (ISTIO, f"what AuthorizationPolicy of security.istio.io says is not judged: {LESS}"),
        (STRANGER, f"what PodFence of example.com says is not judged: {WIDER}"),
    ],
)
def test_the_reason_is_said(text: str, reason: str) -> None:
    judge = world(PODS + text)
    assert judge.verdict(judge.peer("a"), judge.peer("b")).reasons == (reason,)
    explanation = explained(judge, "a", "b", 80)
    step = next(side.deciding for side in explanation.sides if side.verdict == "conditional")
    assert step is not None
    assert (step.outcome, step.why) == ("cannot tell", reason)
    assert step.where is not None
    assert step.where.line == 20
    assert explanation.changes == ()


def test_each_kind_of_doubt_is_named_beside_the_answer() -> None:
    assert DOUBTS.keys() <= KNOWN.keys()


@pytest.mark.parametrize("form", ["text", "json", "csv", "connlist", "markdown", "svg", "mermaid"])
def test_every_format_of_a_matrix_says_so(run: Runner, form: str) -> None:
    run.file("all.yaml", PODS + ANTREA)
    ran = run("matrix", "all.yaml", "--format", form, "--focus", "a")
    assert ran.code == 0
    signs = {"json": '"conditional"', "csv": ",,All Connections", "connlist": "# conditional: ", "mermaid": "-.->"}
    assert signs.get(form, "?") in ran.out


@pytest.mark.parametrize("expected", ["allowed", "denied"])
def test_what_is_expected_for_certain_is_not_met(run: Runner, expected: str) -> None:
    run.file("all.yaml", PODS + CILIUM)
    ran = run("explain", "a", "b", "80", "--manifests", "all.yaml", "--expect", expected, "--format", "json")
    assert ran.code == 1
    assert json.loads(ran.out)["verdict"] == "conditional"


def test_a_diff_says_what_a_stranger_makes_of_it(run: Runner) -> None:
    run.file("a.yaml", PODS)
    run.file("b.yaml", PODS + ISTIO)
    ran = run("diff", "a.yaml", "b.yaml", "--exit-code")
    assert ran.code == 1
    assert "~ shop/a[Pod] -> shop/b[Pod]: ? everything [1] (was everything)" in ran.out
