"""`matrix --focus` and `diff --focus` on addresses: the blocks that they lie in."""

import json

import pytest

from tests.reach.shell import GUARD, PODS, Runner

# stranger may reach one private network alone; nothing else of the three pods is limited.
FENCE = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: fence, namespace: sark}
spec:
  podSelector: {matchLabels: {app: stranger}}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]
---
"""
BELOW, PRIVATE, ABOVE = "0.0.0.0-9.255.255.255", "10.0.0.0-10.255.255.255", "11.0.0.0-255.255.255.255"


def rows(text: str) -> set[tuple[str, str]]:
    return {(row["src"], row["dst"]) for row in json.loads(text)}


@pytest.mark.parametrize(
    ("focus", "blocks"),
    [
        ("8.8.8.8", {BELOW}),
        ("10.1.2.3", {PRIVATE}),
        ("10.1.0.0/16", {PRIVATE}),
        ("9.0.0.0-10.0.0.1", {BELOW, PRIVATE}),
        ("0.0.0.0/0", {BELOW, PRIVATE, ABOVE}),
    ],
)
def test_an_address_is_the_blocks_that_it_lies_in(run: Runner, focus: str, blocks: set[str]) -> None:
    run.file("all.yaml", PODS + FENCE)
    ran = run("matrix", "all.yaml", "--focus", focus, "--format", "json", "--all")
    assert ran.code == 0
    pairs = rows(ran.out)
    assert {name for pair in pairs for name in pair if not name.endswith("]")} == blocks
    assert all(src.endswith("]") != dst.endswith("]") for src, dst in pairs)
    assert len(pairs) == 6 * len(blocks)


def test_what_the_matrix_says_of_an_address_is_what_explain_says(run: Runner) -> None:
    run.file("all.yaml", PODS + FENCE + GUARD)
    for address in ("8.8.8.8", "10.9.9.9", "2001:db8::1"):
        pairs = rows(run("matrix", "all.yaml", "--focus", address, "--format", "json").out)
        for name in ("web", "db", "stranger"):
            there = any(name in src and not dst.endswith("]") for src, dst in pairs)
            asked = run("explain", name, address, "443", "--manifests", "all.yaml", "--expect", "allowed")
            assert (asked.code == 0) == there, (name, address)


def test_an_address_of_ipv6_that_nobody_speaks_of(run: Runner) -> None:
    run.file("all.yaml", PODS)
    ran = run("matrix", "all.yaml", "--focus", "2001:db8::1")
    assert ran.out.startswith("Whom all IPv6 may reach, and who may reach it\n")
    assert "everything" in ran.out


def test_the_heading_says_it_as_people_do(run: Runner) -> None:
    run.file("all.yaml", PODS + FENCE)
    assert run("matrix", "all.yaml", "--focus", "10.0.0.1").out.startswith("Whom 10.0.0.0/8 may reach, and who")


@pytest.mark.parametrize(
    ("focus", "message"),
    [
        ("{node}", "{node} has no row in the matrix; use explain for it"),
        ("{ingress-controller}", "{ingress-controller} has no row in the matrix; use explain for it"),
        (
            "10.0.0.0-10.0.0.1",
            "10.0.0.0-10.0.0.1 is not in any range of the matrix, because only pods have these addresses",
        ),
    ],
)
def test_what_has_no_row_is_no_empty_answer(run: Runner, focus: str, message: str) -> None:
    pods = [text for text in PODS.split("---\n") if text]
    fenced = "".join(f"{text}status: {{podIP: 10.0.0.{number}}}\n---\n" for number, text in enumerate(pods))
    policy = FENCE.replace("10.0.0.0/8", "10.0.0.0/32").replace("]}]", "]}, {to: [{ipBlock: {cidr: 10.0.0.1/32}}]}]", 1)
    run.file("all.yaml", fenced + policy)
    ran = run("matrix", "all.yaml", "--focus", focus)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith(f"reach: {message}")


def test_a_diff_is_cut_to_an_address_too(run: Runner) -> None:
    run.file("a.yaml", PODS)
    run.file("b.yaml", PODS + FENCE)
    assert "- sark/stranger[Pod] -> 0.0.0.0-9.255.255.255" in run("diff", "a.yaml", "b.yaml", "--focus", "8.8.8.8").out
    assert run("diff", "a.yaml", "b.yaml", "--focus", "10.1.1.1").out == "nothing changed\n"
