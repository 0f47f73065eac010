"""Kubernetes label selectors: what matches what."""

from __future__ import annotations

from typing import Any

import pytest

from tools.findings.model import Manifest
from tools.manifests.label_selector import Requirement, Selector, selector
from tools.manifests.node import Node

POD = {"app": "api", "tier": "front", "empty": ""}


def read(body: Any) -> Selector:
    return selector(Node(Manifest("file", "Kind", "name", "", {}), "spec.podSelector", body))


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


MATCHES: list[tuple[Any, bool]] = [
    ({}, True),
    (None, True),
    ({"matchLabels": {}}, True),
    ({"matchLabels": {"app": "api"}}, True),
    ({"matchLabels": {"app": "web"}}, False),
    ({"matchLabels": {"app": "api", "none": "x"}}, False),
    ({"matchLabels": {"empty": ""}}, True),
    ({"matchLabels": {"none": ""}}, False),
    (expression("app", "In", "web", "api"), True),
    (expression("app", "In", "web"), False),
    (expression("none", "In", "x"), False),
    (expression("app", "NotIn", "web"), True),
    (expression("app", "NotIn", "api"), False),
    (expression("none", "NotIn", "x"), True),
    (expression("app", "Exists"), True),
    (expression("none", "Exists"), False),
    (expression("app", "DoesNotExist"), False),
    (expression("none", "DoesNotExist"), True),
    (expression("app", "Equals", "api"), False),
    ({"matchLabels": {"app": "api"}, **expression("tier", "In", "back")}, False),
    # What has the wrong shape is left out; the schema tells of it.
    ({"matchLabels": {"app": 1}}, True),
    ({"matchLabels": "app"}, True),
    ({"matchExpressions": {"key": "app"}}, True),
]


@pytest.mark.parametrize(("body", "expected"), MATCHES)
def test_matches(body: Any, expected: bool) -> None:
    assert read(body).matches(POD) is expected


def test_reads_as_kubectl_writes_it() -> None:
    body = {"matchLabels": {"app": "api"}, "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}
    assert str(read(body)) == "app=api, !tier"
    assert str(read({})) == "everything"
    assert str(Requirement("a", "NotIn", ("x", "y"))) == "a not in (x, y)"
    assert str(Requirement("a", "In", ("x", "y"))) == "a in (x, y)"
