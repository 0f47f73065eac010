"""What the API server refuses is a problem, and judged as not there."""

import pytest

from tests.reach.samples.worlds import world

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: a}}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop, labels: {app: b}}
---
"""
ADMIN = "{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: p}, spec: "
KUBERNETES = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: shop}, spec: "
SUBJECT = "priority: 1, subject: {namespaces: {}}"
BOTH = "{namespaces: {}, pods: {namespaceSelector: {}, podSelector: {}}}"
LONG = "x" * 100


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            f"{ADMIN}{{{SUBJECT}, ingress: [{{action: Deny, from: [{BOTH}]}}]}}}}",
            "has namespaces and pods, and only one of them may be there; write two items",
        ),
        (
            f"{ADMIN}{{{SUBJECT}, ingress: [{{action: Deny, from: [{{namespaces: {{}}}}], "
            "ports: [{namedPort: a, portNumber: {port: 1}}]}]}}",
            "has portNumber and namedPort, and only one of them may be there; write two items",
        ),
        (f"{KUBERNETES}{{podSelector: {{matchLabels: {{app: $a}}}}}}}}", "'$a' is not a label value; write letters"),
        (f"{KUBERNETES}{{podSelector: {{matchLabels: {{app: {LONG}}}}}}}}}", "xxx'… is not a label value; write"),
        (f"{KUBERNETES}{{podSelector: {{matchLabels: {{a/b/c: a}}}}}}}}", "no valid prefix"),
        (
            f"{KUBERNETES}{{podSelector: {{matchExpressions: [{{key: '', operator: Exists}}]}}}}}}",
            "'' is not a label key; write letters",
        ),
    ],
)
def test_refused(policy: str, message: str) -> None:
    judge = world(PODS + policy)
    (problem,) = judge.problems
    assert message in problem.message
    assert problem.where.line
    assert judge.verdict(judge.peer("a"), judge.peer("b")).allowed, "as it would be in a cluster"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("{name: p, namespace: n}", "is true or false, where text belongs; write it in quotes"),
        ("{name: 7, namespace: shop}", "is a number, where text belongs; write it in quotes"),
        ("{name: p, namespace: shop, labels: {a: yes}}", "is true or false, where text belongs; write it in quotes"),
        ("[p]", "is a list, where a mapping belongs"),
    ],
)
def test_what_yaml_takes_for_something_else_is_no_name(metadata: str, message: str) -> None:
    """A policy in namespace `n` is in none that exists, and not in the default one."""
    text = (
        f"{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {metadata}, spec: {{podSelector: {{}}}}}}"
    )
    judge = world(PODS + text)
    (problem,) = judge.problems
    assert message in problem.message
    assert judge.verdict(judge.peer("a"), judge.peer("b")).allowed


def test_the_later_of_two_objects_of_one_name_counts_and_that_is_said() -> None:
    first, second = (f"{KUBERNETES}{{podSelector: {{matchLabels: {{app: {name}}}}}}}}}" for name in ("b", "nobody"))
    judge = world(f"{PODS}{first}\n---\n{second}")
    (problem,) = judge.problems
    assert problem.message.startswith("is already defined in policies.yaml:10, and this one replaces")
    assert judge.verdict(judge.peer("a"), judge.peer("b")).allowed


def test_an_address_that_is_a_running_pods_has_no_row_of_its_own() -> None:
    policy = f"{KUBERNETES}{{podSelector: {{}}, ingress: [{{from: [{{ipBlock: {{cidr: 10.0.0.7/32}}}}]}}]}}}}"
    pods = PODS.replace("labels: {app: a}}", "labels: {app: a}}\nstatus: {podIP: 10.0.0.7}")
    judge = world(pods + policy)
    names = {row.src for row in judge.matrix().rows(everything=True)}
    assert "10.0.0.7" not in names
    assert "0.0.0.0-10.0.0.6" in names
    assert judge.verdict(judge.peer("10.0.0.7"), judge.peer("b")).allowed
