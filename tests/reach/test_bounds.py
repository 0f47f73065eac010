"""Input that is wrong, hostile or huge: nothing throws, everything ends soon, and what is broken is said."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.reach.oracle.judge import Oracle
from tests.reach.samples.broken import mutations
from tests.reach.samples.hostile import texts
from tools.findings.model import Manifest
from tools.reach.connections import ALL, NUMBERS, includes
from tools.reach.world import World

# Of the processor, which what else runs here does not lengthen; and bytes.
SECONDS, MEMORY = 10.0, 1 << 30
# A name that is there and empty is a name that no port has.
BEYOND_THE_ORACLE = ("('spec', 'ingress', 1, 'ports', 0, 'namedPort') is ''",)
PODS = ("s-1/a", "s-1/b", "s-2/a")
PORTS = tuple(product(("TCP", "UDP"), (79, 80, 8080, 9000)))

OBJECTS: dict[str, list[dict[str, Any]]] = yaml.load(
    (Path(__file__).parent / "one_of_each.yaml").read_text(), yaml.CSafeLoader
)


def named(*sorts: str) -> list[Any]:
    """Objects as parameters, by kind and name."""
    bodies = [body for sort in sorts for body in OBJECTS[sort]]
    return [pytest.param(body, id=f"{body['kind']}-{body['metadata']['name']}") for body in bodies]


def world(*bodies: dict[str, Any]) -> World:
    """A world of the pods and more objects, without files."""
    return World([_manifest(body) for body in (*OBJECTS["around"], *bodies)])


def _manifest(body: dict[str, Any]) -> Manifest:
    meta = body.get("metadata")
    name, space = (meta.get(key) if isinstance(meta, dict) else "" for key in ("name", "namespace"))
    kind, name, space = (value if isinstance(value, str) else "" for value in (body.get("kind"), name, space))
    return Manifest("f.yaml", kind, name, space, body)


def filled(value: Any) -> Any:
    """A value with {} for every null in a list, and "" for the null of a label."""
    if isinstance(value, dict):
        labels = value.get("matchLabels")
        texts = {"matchLabels": {key: text or "" for key, text in labels.items()}} if isinstance(labels, dict) else {}
        return {key: filled(below) for key, below in (value | texts).items()}
    return [{} if item is None else filled(item) for item in value] if isinstance(value, list) else value


def disagreement(judge: World, bodies: Sequence[dict[str, Any]]) -> str:
    """The first connection of which the oracle thinks otherwise, or that it cannot judge.

    To it null in a list is {}, and that of a label is "", as Go's encoding/json makes them for the API server.
    """
    oracle = Oracle([*OBJECTS["around"], *(filled(body) for body in bodies)])
    for (src, dst), (protocol, port) in product(product(PODS, PODS), PORTS):
        if src != dst:
            verdict = judge.verdict(judge.peer(src), judge.peer(dst))
            if includes(verdict.conditional, NUMBERS[protocol], port):
                continue
            if includes(verdict.allowed, NUMBERS[protocol], port) != oracle.allowed(src, dst, protocol, port):
                return f"{src} > {dst}, {protocol} {port}"
    return ""


@pytest.mark.parametrize("body", named("policies"))
def test_a_broken_policy_is_said_or_means_what_it_means(body: dict[str, Any]) -> None:
    """Nothing is wider in silence: without a problem the verdict is the one of the other judge, who reads plainly."""
    wrong = []
    for what, mutated in mutations(body, below="spec"):
        if what in BEYOND_THE_ORACLE:
            continue
        judge = world(mutated)
        if judge.problems:
            assert all(problem.message and problem.where.file for problem in judge.problems), what
            continue
        try:
            difference = disagreement(judge, [mutated])
        except Exception as error:
            difference = f"the oracle cannot judge it: {error!r}"
        if difference:
            wrong.append(f"{what}: {difference}")
    assert wrong == []


@pytest.mark.parametrize("body", named("policies", "others"))
def test_nothing_throws(body: dict[str, Any]) -> None:
    """Not for any object with one thing wrong; and pods that it does not touch are judged as ever."""
    for what, mutated in mutations(body):
        judge = world(mutated)
        peers = {peer.name: peer for peer in judge.peers}
        assert "s-2/a[Pod]" in peers, what
        judge.matrix().cells  # noqa: B018
        judge.explain(judge.peer("s-1/b"), judge.peer("s-2/a"), 80)


@pytest.mark.parametrize("body", named("policies"))
def test_a_field_that_nobody_knows_is_said(body: dict[str, Any]) -> None:
    """A typo such as `podSelector: {matchLabel: …}` selects everybody."""
    strangers = [(what, mutated) for what, mutated in mutations(body, below="spec") if what.endswith("has a stranger")]
    silent = [what for what, mutated in strangers if not world(mutated).problems and not is_a_map_of_words(what)]
    assert strangers
    assert silent == []


def is_a_map_of_words(what: str) -> bool:
    """Where any key will do, or another number."""
    return "matchLabels" in what or "orts') has" in what


@pytest.mark.parametrize("body", named("policies"))
def test_the_good_ones_are_good(body: dict[str, Any]) -> None:
    assert world(body).problems == ()
    assert disagreement(world(body), [body]) == ""


@pytest.mark.parametrize("body", named("policies"))
def test_a_broken_one_spares_the_others(body: dict[str, Any]) -> None:
    """A policy beside a broken one closes what it closes."""
    closed = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed", "namespace": "s-2"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    judge = world({**body, "spec": 7}, closed)
    assert len(judge.problems) >= 1
    assert judge.verdict(judge.peer("s-1/a"), judge.peer("s-2/a")).allowed == ()


def test_no_selector_makes_it_throw() -> None:
    """What is no selector is a problem at its place, and what is one is none."""
    dice = random.Random(20261124)
    pieces = [
        "app",
        "==",
        "!=",
        "'a'",
        '"b"',
        "in",
        "not in",
        "{",
        "}",
        "'a', 'b'",
        "&&",
        "||",
        "!",
        "(",
        ")",
        "has(app)",
    ]
    pieces += ["all()", "global()", "contains", "starts with", "endswith", " ", ",", "'", "\\", "\x00", "\u2028"]
    body = OBJECTS["policies"][1]
    broken = 0
    for _ in range(1500):
        text = " ".join(dice.choices(pieces, k=dice.randint(1, 9)))
        judge = world({**body, "spec": {**body["spec"], "selector": text}})
        broken += bool(judge.problems)
        assert all("selector" in problem.where.path for problem in judge.problems)
    assert 1000 < broken < 1500


def passing(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A policy that passes everything on, in both directions."""
    version = "projectcalico.org/v3" if kind in ("GlobalNetworkPolicy", "Tier") else "policy.networking.k8s.io/v1alpha1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def test_pass_in_every_tier_ends() -> None:
    """Each tier is met once, whoever passes to it, and the profile behind the last one allows."""
    rules = {"types": ["Ingress", "Egress"], "ingress": [{"action": "Pass"}] * 9, "egress": [{"action": "Pass"}] * 9}
    bodies = []
    for number in range(12):
        bodies.append(passing("Tier", f"t-{number}", {"order": 10}))
        bodies.append(
            passing("GlobalNetworkPolicy", f"t-{number}.g", {"tier": f"t-{number}", "selector": "all()", **rules})
        )
    bodies.append(passing("GlobalNetworkPolicy", "g", {"selector": "all()", **rules}))
    judge = world(*bodies)
    assert judge.problems == ()
    explained = judge.explain(judge.peer("s-1/a"), judge.peer("s-2/a"), 80)
    assert (judge.verdict(judge.peer("s-1/a"), judge.peer("s-2/a")).allowed, explained.verdict) == (ALL, "allowed")


