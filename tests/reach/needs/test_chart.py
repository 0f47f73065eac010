"""Needs beside the chart's own policies: its proxy's list, its lock-down, its NO_PROXY."""

from __future__ import annotations

import pytest

from tests.reach.needs.renders import of_needs
from tools.findings.model import Manifest
from tools.manifests.documents import manifests, parse

API = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: sark-api, namespace: sark}}
spec:
  selector: {{matchLabels: {{app.kubernetes.io/name: sark, app.kubernetes.io/component: api}}}}
  template:
    metadata: {{labels: {{app.kubernetes.io/name: sark, app.kubernetes.io/component: api}}}}
    spec: {{containers: [{{name: api, image: sark, env: [{{name: MODEL_URL, value: "{}"}}]}}]}}
"""
OPA = """
apiVersion: v1
kind: Pod
metadata: {{name: opa, namespace: sark-system, labels: {{app: opa}}}}
spec: {{containers: [{{name: opa, image: opa, args: [--set, "{}"]}}]}}
"""
LDAP = "{cidrs: [10.9.0.5/32], ports: [636], owner: identity, reason: the directory}"
BLOCK = "gateway: {extraEgress: [{to: [{ipBlock: {cidr: 10.9.0.5/32}}], ports: [{port: 636}]}]}"
TICKETS = "{name: tickets.corp.example, cidrs: [10.20.0.0/28], ports: [8080], protocol: http, owner: a, reason: b}"
OPEN = {
    "a listed name": ("", "https://api.openai.com/v1"),
    "a name on its own port": (
        "egress: {domains: [{name: a.example.com, ports: [8443]}]}",
        "https://a.example.com:8443",
    ),
    "an internal name by plain HTTP": (f"egress: {{internal: [{TICKETS}]}}", "http://tickets.corp.example:8080"),
    "any name, where names are only logged": ("egress: {mode: audit}", "https://a.example.com"),
    "an address that a NetworkPolicy opens": (BLOCK, "ldaps://10.9.0.5"),
    "an address outside, before the lock-down": (
        f"calico: {{enabled: true}}\negress: {{external: [{LDAP}]}}",
        "ldaps://10.9.0.5:636",
    ),
    "a name that may have an address that is open": (BLOCK, "ldaps://ldap.example.com"),
    "a name of Calico Enterprise": ("egress: {engine: calico-enterprise}", "https://api.openai.com"),
    "no isolation": ("gateway: {enabled: false}\ndefaultDeny: {enabled: false}", "https://a.example.com"),
    "a Service past the proxy": (f"egress: {{internal: [{TICKETS}]}}", "http://jaeger.monitoring:14268"),
    "a Service named for NO_PROXY": (
        f"egress: {{internal: [{TICKETS}]}}\nproxy: {{noProxy: [legacy-admin]}}",
        "http://legacy-admin:8001",
    ),
    "a Service without HTTP_PROXY": ("", "http://legacy-admin:8001"),
}
CLOSED: dict[str, tuple[str, str, str]] = {
    "an unlisted name": (
        "",
        "https://a.example.com",
        "MODEL_URL names https://a.example.com:443, but policies do not let Deployment sark/sark-api reach it; "
        "add to egress.domains: {name: a.example.com, ports: [443]}",
    ),
    "a listed name on another port": (
        "",
        "https://api.openai.com:8443",
        "MODEL_URL names https://api.openai.com:8443, but policies do not let Deployment sark/sark-api reach it; "
        "add to egress.domains: {name: api.openai.com, ports: [8443]}",
    ),
    "a listed name by plain HTTP": (
        "",
        "http://api.openai.com",
        "MODEL_URL names http://api.openai.com:80, but policies do not let Deployment sark/sark-api reach it; "
        "add to egress.internal: {name: api.openai.com, cidrs: […], ports: [80], protocol: http}, or call it by https",
    ),
    "a database outside": (
        "",
        "postgresql://u:secret@db.example.com/sark",
        "MODEL_URL names db.example.com:5432, but policies do not let Deployment sark/sark-api reach it; "
        "add to egress.external its addresses: {cidrs: […], ports: [5432], owner: …, reason: …}",
    ),
    "an address": (
        "",
        "ldaps://10.9.0.5",
        "MODEL_URL names 10.9.0.5:636, but policies do not let Deployment sark/sark-api reach it; "
        "add to egress.external: {cidrs: [10.9.0.5/32], ports: [636], owner: …, reason: …}",
    ),
    "an address that a NetworkPolicy opens, and the lock-down denies": (
        f"calico: {{enabled: true}}\n{BLOCK}",
        "ldaps://10.9.0.5:636",
        "MODEL_URL names 10.9.0.5:636, but policies do not let Deployment sark/sark-api reach it; "
        "add to egress.external: {cidrs: [10.9.0.5/32], ports: [636], owner: …, reason: …}",
    ),
    "an unlisted name of Calico Enterprise": (
        "egress: {engine: calico-enterprise}",
        "https://a.example.com",
        "MODEL_URL names https://a.example.com:443, but policies do not let Deployment sark/sark-api reach it; "
        "add to egress.domains: {name: a.example.com, ports: [443], workloads: […]}",
    ),
    "a Service that goes to the proxy": (
        f"egress: {{internal: [{TICKETS}]}}",
        "http://legacy-admin:8001",
        "MODEL_URL names http://legacy-admin:8001, but http_proxy of ConfigMap sark/sark-sark-network-proxy-env sends "
        "this to the proxy, which answers 403, because NO_PROXY there does not exclude legacy-admin; "
        "add legacy-admin to proxy.noProxy",
    ),
}


def workload(text: str, called: str) -> tuple[Manifest, ...]:
    """A workload that calls somebody."""
    return manifests(parse(text.format(called), "workloads.yaml"), "workloads.yaml")


@pytest.mark.parametrize("name", OPEN)
def test_what_is_open_is_no_finding(name: str) -> None:
    values, called = OPEN[name]
    assert of_needs(values, workload(API, called)) == []


@pytest.mark.parametrize("name", CLOSED)
def test_what_is_closed_is_one_finding(name: str) -> None:
    values, called, message = CLOSED[name]
    assert [of_need for _, of_need in of_needs(values, workload(API, called))] == [message]


def test_each_workload_has_a_list_of_its_own() -> None:
    listed = "egress: {domains: [{name: bundles.example.com, workloads: [opa]}]}"
    url = "services.bundle.url=https://bundles.example.com"
    assert of_needs(listed, workload(OPA, url.partition("=")[2])) == []
    assert [rule for rule, _ in of_needs("", workload(OPA, url.partition("=")[2]))] == ["called-hosts-are-reachable"]
    assert [rule for rule, _ in of_needs(listed, workload(API, "https://bundles.example.com"))] == [
        "called-hosts-are-reachable"
    ]
