"""A container's environment, as Kubernetes makes it."""

from __future__ import annotations

from typing import Any

import pytest

from tools.findings.model import Manifest
from tools.manifests.node import root
from tools.reach.needs.environment import config_maps, environment, substituted


def config_map(name: str, data: Any, namespace: str = "sark") -> Manifest:
    """A ConfigMap."""
    return Manifest("file", "ConfigMap", name, namespace, {"metadata": {"name": name}, "data": data})


MAPS = config_maps((config_map("one", {"A": "1", "B": "2", "N": 3}), config_map("two", {"B": "4"}, "")), "sark")


def values(container: dict[str, Any]) -> dict[str, str]:
    """The variables of a container in namespace sark."""
    node = root(Manifest("file", "Pod", "p", "sark", container))
    return {name: variable.value for name, variable in environment(node, "sark", MAPS).items()}


CASES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "env": ({"env": [{"name": "X", "value": "y"}]}, {"X": "y"}),
    "envFrom, texts alone": ({"envFrom": [{"configMapRef": {"name": "one"}}]}, {"A": "1", "B": "2"}),
    "the later envFrom wins": (
        {"envFrom": [{"configMapRef": {"name": "one"}}, {"configMapRef": {"name": "two"}}]},
        {"A": "1", "B": "4"},
    ),
    "a prefix": ({"envFrom": [{"prefix": "P_", "configMapRef": {"name": "two"}}]}, {"P_B": "4"}),
    "env wins over envFrom": (
        {"envFrom": [{"configMapRef": {"name": "two"}}], "env": [{"name": "B", "value": "mine"}]},
        {"B": "mine"},
    ),
    "a key of a ConfigMap": (
        {"env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "A"}}}]},
        {"X": "1"},
    ),
    "a Secret hides what was there": (
        {
            "envFrom": [{"configMapRef": {"name": "two"}}],
            "env": [{"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        },
        {},
    ),
    "a variable in a value": (
        {
            "env": [
                {"name": "H", "value": "db"},
                {"name": "U", "value": "tcp://$(H):$(P)/$$(H)"},
                {"name": "P", "value": "1"},
            ]
        },
        {"H": "db", "U": "tcp://db:$(P)/$(H)", "P": "1"},
    ),
    "nothing is put into what comes from a ConfigMap": (
        {"env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "A"}}}]},
        {},
    ),
    "wrong shapes": ({"env": [7, {"name": 7, "value": "x"}, {"name": "Y", "value": 7}, []], "envFrom": {"a": 1}}, {}),
}


@pytest.mark.parametrize("name", CASES)
def test_environments(name: str) -> None:
    container, expected = CASES[name]
    assert values(container) == expected


@pytest.mark.parametrize("text", ["$(" * 50_000, "$" * 100_001, "$(A" * 30_000])
def test_hostile_values_end_soon(text: str) -> None:
    assert substituted(text, {}).startswith("$")
