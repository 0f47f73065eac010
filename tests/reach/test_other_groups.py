"""Kinds that other APIs have by the same name: they are none of the ones that are judged."""

from __future__ import annotations

import pytest

from tests.reach.samples.worlds import explained, world
from tools.reach.connections import shown

DB = """
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: n1, labels: {app: db}}
spec: {containers: [{name: c, image: i}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Namespace
metadata: {name: n1, labels: {team: a}}
---
"""
MAKES = "it makes pods, of which only those that are in the input themselves are judged"
LEFT_OUT = "is not known, and it is left out"
OTHERS = {
    # An object of another API -> the note that it gets, "" for none.
    "{apiVersion: crd.antrea.io/v1beta1, kind: Tier, metadata: {name: t}, spec: {priority: 10}}": LEFT_OUT,
    "{apiVersion: example.com/v1, kind: NetworkSet, metadata: {name: s, namespace: n1}, spec: {members: []}}": LEFT_OUT,
    "{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j, namespace: n1}, spec: {tasks: "
    "[{template: {metadata: {labels: {app: j}}, spec: {containers: [{name: c, image: i}]}}}]}}": MAKES,
    "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {template: {spec: {containers: "
    "[{image: i}]}}}}": MAKES,
    "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {containers: [a, {name: c}]}}": "",
    "{apiVersion: config.openshift.io/v1, kind: Ingress, metadata: {name: cluster}, spec: {domain: a.example}}": "",
    "{apiVersion: serving.knative.dev/v1, kind: Route, metadata: {name: r, namespace: n1}, spec: {to: {name: a}}}": "",
    "{apiVersion: example.com/v1, kind: Namespace, metadata: {name: n1, labels: {team: b}}}": "",
    "{apiVersion: example.com/v1, kind: Deployment, metadata: {name: d, namespace: n1}, spec: {size: 1}}": "",
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_kind_of_another_api_is_not_ours(other: str) -> None:
    judge = world(DB + other)
    assert judge.problems == ()
    notes = [note.message for note in judge.notes]
    assert (OTHERS[other] in notes[0] and len(notes) == 1) if OTHERS[other] else notes == []
    assert [peer.name for peer in judge.peers] == ["n1/db[Pod]"]
    assert judge.universe.spaces["n1"]["team"] == "a"


def test_a_tier_of_another_api_makes_no_tier_of_calico() -> None:
    policy = "{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: t.a}, spec: {tier: t}}"
    judge = world(f"{DB}{next(iter(OTHERS))}\n---\n{policy}")
    message = (
        "GlobalNetworkPolicy t.a names tier t, which does not exist, so the policy is left out; "
        "add the Tier, or name one that exists"
    )
    assert [problem.message for problem in judge.problems] == [message]


ROUTE = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: n1}
spec: {selector: {app: db}, ports: [{name: web, port: 80, targetPort: 8080}, {name: admin, port: 81, targetPort: 9090}]}
---
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: r, namespace: n1}
spec: {to: {kind: Service, name: db}, port: {targetPort: %s}}
"""


@pytest.mark.parametrize("target", ["web", "8080"])
def test_a_route_leads_to_the_port_that_it_names_alone(target: str) -> None:
    judge = world(DB + ROUTE % target)
    verdict = judge.verdict(judge.peer("{ingress-controller}"), judge.peer("db"))
    assert shown(verdict.allowed) == "TCP 8080"


EQUAL = """
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: %s}
spec: {priority: 5, subject: {namespaces: {matchLabels: {team: %s}}}, %s: [{action: Deny, %s: [{namespaces: {}}]}]}
---
"""


def test_policies_of_equal_priority_are_told_even_where_another_stands_between() -> None:
    inward, outward = ("ingress", "from"), ("egress", "to")
    texts = [
        EQUAL % (name, team, *way) for name, team, way in (("a", "a", inward), ("b", "b", inward), ("c", "a", inward))
    ]
    judge = world(DB + "".join(texts))
    message = (
        "AdminNetworkPolicy c has the same priority as AdminNetworkPolicy a, so their order is undefined; "
        "give each its own priority"
    )
    assert [problem.message for problem in judge.problems] == [message]
    # One of ingress and one of egress never decide about the same connection.
    assert world(DB + EQUAL % ("a", "a", *inward) + EQUAL % ("b", "a", *outward)).problems == ()


def test_names_that_are_not_accepted_may_deny_everything() -> None:
    policy = """
apiVersion: policy.networking.k8s.io/v1beta1
kind: ClusterNetworkPolicy
metadata: {name: a}
spec: {tier: Admin, priority: 5, subject: {namespaces: {}}, egress: [{action: %s, to: [{domainNames: [a.example]}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: n1}
spec: {containers: [{name: c, image: i}]}
"""
    words = [explained(world(DB + policy % action), "db", "other", 1).verdict for action in ("Accept", "Deny", "Pass")]
    assert words == ["allowed", "conditional", "conditional"]
