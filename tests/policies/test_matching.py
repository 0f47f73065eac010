"""Which pods a policy and a peer mean, and what is taken for a match because nobody can know."""

from __future__ import annotations

import pytest
import yaml

from tools.findings.model import Manifest, Severity
from tools.policies.cluster import Cluster
from tools.policies.matching import members, subjects
from tools.policies.model import Policy
from tools.policies.network_sets import network_sets, selected
from tools.reach.rules.selection import policies_select_something, workloads_are_isolated

PODS = """
{apiVersion: v1, kind: Namespace, metadata: {name: known, labels: {team: ai}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: one, namespace: known, labels: {app: api}}, spec: {}}
---
{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: unknown, labels: {app: api}}, spec: {}}
---
{apiVersion: v1, kind: Pod, metadata: {name: anywhere, labels: {app: db}}, spec: {}}
---
{apiVersion: v1, kind: Pod, metadata: {name: host, namespace: known, labels: {app: api}}, spec: {hostNetwork: true}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: known, labels: {app: api}}
spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: job}}}}}}
"""


def objects(text: str) -> tuple[Manifest, ...]:
    manifests = []
    for body in yaml.safe_load_all(text):
        meta = body["metadata"]
        manifests.append(Manifest("file", body["kind"], meta["name"], meta.get("namespace", ""), body))
    return tuple(manifests)


def cluster(policy: str) -> tuple[Cluster, Policy]:
    subject = Cluster(objects(policy), objects(PODS), given=True)
    return subject, subject.policies[0]


def kubernetes(spec: str, namespace: str = "known") -> str:
    meta = f"{{name: p, namespace: {namespace}}}"
    return f"{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {meta}, spec: {spec}}}"


def calico(spec: str) -> str:
    return f"{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: p}}, spec: {spec}}}"


SUBJECTS: list[tuple[str, list[str]]] = [
    (kubernetes("{podSelector: {}}"), ["one", "anywhere", "nightly"]),
    (kubernetes("{podSelector: {matchLabels: {app: api}}}"), ["one"]),
    (kubernetes("{podSelector: {matchLabels: {app: job}}}"), ["nightly"]),
    (kubernetes("{podSelector: {}}", "elsewhere"), ["anywhere"]),
    (calico("{selector: all()}"), ["one", "two", "anywhere", "nightly"]),
    (calico("{selector: app == 'api', namespaceSelector: projectcalico.org/name == 'known'}"), ["one"]),
    # Nobody gave the labels of namespace `unknown`, so it may be the one.
    (calico("{selector: app == 'api', namespaceSelector: team == 'web'}"), ["two"]),
    (calico("{selector: app == 'api', namespaceSelector: team == 'ai'}"), ["one", "two"]),
    (calico("{selector: projectcalico.org/orchestrator == 'k8s' && app == 'job'}"), ["nightly"]),
    (calico("{selector: app = 'api'}"), ["one", "two", "anywhere", "nightly"]),
]


# What Calico derives from where a pod is, and under which account it runs.
DERIVED = """
{apiVersion: v1, kind: Namespace, metadata: {name: sark, labels: {team: a}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: sark, labels: {role: machine}}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: sark, labels: {app: api}}
spec: {serviceAccountName: robot}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: sark, labels: {app: db}}, spec: {}}
---
{apiVersion: v1, kind: Pod, metadata: {name: far, namespace: web, labels: {app: db}}, spec: {serviceAccountName: other}}
"""
BY_DERIVED: list[tuple[str, list[str]]] = [
    ("{selector: projectcalico.org/namespace == 'sark' && app == 'db'}", ["db"]),
    ("{selector: pcns.projectcalico.org/name == 'web'}", ["far"]),
    ("{selector: pcns.kubernetes.io/metadata.name == 'web'}", ["far"]),
    # Nobody gave the labels of namespace `web`, nor those of account `other`.
    ("{selector: pcns.team == 'a' && app == 'db'}", ["db", "far"]),
    ("{selector: projectcalico.org/serviceaccount == 'robot'}", ["api"]),
    ("{selector: pcsa.role == 'machine'}", ["api", "far"]),
    ("{selector: '!has(pcsa.role)'}", ["db", "far"]),
    ("{serviceAccountSelector: role == 'machine'}", ["api", "far"]),
    ("{serviceAccountSelector: projectcalico.org/name == 'other'}", ["far"]),
    ("{selector: app == 'db', serviceAccountSelector: role == 'machine', namespaceSelector: team == 'a'}", ["far"]),
    ("{selector: app == 'db', serviceAccountSelector: role == 'machine' && projectcalico.org/name != 'other'}", []),
    ("{namespaceSelector: all(), selector: app == 'api'}", ["api"]),
]


