"""The shrinker, on faults that are made up."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.cluster.fuzz.cases import random_case
from tools.cluster.fuzz.shrink import Objects, fewer, shrunk, text, without
from tools.cluster.fuzz.topology import Object


def of(*names: str) -> Objects:
    return tuple({"kind": "X", "metadata": {"name": name}, "spec": {}} for name in names)


def names(objects: Objects) -> str:
    return "".join(body["metadata"]["name"] for body in objects)


@pytest.mark.parametrize("needed", ["a", "h", "ah", "de", "bdf", "abcdefgh"])
def test_what_is_not_needed_goes(needed: str) -> None:
    tries = []

    def shows(objects: Objects) -> bool:
        tries.append(objects)
        return set(needed) <= set(names(objects))

    assert names(fewer(of(*"abcdefgh"), shows)) == needed
    assert len(tries) < 60


def test_one_of_many_is_found_in_few_tries() -> None:
    tries = []

    def shows(objects: Objects) -> bool:
        tries.append(objects)
        return "7" in [body["metadata"]["name"] for body in objects]

    assert names(fewer(of(*(str(n) for n in range(64))), shows)) == "7"
    assert len(tries) <= 15


POLICY: Object = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "GlobalNetworkPolicy",
    "metadata": {"name": "p"},
    "spec": {
        "order": 1,
        "selector": "all()",
        "types": ["Ingress", "Egress"],
        "egress": [{"action": "Allow"}],
        "ingress": [
            {"action": "Deny", "source": {"selector": "a == 'b'"}},
            {"action": "Allow", "protocol": "TCP", "source": {"notNets": ["10.0.0.0/8"], "selector": "has(x)"}},
        ],
    },
}


def not_nets(body: Object) -> bool:
    rules: list[Any] = body["spec"].get("ingress", [])
    return any("notNets" in rule.get("source", {}) for rule in rules)


def test_of_one_policy_only_what_shows_the_fault_is_left() -> None:
    before = deepcopy(POLICY)
    [left] = shrunk([POLICY], lambda objects: any(not_nets(body) for body in objects))
    assert left["spec"] == {"ingress": [{"action": "Allow", "source": {"notNets": ["10.0.0.0/8"]}}]}
    assert left["metadata"] == POLICY["metadata"]
    assert before == POLICY


def test_the_last_item_of_a_list_stays_since_an_empty_list_may_mean_the_contrary() -> None:
    seen: list[Object] = []

    def shows(objects: Objects) -> bool:
        seen.extend(objects)
        return True

    shrunk([POLICY], shows)
    assert not [body for body in seen if "[]" in str(body)]


def test_tries_are_bounded_and_what_was_found_until_then_counts() -> None:
    tries = []

    def shows(objects: Objects) -> bool:
        tries.append(objects)
        return "c" in names(objects)

    left = shrunk(of(*"abcdefgh"), shows, tries=2)
    assert len(tries) == 2
    assert names(left) == "abcd"


def test_a_fault_of_a_random_case_becomes_one_small_policy() -> None:
    def shows(objects: Objects) -> bool:
        return any("notPorts" in text([body]) for body in objects)

    case = next(case for seed in range(20) if shows((case := random_case(seed)).policies))
    [left] = shrunk(case.policies, shows)
    assert len(text([left]).splitlines()) < 20


def test_without_takes_away_one_place() -> None:
    assert without({"a": [{"b": 1, "c": 2}]}, ("a", 0, "b")) == {"a": [{"c": 2}]}
