"""Breaking production's manifests by hand: each break is found, where it was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tools.findings.model import Manifest, Severity, run
from tools.findings.stages import checks
from tools.policies.cluster import Cluster
from tools.render.chart import chart
from tools.render.own import CHART

Break = Callable[[dict[str, Any]], None]
CHECKS = (*checks("manifests"), *checks("policies"))


def drop(*path: str | int) -> Break:
    """Take a field or an item away."""

    def apply(body: dict[str, Any]) -> None:
        del _at(body, path[:-1])[path[-1]]

    return apply


def put(value: Any, *path: str | int) -> Break:
    """Write another value."""

    def apply(body: dict[str, Any]) -> None:
        _at(body, path[:-1])[path[-1]] = value

    return apply


def without(value: str, *path: str | int) -> Break:
    """Take a value out of a list."""

    def apply(body: dict[str, Any]) -> None:
        _at(body, path).remove(value)

    return apply


def _at(body: Any, path: Sequence[str | int]) -> Any:
    for key in path:
        body = body[key]
    return body


EXCEPT_IPV4 = ("spec", "egress", 1, "to", 0, "ipBlock", "except")
EXCEPT_IPV6 = ("spec", "egress", 1, "to", 1, "ipBlock", "except")
POD_LABELS = ("spec", "podSelector", "matchLabels")

# What is broken: the object (the end of its name), how, and the rule and path of what is found.
BREAKS: dict[str, tuple[str, Break, tuple[str, str]]] = {
    "the gateway's lock-down without its Deny": (
        "lockdown-gateway",
        drop("spec", "egress", 0),
        ("lock-downs-end-in-deny", "spec.egress"),
    ),
    "the proxy's lock-down without its last Deny": (
        "lockdown-proxy",
        drop("spec", "egress", -1),
        ("lock-downs-end-in-deny", "spec.egress"),
    ),
    "the proxy's last Deny narrowed to TCP": (
        "lockdown-proxy",
        put("TCP", "spec", "egress", -1, "protocol"),
        ("lock-downs-end-in-deny", "spec.egress[5]"),
    ),
    "the proxy's lock-down without the denial of private addresses": (
        "lockdown-proxy",
        drop("spec", "egress", 2),
        ("egress-leaves-out-private-addresses", "spec.egress[3].destination"),
    ),
    "a lock-down after the NetworkPolicies": (
        "lockdown-gateway",
        put(1900, "spec", "order"),
        ("calico-order-precedes-network-policies", "spec.order"),
    ),
    "a lock-down for a label that nobody has": (
        "lockdown-gateway",
        put("app == 'gateway'", "spec", "selector"),
        ("policies-select-something", "spec.selector"),
    ),
    "a lock-down for another namespace": (
        "lockdown-gateway",
        put("projectcalico.org/name == 'sark2'", "spec", "namespaceSelector"),
        ("policies-select-something", "spec.selector"),
    ),
    "the proxy's lock-down on everybody": (
        "lockdown-proxy",
        put("all()", "spec", "selector"),
        ("openings-carry-a-reason", "spec"),
    ),
    "an except range removed": (
        "egress-proxy",
        without("10.0.0.0/8", *EXCEPT_IPV4),
        ("egress-leaves-out-private-addresses", "spec.egress[1].to[0].ipBlock.cidr"),
    ),
    "the link-local range removed": (
        "egress-proxy",
        without("169.254.0.0/16", *EXCEPT_IPV4),
        ("metadata-is-unreachable", "spec.egress[1].to[0].ipBlock.cidr"),
    ),
    "Azure's address removed": (
        "egress-proxy",
        without("168.63.129.16/32", *EXCEPT_IPV4),
        ("metadata-is-unreachable", "spec.egress[1].to[0].ipBlock.cidr"),
    ),
    "multicast removed": (
        "egress-proxy",
        without("224.0.0.0/4", *EXCEPT_IPV4),
        ("egress-leaves-out-private-addresses", "spec.egress[1].to[0].ipBlock.cidr"),
    ),
    "an IPv6 except range removed": (
        "egress-proxy",
        without("fc00::/7", *EXCEPT_IPV6),
        ("egress-leaves-out-private-addresses", "spec.egress[1].to[1].ipBlock.cidr"),
    ),
    "NAT64 of a private range removed": (
        "egress-proxy",
        without("64:ff9b::a00:0/104", *EXCEPT_IPV6),
        ("egress-leaves-out-private-addresses", "spec.egress[1].to[1].ipBlock.cidr"),
    ),
    "the gateway's egress for a label that nobody has": (
        "gateway-egress",
        put("gateway", *POD_LABELS, "app.kubernetes.io/component"),
        ("policies-select-something", "spec.podSelector"),
    ),
    "a peer by a label that nobody has": (
        "gateway-egress",
        put("postgres", "spec", "egress", 1, "to", 0, "podSelector", "matchLabels", "app.kubernetes.io/component"),
        ("peers-match-somebody", "spec.egress[1].to[0]"),
    ),
    "the database for every pod of the namespace": (
        "database-access",
        put({}, "spec", "ingress", 0, "from", 0, "podSelector"),
        ("openings-carry-a-reason", "spec.ingress[0].from[0]"),
    ),
    "the database's policy on every pod": (
        "database-access",
        put({}, "spec", "podSelector"),
        ("openings-carry-a-reason", "spec"),
    ),
    "the gateway for everyone": (
        "gateway-ingress",
        drop("spec", "ingress", 0, "from"),
        ("openings-carry-a-reason", "spec.ingress[0]"),
    ),
    "DNS for everyone": (
        "gateway-egress",
        drop("spec", "egress", 0, "to"),
        ("dns-egress-is-pinned", "spec.egress[0]"),
    ),
    "DNS by UDP alone": (
        "gateway-egress",
        drop("spec", "egress", 0, "ports", 1),
        ("dns-egress-is-udp-and-tcp", "spec.egress[0].ports[0]"),
    ),
    "DNS in a namespace by a label that nobody sets": (
        "gateway-egress",
        put({"name": "kube-system"}, "spec", "egress", 0, "to", 0, "namespaceSelector", "matchLabels"),
        ("namespaces-are-found-by-name", "spec.egress[0].to[0].namespaceSelector"),
    ),
    "the gateway's egress without DNS": (
        "gateway-egress",
        drop("spec", "egress", 0),
        ("egress-isolation-leaves-dns", "spec.egress"),
    ),
    "egress that is no longer of type Egress": (
        "gateway-egress",
        put(["Ingress"], "spec", "policyTypes"),
        ("sections-are-in-force", "spec.egress"),
    ),
    "a misspelt field": (
        "gateway-egress",
        put([], "spec", "egress", 0, "too"),
        ("objects-fit-their-schema", "spec.egress[0].too"),
    ),
    "an allow by domain on open-source Calico": (
        "lockdown-gateway",
        put(
            [{"action": "Allow", "protocol": "TCP", "destination": {"domains": ["x.com"]}}, {"action": "Deny"}],
            "spec",
            "egress",
        ),
        ("calico-domains-have-an-enforcer", "spec.egress[0].destination.domains"),
    ),
}


@pytest.fixture(scope="module")
def production(rendered: Callable[[str], tuple[Manifest, ...]]) -> tuple[Manifest, ...]:
    return rendered("production")


def failing(manifests: tuple[Manifest, ...]) -> set[tuple[str, str, str]]:
    """The rule, object and path of each finding that fails a run."""
    subject = Cluster(manifests, chart(CHART).workloads or (), given=True)
    return {
        (item.rule, item.problem.where.file, item.problem.where.path)
        for item in run(CHECKS, subject)
        if item.problem.severity is not Severity.NOTE
    }


def broken(manifests: tuple[Manifest, ...], name: str, apply: Break) -> tuple[Manifest, ...]:
    """The manifests with one of them broken; its file is then called `broken`."""
    (victim,) = (item for item in manifests if item.name.endswith(f"-{name}") and item.kind.endswith("Policy"))
    body: Any = deepcopy(victim.body)
    apply(body)
    return tuple(replace(item, file="broken", body=body) if item is victim else item for item in manifests)


def test_production_is_clean(production: tuple[Manifest, ...]) -> None:
    assert failing(production) == set()


@pytest.mark.parametrize("what", BREAKS)
def test_break_is_found(what: str, production: tuple[Manifest, ...]) -> None:
    name, apply, (rule, path) = BREAKS[what]
    assert (rule, "broken", path) in failing(broken(production, name, apply))
