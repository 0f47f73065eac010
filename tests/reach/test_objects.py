"""Objects of several sources as one cluster's, and where its pods are."""

import pytest

from tools.findings.model import Manifest
from tools.manifests.documents import manifests, parse
from tools.reach.objects import around, stacked
from tools.reach.world import POD_CIDRS


def objects(*bodies: str) -> tuple[Manifest, ...]:
    return manifests(parse("\n---\n".join(bodies), "x.yaml"), "x.yaml")


def policy(name: str, namespace: str = "", api: str = "networking.k8s.io/v1") -> str:
    return f"{{apiVersion: {api}, kind: NetworkPolicy, metadata: {{name: {name}, namespace: '{namespace}'}}}}"


@pytest.mark.parametrize(
    ("layers", "kept", "problems"),
    [
        ([[policy("a")], [policy("b")]], 2, 0),
        ([[policy("a")], [policy("a")]], 1, 0),
        ([[policy("a")], [policy("a", "here")]], 1, 0),
        ([[policy("a")], [policy("a", "there")]], 2, 0),
        ([[policy("a")], [policy("a", api="projectcalico.org/v3")]], 2, 0),
        ([[policy("a")], [policy("a", api="networking.k8s.io/v2")]], 1, 0),
        ([[policy("a"), policy("a", "here")]], 1, 1),
        ([["{kind: Pod, metadata: {generateName: a}}"] * 2], 2, 0),
    ],
)
def test_each_name_is_there_once(layers: list[list[str]], kept: int, problems: int) -> None:
    manifests, reported = stacked([objects(*layer) for layer in layers], "here")
    assert (len(manifests), len(reported)) == (kept, problems)


def test_the_later_one_counts() -> None:
    first, second = objects(policy("a")), objects(policy("a"))
    manifests, _ = stacked([first, second], "here")
    assert manifests[0] is second[0]


def pod(address: str, host: bool = False) -> str:
    spec = "{hostNetwork: true}" if host else "{}"
    return f"{{kind: Pod, metadata: {{name: a}}, spec: {spec}, status: {{podIP: '{address}'}}}}"


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ([pod("10.1.2.3")], []),
        ([pod("198.51.100.7"), pod("198.51.100.9")], ["198.51.100.0/24"]),
        ([pod("fd00:1::7"), pod("fd00:2::7")], ["fd00:1::/64", "fd00:2::/64"]),
        ([pod("198.51.100.7", host=True)], []),
        ([pod("nonsense")], []),
    ],
)
def test_where_pods_are_seen_to_be(bodies: list[str], expected: list[str]) -> None:
    assert [str(net) for net in around(objects(*bodies), POD_CIDRS, "d")] == expected
