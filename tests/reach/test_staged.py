"""Staged policies as though they were enforced."""

from pathlib import Path

import pytest

from tests.reach.samples.worlds import objects
from tools.policies.staged import pending
from tools.reach.__main__ import main
from tools.reach.world import World

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: a}}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop, labels: {app: b}}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: closed}
spec: {selector: app == 'b', types: [Ingress]}
---
apiVersion: projectcalico.org/v3
"""


@pytest.mark.parametrize(
    ("staged", "now", "then"),
    [
        ("{kind: StagedGlobalNetworkPolicy, metadata: {name: closed}, spec: {stagedAction: Delete}}", False, True),
        ("{kind: StagedGlobalNetworkPolicy, metadata: {name: closed}, spec: {stagedAction: Ignore}}", False, False),
        (
            "{kind: StagedGlobalNetworkPolicy, metadata: {name: closed}, "
            "spec: {stagedAction: Set, selector: app == 'b', ingress: [{action: Allow}]}}",
            False,
            True,
        ),
        (
            "{kind: StagedNetworkPolicy, metadata: {name: first, namespace: shop}, "
            "spec: {order: 1, selector: app == 'b', ingress: [{action: Allow}]}}",
            False,
            True,
        ),
        (
            "{kind: StagedKubernetesNetworkPolicy, metadata: {name: first, namespace: shop}, "
            "spec: {podSelector: {matchLabels: {app: b}}, ingress: [{}]}}",
            False,
            True,
        ),
    ],
)
def test_what_would_hold(staged: str, now: bool, then: bool) -> None:
    parsed = objects(PODS.rpartition("---")[0] + "---\n" + "{apiVersion: projectcalico.org/v3, " + staged[1:])
    for manifests, expected in ((parsed, now), (pending(parsed, "default"), then)):
        judge = World(manifests)
        assert judge.problems == ()
        assert bool(judge.verdict(judge.peer("a"), judge.peer("b")).allowed) is expected


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = PODS + "kind: StagedGlobalNetworkPolicy\nmetadata: {name: closed}\nspec: {stagedAction: Delete}\n"
    path = str(tmp_path / "policies.yaml")
    Path(path).write_text(text)
    assert main(["explain", "a", "b", "80", "--expect", "denied", "--manifests", path]) == 0
    assert "StagedGlobalNetworkPolicy" in capsys.readouterr().out, "what is staged is not passed over in silence"
    assert main(["explain", "a", "b", "80", "--expect", "allowed", "--pending", "--manifests", path]) == 0
