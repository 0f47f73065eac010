"""No shape that YAML can give, anywhere in an object, stops a check."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tools.findings.model import Manifest, run
from tools.findings.stages import checks
from tools.manifests.documents import parse
from tools.policies.cluster import Cluster

CASES = Path(__file__).parents[1] / "cases"
SOURCES = (
    "calico-rules-hold-together/good.yaml",
    "egress-leaves-out-private-addresses/good.yaml",
    "label-selectors-are-valid/good.yaml",
    "calico-domains-have-an-enforcer/bad.yaml",
    "policies-select-something/workloads.yaml",
    "priorities-are-unique/bad.yaml",
    "service-ports-are-open/bad.yaml",
    "namespace-labels-are-carried/bad.yaml",
    "called-services-are-reachable/workloads.yaml",
    "called-services-are-reachable/bad.yaml",
    "cluster-names-go-past-the-proxy/workloads.yaml",
    "ingress-backends-are-open/workloads.yaml",
    "scraped-ports-are-open/workloads.yaml",
    "connections-are-open-at-both-ends/bad.yaml",
)
WRONG: tuple[Any, ...] = (None, True, 7, 1.5, "x", "", [], {}, ["x"], [[]], [None], {"a": 1}, [{"a": None}])
CHECKS = (*checks("manifests"), *checks("policies"))


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from places(item, (*path, key))


def replaced(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the body with another value at that path."""
    changed = deepcopy(body)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def manifest(body: dict[str, Any]) -> Manifest:
    """The object as the reader would give it: with words where words are due."""
    meta = body.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    return Manifest("file", word(body.get("kind")), word(meta.get("name")), word(meta.get("namespace")), body)


def word(value: Any) -> str:
    """The value when it is a word."""
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize("source", SOURCES)
def test_no_shape_stops_a_check(source: str) -> None:
    for document in parse((CASES / source).read_text("utf-8"), source).documents:
        for number, path in enumerate(places(document.body)):
            # Every value at some place, every place with some values: all pairs would take a minute.
            for wrong in WRONG[number % 3 :: 3]:
                broken = (manifest(replaced(document.body, path, wrong)),)
                list(run(CHECKS, Cluster(broken, broken, given=True)))
