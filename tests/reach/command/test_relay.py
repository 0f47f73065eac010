"""A relay in another namespace, as NETWORK_SECURITY.md describes it: what opens it, and what does not."""

from __future__ import annotations

import pytest

from tests.reach.shell import Runner
from tools.render.own import CHART

RELAY = """apiVersion: v1
kind: Namespace
metadata: {name: elsewhere}
---
apiVersion: v1
kind: Pod
metadata: {name: relay, namespace: elsewhere, labels: {app: relay}}
spec: {containers: [{name: relay, image: relay, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: relay, namespace: elsewhere}
spec: {type: NodePort, selector: {app: relay}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
"""
OPEN = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: everything, namespace: sark}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}
---
"""
OUTSIDE = "203.0.113.66"


@pytest.mark.parametrize(
    ("others", "dst", "port", "verdict"),
    [
        ("", "elsewhere/relay", "8080", "denied"),
        ("", "svc/elsewhere/relay", "80", "denied"),
        ("", OUTSIDE, "443", "denied"),
        (OPEN, "elsewhere/relay", "8080", "allowed"),
        # The Service, its NodePort too, is the pod behind it by the time that policies see the connection.
        (OPEN, "svc/elsewhere/relay", "80", "allowed"),
        (OPEN, OUTSIDE, "443", "denied"),
    ],
)
def test_a_policy_that_allows_every_egress_opens_pods_and_nothing_else(
    run: Runner, others: str, dst: str, port: str, verdict: str
) -> None:
    """The lock-down denies what is no pod, whatever NetworkPolicies allow; pods it leaves to them."""
    own = (str(CHART / "ci" / "workloads.yaml"), run.file("relay.yaml", RELAY + others))
    asked = ("explain", "sark/sark-api", dst, port, "--env", "production", "--workloads", *own)
    ran = run(*asked, "--expect", verdict)
    assert (ran.code, ran.out.splitlines()[0].rpartition(": ")[2]) == (0, verdict)


def test_without_the_lock_down_such_a_policy_opens_everything(run: Runner) -> None:
    """The twin: it is the lock-down that keeps the outside shut."""
    own = (str(CHART / "ci" / "workloads.yaml"), run.file("open.yaml", OPEN))
    asked = ("explain", "sark/sark-api", OUTSIDE, "443", "--env", "dev", "--workloads", *own)
    assert run(*asked, "--expect", "allowed").code == 0
