"""Null where text belongs: what the API server makes of it, kind by kind; and ICMP types beside another protocol."""

import pytest

from tests.reach.samples.worlds import objects
from tools.reach.world import World

PODS = objects("""
apiVersion: v1
kind: Pod
metadata: {name: empty, namespace: default, labels: {a: ''}}
---
apiVersion: v1
kind: Pod
metadata: {name: null-label, namespace: default, labels: {a: null}}
---
apiVersion: v1
kind: Pod
metadata: {name: set, namespace: default, labels: {a: b}}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: default}
---
apiVersion: v1
kind: Pod
metadata: {name: caller, namespace: default, labels: {c: d}}
""")
KUBERNETES = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: default}
spec: {podSelector: SELECTOR, policyTypes: [Ingress]}
"""
ADMIN = """
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: deny}
spec:
  priority: 1
  subject: {pods: {namespaceSelector: {}, podSelector: SELECTOR}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
"""


def closed(text: str) -> tuple[set[str], list[str]]:
    """The pods that the caller does not reach, and what is said of the policy."""
    world = World((*PODS, *objects(text)))
    names = [peer.name for peer in world.peers if peer.kind == "workload" and "caller" not in peer.name]
    shut = {name for name in names if world.verdict(world.peer("caller"), world.peer(name)).allowed == ()}
    return {name.partition("/")[2].partition("[")[0] for name in shut}, [problem.message for problem in world.problems]


@pytest.mark.parametrize(
    "selector",
    [
        "{matchLabels: {a: null}}",
        "{matchLabels: {a: ''}}",
        "{matchExpressions: [{key: a, operator: In, values: [null]}]}",
    ],
)
def test_null_is_the_empty_text_for_kinds_of_kubernetes(selector: str) -> None:
    assert closed(KUBERNETES.replace("SELECTOR", selector)) == ({"empty", "null-label"}, [])


def test_null_is_dropped_for_kinds_of_a_definition() -> None:
    message = "is nothing, so the cluster drops the label and asks nothing of it; write its value in quotes"
    everybody = {"empty", "null-label", "set", "bare"}
    assert closed(ADMIN.replace("SELECTOR", "{matchLabels: {a: null}}")) == (everybody, [message])
    assert closed(ADMIN.replace("SELECTOR", "{matchLabels: {a: null, c: d}}")) == (set(), [message])
    assert closed(ADMIN.replace("SELECTOR", "{matchLabels: {a: ''}}")) == ({"empty", "null-label"}, [])


def test_a_service_selects_by_the_empty_text() -> None:
    [service] = objects("""
apiVersion: v1
kind: Service
metadata: {name: s, namespace: default}
spec: {selector: {a: null}, ports: [{port: 80}]}
""")
    [policy] = objects("""
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: p, namespace: default}
spec:
  selector: c == 'd'
  types: [Egress]
  egress: [{action: Allow, destination: {services: {name: s, namespace: default}}}]
""")
    world = World((*PODS, service, policy))
    reached = {
        name
        for name in ("empty", "null-label", "set", "bare")
        if world.verdict(world.peer("caller"), world.peer(name)).allowed
    }
    assert reached == {"empty", "null-label"}


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{action: Allow, notICMP: {type: 8}}", True),
        ("{action: Allow, protocol: TCP, notICMP: {type: 8}}", True),
        ("{action: Allow, protocol: ICMP, notICMP: {type: 8}}", False),
        ("{action: Allow, notICMP: {}}", False),
    ],
)
def test_types_of_icmp_beside_another_protocol_make_a_verdict_conditional(rule: str, reason: bool) -> None:
    policy = f"""
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {{name: p, namespace: default}}
spec: {{selector: c == 'd', types: [Egress], egress: [{rule}]}}
"""
    world = World((*PODS, *objects(policy)))
    verdict = world.verdict(world.peer("caller"), world.peer("bare"))
    answer = world.explain(world.peer("caller"), world.peer("bare"), 80, "TCP")
    message = "beside it, but what nodes make of the rule is not known"
    assert world.problems == ()
    assert (answer.verdict == "conditional", any(message in text for text in verdict.reasons)) == (reason, reason)