@pytest.mark.parametrize(("spec", "expected"), BY_DERIVED)
def test_labels_that_calico_derives(spec: str, expected: list[str]) -> None:
    subject = Cluster(objects(calico(spec)), objects(DERIVED), given=True)
    assert [pod.manifest.name for pod in subjects(subject, subject.policies[0])] == expected


def test_a_service_account_selector_that_fits_nobody_protects_nobody() -> None:
    policy = """
    apiVersion: projectcalico.org/v3
    kind: NetworkPolicy
    metadata: {name: db, namespace: sark}
    spec: {selector: app == 'db', serviceAccountSelector: role == 'machine', types: [Ingress, Egress]}
    """
    subject = Cluster(objects(policy), objects(DERIVED), given=True)
    assert [problem.message for problem in policies_select_something(subject)] == [
        "NetworkPolicy sark/db selects app == 'db' and service accounts role == 'machine', but no workload matches; "
        "the pods there have app=db | app=api"
    ]
    assert [problem.message for problem in workloads_are_isolated(subject) if "sark/db" in problem.message] == [
        "Pod sark/db has no ingress or egress policy, so all ingress and egress is allowed; add a default deny"
    ]


@pytest.mark.parametrize(("policy", "expected"), SUBJECTS)
def test_subjects(policy: str, expected: list[str]) -> None:
    assert [pod.manifest.name for pod in subjects(*cluster(policy))] == expected


PEERS: list[tuple[str, list[str]]] = [
    ("{podSelector: {matchLabels: {app: api}}}", ["one", "host"]),
    ("{namespaceSelector: {}, podSelector: {matchLabels: {app: api}}}", ["one", "two", "host"]),
    ("{namespaceSelector: {matchLabels: {team: web}}}", ["two", "anywhere"]),
    ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: unknown}}}", ["two", "anywhere"]),
]


@pytest.mark.parametrize(("peer", "expected"), PEERS)
def test_members(peer: str, expected: list[str]) -> None:
    subject, policy = cluster(kubernetes(f"{{podSelector: {{}}, ingress: [{{from: [{peer}]}}]}}"))
    assert [pod.manifest.name for pod in members(subject, policy, policy.rules[0].peers[0])] == expected


SETS = """
apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata: {name: here, namespace: known, labels: {role: x}}
---
apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata: {name: there, namespace: other, labels: {role: x}}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: everywhere, labels: {role: x}}
"""
ENTITIES: dict[str, tuple[list[str], list[str]]] = {
    # Far side -> the sets that a namespaced policy sees, and those that a global one sees.
    "{selector: role == 'x'}": (["here"], ["here", "there", "everywhere"]),
    "{selector: role == 'y'}": ([], []),
    "{selector: role == 'x', notSelector: has(role)}": ([], []),
    "{namespaceSelector: all()}": (["here", "there"], ["here", "there"]),
    "{namespaceSelector: global(), selector: role == 'x'}": (["everywhere"], ["everywhere"]),
    "{nets: [10.0.0.0/8]}": ([], []),
    "{selector: role = 'x'}": ([], []),
}


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("clusterwide", [False, True])
def test_network_sets(entity: str, clusterwide: bool) -> None:
    text = calico(f"{{egress: [{{action: Allow, destination: {entity}}}]}}")
    if not clusterwide:
        text = text.replace(
            "kind: GlobalNetworkPolicy, metadata: {name: p}",
            "kind: NetworkPolicy, metadata: {name: p, namespace: known}",
        )
    _, policy = cluster(text)
    names = [item.name for item in selected(network_sets(objects(SETS)), policy, policy.rules[0].peers[0])]
    assert names == ENTITIES[entity][clusterwide]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a",), "1 policy selects no known workload (a); name workloads with --workloads"),
        (("a", "b"), "2 policies select no known workload (a, b); name workloads with --workloads"),
        (
            ("a", "b", "c", "d"),
            "4 policies select no known workload (a, b, c, …); name workloads with --workloads",
        ),
    ],
)
def test_without_workloads_a_policy_that_selects_nobody_is_a_note(names: tuple[str, ...], message: str) -> None:
    policies = "\n---\n".join(
        f"{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}}}, "
        "spec: {podSelector: {matchLabels: {app: x}}}}"
        for name in names
    )
    [problem] = policies_select_something(Cluster(objects(policies)))
    assert (problem.severity, problem.message) == (Severity.NOTE, message)
