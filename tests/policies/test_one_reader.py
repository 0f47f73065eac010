"""The rules and the judge read a policy alike: the pods that it selects are the same to both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pytest
import yaml

from tests.cluster.fuzz.cases import random_case
from tests.cluster.fuzz.test_recorded import recorded
from tools.cluster.fuzz import compare
from tools.cluster.fuzz.topology import Object
from tools.findings.model import Manifest
from tools.policies.cluster import Cluster
from tools.policies.matching import subjects
from tools.reach.sets import indexes
from tools.reach.world import World

CASES, POLICIES = 200, 10
Selected = dict[tuple[str, str, str, str], set[tuple[str, str]]]


def identity(manifest: Manifest) -> tuple[str, str, str, str]:
    return str(manifest.body["apiVersion"]), manifest.kind, manifest.namespace, manifest.name


def by_the_judge(world: World) -> Selected:
    return {
        identity(policy.manifest): {
            (pod.namespace, pod.manifest.name)
            for place in indexes(policy.subjects)
            for pod in world.universe.classes[place]
        }
        for tier in world.table.tiers
        for policy in tier.policies
    }


def by_the_rules(cluster: Cluster) -> Selected:
    return {
        identity(policy.manifest): {(pod.namespace, pod.manifest.name) for pod in subjects(cluster, policy)}
        for policy in cluster.policies
    }


def types(world: World) -> Mapping[tuple[str, str, str, str], frozenset[str]]:
    return {identity(policy.manifest): policy.types for tier in world.table.tiers for policy in tier.policies}


def differences(objects: Iterable[Object], addresses: Mapping[str, str] | None = None) -> Iterator[str]:
    world = compare.world(objects, addresses or {})
    cluster = Cluster(world.manifests)
    judged, matched = by_the_judge(world), by_the_rules(cluster)
    assert judged.keys() == matched.keys()
    assert types(world) == {identity(policy.manifest): policy.types for policy in cluster.policies}
    for policy, pods in judged.items():
        if pods != matched[policy]:
            yield f"{policy}: the judge says {sorted(pods)}, the rules say {sorted(matched[policy])}"


def test_recorded_policies_select_the_same_pods() -> None:
    count = 0
    for case in recorded():
        count += 1
        assert list(differences(case.objects, case.addresses)) == [], f"seed {case.seed}"
    assert count > 50


@pytest.mark.parametrize("start", range(0, CASES, 20))
def test_random_policies_select_the_same_pods(start: int) -> None:
    policies = 0
    for seed in range(start, start + 20):
        case = random_case(seed, POLICIES)
        policies += case.size
        assert list(differences(case.objects)) == [], f"seed {seed}"
    assert policies == 20 * POLICIES


ACCOUNTS = """
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: s}, spec: {serviceAccountName: robot}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: s}, spec: {serviceAccountName: other}}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p}
spec: SPEC
"""
BY_ACCOUNT = (
    "{serviceAccountSelector: projectcalico.org/name == 'robot'}",
    "{selector: pcsa.projectcalico.org/name == 'robot'}",
    "{selector: projectcalico.org/serviceaccount == 'robot'}",
)


@pytest.mark.parametrize("spec", BY_ACCOUNT)
def test_pods_that_differ_in_their_account_alone_are_told_apart(spec: str) -> None:
    objects = tuple(yaml.safe_load_all(ACCOUNTS.replace("SPEC", spec)))
    assert list(differences(objects)) == []
    [selected] = by_the_judge(compare.world(objects, {})).values()
    assert selected == {("s", "a")}
