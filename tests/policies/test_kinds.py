"""Policies of both dialects as rules: types, peers, ports, orders."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml

from tools.findings.model import Manifest
from tools.policies.kinds import policies
from tools.policies.model import Policy


def read(text: str) -> Policy:
    body: dict[str, Any] = yaml.safe_load(text)
    meta = body.get("metadata", {})
    (policy,) = policies([Manifest("file", body["kind"], meta.get("name", ""), meta.get("namespace", ""), body)])
    return policy


def kubernetes(spec: str) -> Policy:
    return read(f"{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {spec}}}")


def calico(spec: str, kind: str = "GlobalNetworkPolicy") -> Policy:
    return read(f"{{apiVersion: projectcalico.org/v3, kind: {kind}, spec: {spec}}}")


TYPES = {
    "{}": {"Ingress"},
    "{egress: []}": {"Ingress"},
    "{egress: null}": {"Ingress"},
    "{ingress: [{}]}": {"Ingress"},
    "{policyTypes: [Egress], ingress: [{}]}": {"Egress"},
    "{policyTypes: []}": {"Ingress"},
}
CALICO_TYPES = {
    "{}": {"Ingress"},
    "{ingress: []}": {"Ingress"},
    "{egress: []}": {"Ingress"},
    "{egress: [{action: Deny}]}": {"Egress"},
    "{ingress: [], egress: [{action: Deny}]}": {"Egress"},
    "{ingress: [{action: Deny}], egress: [{action: Deny}]}": {"Ingress", "Egress"},
    "{types: [Ingress], egress: [{action: Deny}]}": {"Ingress"},
}


@pytest.mark.parametrize("spec", TYPES)
def test_kubernetes_types(spec: str) -> None:
    assert kubernetes(spec).types == TYPES[spec]


@pytest.mark.parametrize("spec", CALICO_TYPES)
def test_calico_types(spec: str) -> None:
    assert calico(spec).types == CALICO_TYPES[spec]


@pytest.mark.parametrize(
    ("spec", "order"), [("{order: 900}", 900), ("{order: 1.5}", 1.5), ("{}", math.inf), ("{order: x}", math.inf)]
)
def test_calico_order(spec: str, order: float) -> None:
    assert calico(spec).order == order


def test_kubernetes_stands_at_1000() -> None:
    assert kubernetes("{}").order == 1000


# Peer -> the networks it names, whether it is anyone, whether it is whatever is no pod.
FAR_SIDES: dict[str, tuple[list[str], bool, bool]] = {
    "{}": (["0.0.0.0/0", "::/0"], True, False),
    "{ports: [80]}": (["0.0.0.0/0", "::/0"], True, False),
    "{notNets: [10.0.0.0/8]}": (["0.0.0.0/0", "::/0"], False, False),
    "{notSelector: has(x)}": (["0.0.0.0/0", "::/0"], False, True),
    "{nets: [10.0.0.0/8], selector: has(x)}": (["10.0.0.0/8"], False, False),
    "{nets: [10.0.0.0/8, nonsense]}": (["10.0.0.0/8"], False, False),
    "{selector: all()}": ([], False, False),
    "{namespaceSelector: has(x)}": ([], False, False),
    "{serviceAccounts: {names: [x]}}": ([], False, False),
    "{domains: [x.com]}": ([], False, False),
}


@pytest.mark.parametrize("entity", FAR_SIDES)
def test_calico_far_side(entity: str) -> None:
    policy = calico(f"{{egress: [{{action: Allow, protocol: TCP, destination: {entity}}}]}}")
    (peer,) = policy.rules[0].peers
    assert ([str(block.net) for block in peer.blocks], peer.anyone, peer.non_pods) == FAR_SIDES[entity]


def test_a_namespaced_not_selector_stays_in_the_namespace() -> None:
    policy = calico("{egress: [{action: Allow, destination: {notSelector: has(x)}}]}", "NetworkPolicy")
    assert policy.rules[0].peers[0].blocks == ()


NARROWED = {
    "{action: Deny}": False,
    "{action: Deny, destination: {ports: [80]}, protocol: TCP}": False,
    "{action: Deny, source: {selector: has(x)}}": True,
    "{action: Deny, source: {ports: [80]}, protocol: TCP}": True,
    "{action: Deny, destination: {notPorts: [80]}, protocol: TCP}": True,
    "{action: Deny, ipVersion: 4}": True,
    "{action: Deny, notProtocol: TCP}": True,
}


@pytest.mark.parametrize("rule", NARROWED)
def test_calico_narrowed(rule: str) -> None:
    assert calico(f"{{egress: [{rule}]}}").rules[0].narrowed is NARROWED[rule]


def test_total_is_a_rule_that_matches_everything() -> None:
    rules = calico("{egress: [{action: Deny}, {action: Deny, protocol: TCP}, {action: Log, ipVersion: 4}]}").rules
    assert [rule.total for rule in rules] == [True, False, False]


PORTS: dict[str, list[tuple[str, int, int, str]]] = {
    "{port: 80}": [("TCP", 80, 80, "")],
    "{port: 80, endPort: 90, protocol: UDP}": [("UDP", 80, 90, "")],
    "{protocol: SCTP}": [("SCTP", 1, 65535, "")],
    "{port: http}": [("TCP", 1, 65535, "http")],
    "{port: true}": [("TCP", 1, 65535, "")],
}


@pytest.mark.parametrize("port", PORTS)
def test_kubernetes_ports(port: str) -> None:
    (rule,) = kubernetes(f"{{ingress: [{{ports: [{port}]}}]}}").rules
    assert [(item.protocol, item.first, item.last, item.name) for item in rule.ports] == PORTS[port]


CALICO_PORTS: dict[str, list[tuple[str, int, int, str]]] = {
    "{protocol: TCP, destination: {ports: [80, '81', '82:90', http]}}": [
        ("TCP", 80, 80, ""),
        ("TCP", 81, 81, ""),
        ("TCP", 82, 90, ""),
        ("TCP", 1, 65535, "http"),
    ],
    "{protocol: UDP}": [("UDP", 1, 65535, "")],
    "{protocol: 17}": [("UDP", 1, 65535, "")],
    "{protocol: '132'}": [("SCTP", 1, 65535, "")],
    "{protocol: 2}": [("2", 1, 65535, "")],
    "{}": [],
}


@pytest.mark.parametrize("rule", CALICO_PORTS)
def test_calico_ports(rule: str) -> None:
    (read_rule,) = calico(f"{{egress: [{rule}]}}").rules
    assert [(item.protocol, item.first, item.last, item.name) for item in read_rule.ports] == CALICO_PORTS[rule]
