"""`python -m tools.reach matrix`: inputs, formats, and what is said beside the answer."""

import csv
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.reach.shell import DB, GUARD, PODS, SERVICE, WEB, Ran, Runner
from tools.reach.formats import MATRIX


def rows(ran: Ran) -> set[tuple[str, str]]:
    """Pairs of workloads that may talk, by bare names."""
    document = json.loads(ran.out)
    assert all(set(row) >= {"src", "dst", "conns"} for row in document)
    bare = {name: name.partition("/")[2].partition("[")[0] for row in document for name in (row["src"], row["dst"])}
    return {(bare[row["src"]], bare[row["dst"]]) for row in document if bare[row["src"]] and bare[row["dst"]]}


EVERY_OTHER = {("web", "db"), ("web", "stranger"), ("stranger", "web"), ("db", "web"), ("db", "stranger")}


def test_files_and_directories_are_one_cluster(run: Runner) -> None:
    run.file("apps/pods.yaml", PODS)
    run.file("policies/guard.yaml", GUARD)
    ran = run("matrix", "--manifests", "policies", "--workloads", "apps/pods.yaml", "--format", "json")
    assert (ran.code, ran.err, rows(ran)) == (0, "", EVERY_OTHER)


def test_paths_stand_alone_too(run: Runner) -> None:
    run.file("apps/pods.yaml", PODS)
    run.file("policies/guard.yaml", GUARD)
    ran = run("matrix", "policies", "apps/pods.yaml", "--format", "json")
    assert (ran.code, ran.err, rows(ran)) == (0, "", EVERY_OTHER)


def test_a_charts_directory_holds_no_manifests(run: Runner) -> None:
    run.file("mine/Chart.yaml", "name: mine\n")
    for words in (("mine",), ("--manifests", "mine")):
        ran = run("matrix", *words)
        assert (ran.code, ran.out) == (64, "")
        assert ran.err == "reach: mine is a chart, whose templates are not manifests; write --chart mine\n"


def test_standard_input(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO((PODS + GUARD).encode())))
    ran = run("matrix", "--manifests", "-", "--format", "json")
    assert rows(ran) == EVERY_OTHER


@pytest.mark.parametrize("format", MATRIX)
def test_every_format_is_written(run: Runner, format: str) -> None:
    """To standard output and to a file alike, and nothing else with it."""
    run.file("all.yaml", PODS + GUARD)
    ran = run("matrix", "--manifests", "all.yaml", "--format", format)
    assert (ran.code, ran.err) == (0, "")
    assert "db" in ran.out
    again = run("matrix", "--manifests", "all.yaml", "--format", format, "--output", "out")
    assert (again.out, Path("out").read_bytes().decode()) == ("", ran.out)


def test_a_focus(run: Runner) -> None:
    run.file("all.yaml", PODS + GUARD)
    ran = run("matrix", "--manifests", "all.yaml", "--format", "json", "--focus", "db")
    assert rows(ran) == {("web", "db"), ("db", "web"), ("db", "stranger")}
    text = run("matrix", "--manifests", "all.yaml", "--focus", "db", "--focus", "web").out
    assert "sark/db[Pod]" in text
    assert "sark/stranger[Pod]" in text


def test_pairs_that_may_not_talk(run: Runner) -> None:
    run.file("all.yaml", PODS + GUARD)
    ran = run("matrix", "--manifests", "all.yaml", "--format", "json", "--all")
    assert rows(ran) == {*EVERY_OTHER, ("stranger", "db")}
    (closed,) = (row for row in json.loads(ran.out) if "stranger" in row["src"] and "/db" in row["dst"])
    assert closed["conns"] == {}
    focused = run("matrix", "--manifests", "all.yaml", "--format", "csv", "--all", "--focus", "stranger")
    assert ["sark/stranger[Pod]", "sark/db[Pod]", "", ""] in list(csv.reader(io.StringIO(focused.out)))


def test_what_is_beside_an_answer(run: Runner) -> None:
    """Below it in text; on standard error for machines, whose list stays one."""
    cilium = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c}\n---\n"
    broken = GUARD.replace("guard", "broken").replace("{app: db}", "[app]")
    run.file("all.yaml", PODS + GUARD + cilium + broken)
    text = run("matrix", "--manifests", "all.yaml")
    assert (text.code, text.err) == (1, "")
    assert "\nBroken in the input:\n  all.yaml:" in text.out
    assert "\nNotes:\n  all.yaml:26: note: kind: CiliumNetworkPolicy c: Cilium alone enforces it" in text.out
    machine = run("matrix", "--manifests", "all.yaml", "--format", "json")
    assert (machine.code, rows(machine)) == (1, EVERY_OTHER)
    assert [line.partition(": ")[2].partition(":")[0] for line in machine.err.splitlines()] == ["error", "note"]