CHILD = """
import gc, sys
from tools.findings.cli import OBJECTS
from tools.reach.world import World
gc.set_threshold(OBJECTS)
from tools.manifests.documents import manifests, parse
parsed = parse(sys.stdin.read(), "f.yaml")
world = World(manifests(parsed, "f.yaml"))
lines = sum(1 for _ in world.matrix().rows())
print(len(world.peers), len(parsed.problems), len(world.problems), lines)
"""
# Per text: workloads, problems of the text, problems of the policies.
EXPECTED = {
    "big": (6000, 0, 0),
    "deep": (1, 1, 0),
    "deep list": (1, 1, 0),
    "bomb": (1, 1, 0),
    "many aliases": (1, 0, 0),
    "many blocks": (1, 0, 0),
    "many ports": (1, 0, 0),
    "many values": (1, 0, 0),
    "one long line": (1, 0, 1),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_bounded(name: str) -> None:
    """In a process of its own, as a command has it, with no more than a gigabyte of address space."""
    text = texts()[name]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=text,
        text=True,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    workloads, unread, broken, _ = map(int, done.stdout.split())
    assert (workloads, unread, broken) == EXPECTED[name]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < SECONDS


def test_nesting_without_a_text() -> None:
    """A live cluster's objects are not read from text, and nothing bounds their depth but this."""
    deep: Any = "x"
    for _ in range(20000):
        deep = {"a": deep}
    policy = OBJECTS["policies"][0]
    judge = world({**policy, "spec": {**policy["spec"], "podSelector": deep}}, {**policy, "metadata": deep})
    assert judge.problems
