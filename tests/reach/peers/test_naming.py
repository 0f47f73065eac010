"""Who is meant by a name."""

import pytest

from tests.reach.samples.worlds import world
from tools.reach.peers.naming import UnknownPeerError

TEXT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: shop}
status: {podIP: 10.0.0.7}
---
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: other}
---
apiVersion: v1
kind: Pod
metadata: {name: finished, namespace: shop}
status: {phase: Succeeded, podIP: 10.0.0.8}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24}}]}]}
"""


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("shop/web[Deployment]", "shop/web[Deployment]"),
        ("other/one", "other/one[Pod]"),
        ("10.0.0.7", "shop/one[Pod]"),
        ("10.0.0.8", "10.0.0.8"),
        ("10.0.0.0/24", "10.0.0.0-10.0.0.255"),
        ("10.0.0.0-10.0.0.9", "10.0.0.0-10.0.0.9"),
        ("::1", "::1"),
        ("{node}", "{node}"),
    ],
)
def test_found(asked: str, expected: str) -> None:
    assert world(TEXT).peer(asked).name == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            "web",
            r"web could mean 2 workloads \(shop/web\[Deployment\], shop/web\[StatefulSet\]\); write the full",
        ),
        ("one", "one could mean 2 workloads"),
        ("finished", "no peer is called finished; there are other/one"),
        ("", "no peer is called ; there are"),
        ("10.0.0.300", "no peer is called"),
        ("10.0.0.9-10.0.0.1", "no peer is called"),
    ],
)
def test_not_found(asked: str, message: str) -> None:
    with pytest.raises(UnknownPeerError, match=message):
        world(TEXT).peer(asked)


def test_a_finished_pod_takes_no_part_and_that_is_said() -> None:
    parsed = world(TEXT)
    assert "shop/finished[Pod]" not in {peer.name for peer in parsed.peers}
    assert [note.message for note in parsed.notes] == [
        "shop/finished[Pod] has finished (phase Succeeded), so policies ignore it and it is left out"
    ]