def test_nothing_that_runs(run: Runner) -> None:
    run.file("all.yaml", GUARD)
    ran = run("matrix", "--manifests", "all.yaml")
    assert ran.code == 0
    assert "the input has no workload to judge" in ran.out


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_an_environment_of_the_chart(run: Runner, environment: str) -> None:
    """Its own workloads, its release's namespace, and no finding."""
    ran = run("matrix", "--env", environment, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    answer = rows(ran)
    assert ("sark-api", "sark-database") in answer
    assert ("sark-cache", "sark-database") not in answer


def test_values_files_and_another_namespace(run: Runner) -> None:
    run.file("own.yaml", "egress: {enabled: false}\n")
    ran = run("matrix", "--values", "own.yaml", "--namespace", "elsewhere", "--format", "json")
    assert ran.code == 0
    assert "these workloads of the chart's own environments are assumed" in ran.err
    assert "sark/sark-api[Deployment]" in ran.out


def test_places_in_a_chart_are_those_of_its_templates(run: Runner) -> None:
    run.file("c/Chart.yaml", "{apiVersion: v2, name: c, version: 0.1.0}")
    policy = (
        GUARD.replace("---\n", "").replace("{app: db}", "{app: {{ .Values.app }}}").replace("port: 8000", "port: 99999")
    )
    run.file("c/templates/guard.yaml", "{{- /* a comment */ -}}\n" + policy)
    run.file("c/templates/tests/t.yaml", POD_OF_A_TEST)
    run.file("c/values.yaml", "app: db\n")
    run.file("pods.yaml", WEB + DB)
    ran = run("matrix", "--chart", "c", "--workloads", "pods.yaml", "--format", "json")
    assert ran.code == 1
    assert ran.err.startswith(
        "c/templates/guard.yaml:9: error: NetworkPolicy sark/guard: spec.ingress[0].ports[0].port: 99999"
    )
    assert "tester" not in ran.out


POD_OF_A_TEST = """apiVersion: v1
kind: Pod
metadata: {name: tester, annotations: {helm.sh/hook: test}}
"""


def test_a_later_source_replaces_an_earlier_one(run: Runner) -> None:
    """What a cluster would do with what is about to be applied."""
    run.file("now.yaml", PODS + GUARD)
    run.file("then.yaml", GUARD.replace("app: web", "app: stranger"))
    ran = run("matrix", "--manifests", "now.yaml", "--workloads", "then.yaml", "--format", "json")
    assert rows(ran) == (EVERY_OTHER - {("web", "db")}) | {("stranger", "db")}
    assert ran.code == 0


def test_a_name_that_is_written_twice(run: Runner) -> None:
    run.file("all.yaml", PODS + GUARD + GUARD.replace("app: web", "app: stranger"))
    ran = run("matrix", "--manifests", "all.yaml", "--format", "json")
    assert ran.code == 1
    already = "is already defined in all.yaml:16, and this one replaces it; keep only one"
    assert ran.err == f"all.yaml:27: error: NetworkPolicy sark/guard: metadata.name: {already}\n"
    assert ("stranger", "db") in rows(ran)


def test_pod_cidrs(run: Runner) -> None:
    """A block that touches no pod's network is nobody's in the cluster; else it may be, and the answer depends."""
    policy = GUARD.replace("podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: 10.1.0.0/16}")
    run.file("all.yaml", PODS + policy)
    seen = {}
    for cidr in ("10.1.0.0/16", "10.0.0.0/8", "10.2.0.0/16"):
        ran = run("matrix", "--manifests", "all.yaml", "--format", "json", "--pod-cidr", cidr)
        (answer,) = [row for row in json.loads(ran.out) if "web" in row["src"] and "/db" in row["dst"]] or [{}]
        seen[cidr] = (bool(answer.get("conns")), bool(answer.get("conditional")))
    assert seen == {"10.1.0.0/16": (True, False), "10.0.0.0/8": (False, True), "10.2.0.0/16": (False, False)}


def test_a_service_is_no_peer(run: Runner) -> None:
    run.file("all.yaml", PODS + SERVICE)
    assert rows(run("matrix", "--manifests", "all.yaml", "--format", "json")) == {*EVERY_OTHER, ("stranger", "db")}
