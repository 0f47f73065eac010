"""Faults of one policy: the rules report all of them, the judge the first for which it is refused."""

import pytest

from tests.policies.test_matching import objects
from tools.findings.model import Severity
from tools.policies.faults import Effect
from tools.policies.kinds import policies
from tools.policies.model import Policy

HEAD = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: s}, spec: "
CALICO = "{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: p, namespace: s}, spec: "


def read(text: str) -> Policy:
    [policy] = policies(objects(text))
    return policy


def test_reading_goes_on_after_a_fault() -> None:
    policy = read(f"{HEAD}{{podSelector: {{}}, kind: x, ingress: [{{ports: [{{port: 0}}, {{port: 70000}}]}}]}}}}")
    assert [(fault.node.path, fault.effect) for fault in policy.faults] == [
        ("spec.kind", Effect.DROPPED),
        ("spec.ingress[0].ports[0].port", Effect.REFUSED),
        ("spec.ingress[0].ports[1].port", Effect.REFUSED),
    ]
    assert policy.broken
    assert [problem.where.path for problem in policy.problems] == ["spec.kind", "spec.ingress[0].ports[0].port"]


def test_what_is_only_misread_breaks_nothing_and_is_no_problem_of_the_judge() -> None:
    cidr = "ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/8}}]}]"
    policy = read(f"{HEAD}{{podSelector: {{}}, policyTypes: [Ingress, Ingress], {cidr}}}}}")
    assert [(fault.message, fault.problem.severity) for fault in policy.faults] == [
        (
            "10.1.2.3/8 has host bits set, and means all of 10.0.0.0/8; write 10.0.0.0/8, or 10.1.2.3/32 for the one "
            "address",
            Severity.WARNING,
        ),
        ("Ingress is written twice; write it once", Severity.WARNING),
    ]
    assert (policy.broken, policy.problems) == (False, ())


def test_what_clusters_take_differently_is_a_note() -> None:
    policy = read(f"{CALICO}{{selector: all(), egress: []}}}}")
    message = "an empty list does not put Egress in force here, but does in Calico's own store; write types"
    assert [(note.message, note.severity) for note in policy.notes] == [(message, Severity.NOTE)]
    assert (policy.broken, policy.problems) == (False, ())


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        # Each list and each field by itself, and none twice although several readers look at it.
        (
            "{selector: a =, serviceAccountSelector: b =, ingress: [{action: Allow, source: {selector: c =}}]}",
            ["spec.selector", "spec.serviceAccountSelector", "spec.ingress[0].source.selector"],
        ),
        (
            "{selector: all(), egress: [{action: Allow, destination: {nets: [x, 10.0.0.1/8], notNets: [y]}}]}",
            [f"spec.egress[0].destination.{place}" for place in ("nets[0]", "nets[1]", "notNets[0]")],
        ),
        (
            "{selector: all(), ingress: [{action: Allow, protocol: TCP, source: {ports: ['0'], notPorts: [a:b]}, "
            "destination: {ports: [70000, '9:8']}}]}",
            [
                f"spec.ingress[0].{place}"
                for place in ("destination.ports[0]", "destination.ports[1]", "source.ports[0]", "source.notPorts[0]")
            ],
        ),
        ("{selector: all(), types: [Ingress, Ingres, Ingress]}", ["spec.types[2]", "spec.types[1]"]),
        ("{selector: all(), types: 3}", ["spec.types"]),
        (
            "{selector: all(), ingress: [{action: Allow, http: {method: [GET], paths: [{exact: /a, regex: b}]}}]}",
            ["spec.ingress[0].http.method", "spec.ingress[0].http.paths[0].regex"],
        ),
        (
            "{selector: all(), egress: [{action: Allow, destination: {notNets: ['::/0']}}]}",
            ["spec.egress[0].destination.notNets[0]"],
        ),
    ],
)
def test_every_fault_of_a_calico_policy_is_there_once(spec: str, paths: list[str]) -> None:
    assert sorted(fault.node.path for fault in read(f"{CALICO}{spec}}}").faults) == sorted(paths)
