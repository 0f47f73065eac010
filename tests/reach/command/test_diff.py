"""`python -m tools.reach diff`: what a side can be, and what differs."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from tests.reach.shell import DB, GUARD, PODS, WEB, Runner

ANYBODY = GUARD.replace("podSelector: {matchLabels: {app: web}}", "podSelector: {}")
CHART = {
    "Chart.yaml": "{apiVersion: v2, name: c, version: 0.1.0}",
    "values.yaml": "from: web\n",
    "ci/open-values.yaml": "from: stranger\n",
    "ci/workloads.yaml": PODS,
    "templates/guard.yaml": GUARD.replace("app: web", "app: {{ .Values.from }}"),
}


@pytest.fixture
def sides(run: Runner) -> Runner:
    run.file("closed.yaml", PODS + GUARD)
    run.file("open.yaml", PODS + ANYBODY)
    run.file("closed/pods.yaml", PODS)
    run.file("closed/guard.yaml", GUARD)
    for version in ("old", "new"):
        for name, text in CHART.items():
            run.file(f"{version}/{name}", text if version == "old" else text.replace("port: 8000", "port: 8001"))
    run.file("stranger.yaml", "from: stranger\n")
    return run


def differences(run: Runner, *arguments: str) -> list[str]:
    """`+ src dst`, `- …` and `~ …`, by bare names."""
    ran = run("diff", *arguments, "--format", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    signs = [("~" if change["before"]["conns"] else "+") if change["after"]["conns"] else "-" for change in document]
    bare = [(change["src"].split("/")[-1][:-5], change["dst"].split("/")[-1][:-5]) for change in document]
    return [f"{sign} {src} {dst}" for sign, (src, dst) in zip(signs, bare, strict=True)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("closed.yaml", "open.yaml"), ["+ stranger db"]),
        (("open.yaml", "closed.yaml"), ["- stranger db"]),
        (("closed", "open.yaml"), ["+ stranger db"]),
        (("closed", "closed.yaml"), []),
        (("closed/pods.yaml,closed/guard.yaml", "closed.yaml"), []),
        (("manifests:closed", "manifests:open.yaml"), ["+ stranger db"]),
        (("old", "old:stranger.yaml"), ["+ stranger db", "- web db"]),
        (("old", "old:open"), ["+ stranger db", "- web db"]),
        (("old", "new"), ["~ web db"]),
        (("old:open", "new:open"), ["~ stranger db"]),
        (("old:open", "new:"), ["- stranger db", "+ web db"]),
        (("chart:old", "closed.yaml"), []),
        (("old:open", "stranger.yaml", "--chart", "old"), []),
        (("open", "env:open", "--chart", "old"), []),
        (("values:stranger.yaml", "open", "--chart", "old"), []),
        (("stranger.yaml,stranger.yaml", "open", "--chart", "old"), []),
    ],
)
def test_what_a_side_can_be(sides: Runner, words: tuple[str, ...], expected: list[str]) -> None:
    assert sorted(differences(sides, *words)) == sorted(expected)


def test_standard_input_is_a_side(sides: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO((PODS + ANYBODY).encode())))
    assert differences(sides, "closed", "-") == ["+ stranger db"]


def test_how_it_ends(sides: Runner) -> None:
    assert sides("diff", "closed.yaml", "open.yaml").code == 0
    assert sides("diff", "closed.yaml", "open.yaml", "--exit-code").code == 1
    assert sides("diff", "closed.yaml", "closed", "--exit-code").code == 0


def test_text(sides: Runner) -> None:
    ran = sides("diff", "closed.yaml", "open.yaml")
    assert "+ sark/stranger[Pod] -> sark/db[Pod]: TCP 8000\n" in ran.out
    assert ran.err == ""


def test_workloads_of_one_side_are_said(sides: Runner) -> None:
    sides.file("few.yaml", WEB + DB + GUARD)
    ran = sides("diff", "closed.yaml", "few.yaml")
    assert "\nonly in closed.yaml: sark/stranger[Pod]\n" in ran.out
    assert (
        sides("diff", "closed.yaml", "few.yaml", "--format", "json").err == "only in closed.yaml: sark/stranger[Pod]\n"
    )


def test_a_focus(sides: Runner) -> None:
    assert differences(sides, "old", "old:open", "--focus", "stranger") == ["+ stranger db"]
    assert sides("diff", "closed.yaml", "open.yaml", "--focus", "nobody").code == 64


def test_workloads_for_both_sides(sides: Runner) -> None:
    assert differences(sides, "closed/guard.yaml", "closed.yaml", "--workloads", "closed/pods.yaml") == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("nowhere", "open.yaml"), 64, "nowhere is neither an environment of the chart nor a file nor a directory"),
        (("old:nowhere", "open.yaml"), 64, "nowhere is neither an environment of the chart nor a file nor a directory"),
        (
            ("env:nowhere", "open.yaml"),
            64,
            "has no environment nowhere; there are app-sark, dev, full, guarded, production, staging, steered",
        ),
        (("chart:closed", "open.yaml"), 2, "closed is no chart: it has no Chart.yaml"),
        (("stranger.yaml,closed.yaml", "open.yaml"), 64, "stranger.yaml has values and the others have manifests"),
        ((",", "open.yaml"), 64, ", is neither an environment"),
        (("-", "-"), 64, "standard input can be only one of the two sides"),
        (("closed", "open.yaml", "--workloads", "-"), 64, "standard input can be only one of the two sides"),
        (("context:nowhere", "open.yaml"), 64, "no context nowhere"),
    ],
)
def test_a_side_that_is_nothing(
    sides: Runner, words: tuple[str, ...], code: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.config import kube_config

    sides.file(
        "config",
        '{"contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}], "current-context": "here"}',
    )
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", "config")
    ran = sides("diff", *words)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_the_charts_own_environments(sides: Runner) -> None:
    """What changes between two environments is between workloads that both have, and nothing is broken."""
    ran = sides("diff", "staging", "production", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert any("egress-proxy" in change["src"] for change in json.loads(ran.out))
    assert differences(sides, "production", "production") == []


def test_broken_objects_are_findings(sides: Runner) -> None:
    sides.file("broken.yaml", PODS + GUARD + GUARD.replace("guard", "second").replace("8000", "99999"))
    ran = sides("diff", "closed.yaml", "broken.yaml")
    assert ran.code == 1
    assert "nothing changed" in ran.out
    assert "broken.yaml:32: error: NetworkPolicy sark/second: spec.ingress[0].ports[0].port: 99999" in ran.out
