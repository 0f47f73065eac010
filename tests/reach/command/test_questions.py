"""Questions beside who reaches whom: one direction alone, which policies select somebody, and pods that are to come."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from tests.reach.shell import GUARD, PODS, Runner

# What every pod of the namespace gets, whatever its labels.
DEFAULT = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: sark}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
"""


@pytest.mark.parametrize(
    ("flags", "pairs"),
    [
        ((), {("db", "web"), ("stranger", "web"), ("web", "db"), ("web", "stranger")}),
        (("--incoming",), {("db", "web"), ("stranger", "web")}),
        (("--outgoing",), {("web", "db"), ("web", "stranger")}),
    ],
)
def test_one_direction_alone(run: Runner, flags: tuple[str, ...], pairs: set[tuple[str, str]]) -> None:
    run.file("all.yaml", PODS + GUARD)
    ran = run("matrix", "all.yaml", "--focus", "web", "--format", "json", *flags)
    every_pair = {(row["src"], row["dst"]) for row in json.loads(ran.out)}
    named = {
        tuple(name[5:].partition("[")[0] for name in pair) for pair in every_pair if all(n[-1] == "]" for n in pair)
    }
    assert named == pairs
    text = run("matrix", "all.yaml", "--focus", "web", *flags).out
    assert text.startswith("Whom sark/web[Pod] may reach, and who may reach it\n")


def test_a_direction_is_somebodys(run: Runner) -> None:
    run.file("all.yaml", PODS)
    ran = run("matrix", "all.yaml", "--incoming")
    assert ran.code == 64
    assert "name it with --focus" in ran.err


def test_which_policies_select_somebody(run: Runner) -> None:
    run.file("all.yaml", PODS + GUARD + DEFAULT)
    ran = run("policies", "db", "web", "--manifests", "all.yaml")
    assert (ran.code, ran.out) == (
        0,
        "sark/db[Pod]\n"
        "  Ingress: isolated, some comes in; selected, in this order, by\n"
        "    NetworkPolicy sark/default-deny, 0 rules  (all.yaml:25)\n"
        "    NetworkPolicy sark/guard, 1 rule  (all.yaml:16)\n"
        "  Egress: not isolated, everything goes out; no policy of this type selects it\n"
        "\n"
        "sark/web[Pod]\n"
        "  Ingress: isolated, nothing comes in; selected, in this order, by\n"
        "    NetworkPolicy sark/default-deny, 0 rules  (all.yaml:25)\n"
        "  Egress: not isolated, everything goes out; no policy of this type selects it\n",
    )
    markdown = run("policies", "web", "--manifests", "all.yaml", "--format", "markdown").out
    assert "| `sark/web[Pod]` | Ingress | nothing | `NetworkPolicy sark/default-deny` |\n" in markdown


def test_who_is_not_isolated_is_in_json(run: Runner) -> None:
    run.file("all.yaml", PODS + GUARD)
    document = json.loads(run("policies", "--manifests", "all.yaml", "--format", "json").out)
    assert {selecting["workload"]: selecting["Ingress"]["isolated"] for selecting in document} == {
        "sark/db[Pod]": True,
        "sark/stranger[Pod]": False,
        "sark/web[Pod]": False,
    }
    assert document[0]["Ingress"]["policies"] == [
        {"policy": "NetworkPolicy sark/guard", "tier": "default", "rules": 1, "file": "all.yaml", "line": 16}
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GUARD, "Ingress: not isolated, everything comes in; no policy of this type selects it"),
        (GUARD + DEFAULT, "Ingress: isolated, nothing comes in; selected, in this order, by"),
    ],
)
def test_what_a_namespace_denies_by_default(run: Runner, text: str, sentence: str) -> None:
    run.file("all.yaml", PODS + text)
    ran = run("policies", "sark/", "--manifests", "all.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[:2] == ["sark/future[Pod]", f"  {sentence}"]


def test_what_a_pod_that_is_to_come_may_do(run: Runner) -> None:
    run.file("all.yaml", PODS + GUARD + DEFAULT)
    asked = ("--manifests", "all.yaml", "--future", "sark:app=web")
    assert run("explain", "future", "db", "8000", *asked, "--expect", "allowed").code == 0
    assert run("explain", "future", "web", "8000", *asked, "--expect", "denied").code == 0
    rows = json.loads(run("matrix", *asked, "--focus", "future", "--format", "json").out)
    assert {"src": "sark/future[Pod]", "dst": "sark/db[Pod]", "conns": {"TCP": [[8000, 8000]]}} in rows


@pytest.mark.parametrize("word", ["Sark", "sark:app", "sark:a b=c", "sark:app=b c", ":app=web"])
def test_a_word_that_is_no_pod_to_come(run: Runner, word: str) -> None:
    run.file("all.yaml", PODS)
    ran = run("matrix", "all.yaml", "--future", word)
    assert ran.code == 64
    assert ran.err.startswith("reach: --future: ")
    assert ran.err.endswith("; write NAMESPACE, or NAMESPACE:KEY=VALUE with commas between several\n")


def test_an_address_has_no_policies(run: Runner) -> None:
    run.file("all.yaml", PODS)
    assert run("policies", "8.8.8.8", "--manifests", "all.yaml").code == 64


def test_reasons_of_what_is_conditional_are_in_json(run: Runner) -> None:
    run.file("all.yaml", PODS + GUARD.replace("podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: 10.0.0.0/8}"))
    rows = json.loads(run("matrix", "all.yaml", "--format", "json").out)
    doubtful = [row for row in rows if "conditional" in row]
    assert doubtful
    assert all("is not in the input; it is assumed to be somewhere in" in row["reasons"][0] for row in doubtful)
    assert not any("reasons" in row for row in rows if "conditional" not in row)
    schema = json.loads(files("tools.manifests.schemas").joinpath("reach-matrix.json").read_text("utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(rows)) == []
