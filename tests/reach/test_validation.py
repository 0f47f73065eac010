"""Every rule by which the API server, Calico and the policy API refuse an object, held by a good and a bad case.

The table is tests/reach/validation.yaml; `make cluster-fuzz` asks a cluster the same.
"""

from collections.abc import Iterator
from copy import deepcopy

import pytest

from tests.reach.samples.worlds import objects
from tools.cluster.refused import RefusalCase, read
from tools.findings.model import Manifest
from tools.reach.world import World

CASES = read()
PODS = objects("""
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: default, labels: {fuzz: refused}}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: default, labels: {fuzz: refused}}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: default}
spec: {selector: {fuzz: refused}, ports: [{port: 80}]}
""")


def names(cases: tuple[RefusalCase, ...]) -> list[str]:
    return [f"{'good' if case.good else 'bad'} {case.title}" for case in cases]


def judged(case: RefusalCase) -> World:
    body = deepcopy(dict(case.body))
    metadata = body["metadata"]
    made = Manifest("case.yaml", body["kind"], metadata.get("name", ""), metadata.get("namespace", ""), body)
    return World((*PODS, made))


GOOD = tuple(case for case in CASES if case.good)
BAD = tuple(case for case in CASES if not case.good)


@pytest.mark.parametrize("case", GOOD, ids=names(GOOD))
def test_what_is_taken_is_in_force(case: RefusalCase) -> None:
    judge = judged(case)
    assert judge.problems == ()
    assert there(judge, case) == 1


@pytest.mark.parametrize("case", BAD, ids=names(BAD))
def test_what_is_refused_is_a_finding_and_not_in_force(case: RefusalCase) -> None:
    judge = judged(case)
    assert [problem for problem in judge.problems if any(say in problem.message for say in case.says)]
    assert there(judge, case) == 0
    if case.body["kind"] not in ("Pod", "Deployment"):
        assert judge.verdict(judge.peer("a"), judge.peer("b")) == World(PODS).verdict(judge.peer("a"), judge.peer("b"))


def there(judge: World, case: RefusalCase) -> int:
    """How many of the case's objects count."""
    match case.body["kind"]:
        case "Pod" | "Deployment":
            return len(judge.peers) - 2
        case "StagedGlobalNetworkPolicy" | "StagedKubernetesNetworkPolicy":
            return int(not judge.problems)
        case "NetworkSet" | "GlobalNetworkSet":
            return len(judge.universe.sets)
        case "Tier":
            return sum(not problem.message for problem in judge.problems) or int(not judge.problems)
    return sum(len(tier.policies) for tier in judge.table.tiers)


def test_every_row_has_both_sides_and_says_whose_rule_it_is() -> None:
    sides: dict[tuple[str, str], set[bool]] = {}
    for case in CASES:
        sides.setdefault((case.rule, case.body["kind"]), set()).add(case.good)
    assert all(side == {True, False} for side in sides.values())
    assert all(case.where and case.says for case in CASES)
    assert len(sides) > 90


def test_short_texts_are_written_out() -> None:
    assert [len(name) for name in _names_of("a name has at most 253 characters")] == [253, 254]


def _names_of(rule: str) -> Iterator[str]:
    yield from (case.body["metadata"]["name"] for case in CASES if case.rule == rule)
