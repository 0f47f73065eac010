"""The DNS guard's objects: what each says by itself, and that ports stay where they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doc_runs import rendered_notes
from tests.proxy.proxy import objects

GUARD: dict[str, Any] = {"enabled": True, "steering": {"enabled": True}}
LIST = {"domains": ["*.openai.com", {"name": "mcp.partner.example", "ports": [8443]}]}


def services(values: dict[str, Any]) -> dict[str, dict[int, int]]:
    """The ports of the Services that are one part's: of the Service, and of the pods."""
    return {
        it["metadata"]["name"]: {port["port"]: port["targetPort"] for port in it["spec"]["ports"]}
        for it in objects(values)
        if it["kind"] == "Service" and "sark-network/workload" in it["metadata"]["labels"]
    }


def test_no_port_moves_when_a_part_or_a_listed_port_comes() -> None:
    before = services({"dnsGuard": GUARD, "egress": LIST})
    part = {"podSelector": {"matchLabels": {"app": "importer"}}, "calls": ["database"]}
    listed = [*LIST["domains"], {"name": "a.example.com", "ports": [80, 6443]}]
    after = services({"dnsGuard": GUARD, "egress": {"domains": listed}, "extraParts": {"importer": part}})
    assert before
    assert {name: {port: after[name][port] for port in ports} for name, ports in before.items()} == before
    assert "sark-sark-network-dns-importer" in after


def test_ports_are_each_their_own() -> None:
    parts = {f"part-{number}": {"podSelector": {"matchLabels": {"app": f"p{number}"}}} for number in range(60)}
    every = {name: {**part, "calls": ["database"]} for name, part in parts.items()}
    dns_ports = [
        ports[53] for name, ports in services({"dnsGuard": GUARD, "extraParts": every}).items() if "-dns-" in name
    ]
    assert len(dns_ports) > 60
    assert len(set(dns_ports)) == len(dns_ports)
    assert all(10_000 <= port < 20_000 for port in dns_ports)


def deployment(values: dict[str, Any]) -> dict[str, Any]:
    """The guard's."""
    return next(it for it in objects(values) if it["kind"] == "Deployment" and "dns-guard" in it["metadata"]["name"])


def test_its_pods_hold_no_token_and_no_right_but_the_one_that_the_image_needs() -> None:
    spec = deployment({"dnsGuard": GUARD})["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert (spec["automountServiceAccountToken"], spec["dnsPolicy"], spec["enableServiceLinks"]) == (
        False,
        "ClusterFirst",
        False,
    )
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
    }
    assert all(port["containerPort"] > 1024 for port in container["ports"])


def test_a_digest_is_what_is_pulled() -> None:
    digest = "sha256:" + "0" * 64
    pod = deployment({"dnsGuard": {**GUARD, "image": {"digest": digest}}})["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == f"coredns/coredns@{digest}"


def dns_peers(values: dict[str, Any]) -> list[str]:
    """Whom the gateway may ask, by the rules of its policy that have a port for UDP."""
    policy = next(it for it in objects(values) if it["metadata"]["name"] == "sark-sark-network-gateway-egress")
    rules = [rule for rule in policy["spec"]["egress"] if any(port["protocol"] == "UDP" for port in rule["ports"])]
    labels = [peer["podSelector"]["matchLabels"] for rule in rules for peer in rule["to"] if "podSelector" in peer]
    return [label.get("app.kubernetes.io/component") or label["k8s-app"] for label in labels]


def test_cluster_dns_is_closed_unless_values_keep_it_open() -> None:
    assert dns_peers({}) == ["kube-dns"]
    assert dns_peers({"dnsGuard": {"enabled": True}}) == ["dns-guard"]
    assert dns_peers({"dnsGuard": {"enabled": True, "exclusive": False}}) == ["dns-guard", "kube-dns"]


def lockdown(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules of the gateway's lock-down."""
    lockdown_policy = next(it for it in objects(values) if it["metadata"]["name"].endswith("-lockdown-gateway"))
    rules: list[dict[str, Any]] = lockdown_policy["spec"]["egress"]
    return rules


def test_the_lock_down_closes_port_53_behind_what_values_open_by_address() -> None:
    peer = {"cidrs": ["10.20.0.53/32"], "ports": [53], "protocol": "udp", "reason": "a company's own resolver"}
    values = {
        "calico": {"enabled": True},
        "dns": {"ports": [53, 5353], "cidrs": ["169.254.20.10/32"]},
        "egress": {"external": [peer]},
    }
    first, udp, tcp, *_ = lockdown({**values, "dnsGuard": {"enabled": True}})
    assert (first["action"], first["destination"]["nets"]) == ("Allow", ["10.20.0.53/32"])
    assert [(it["action"], it["protocol"], it["destination"]) for it in (udp, tcp)] == [
        ("Deny", "UDP", {"ports": [53, 5353]}),
        ("Deny", "TCP", {"ports": [53, 5353]}),
    ]
    open_still = lockdown({**values, "dnsGuard": {"enabled": True, "exclusive": False}})
    assert [it["action"] for it in open_still[:3]] == ["Allow", "Allow", "Allow"]
    assert {"ports": [53, 5353]} not in [it["destination"] for it in open_still]


def test_notes_show_the_lines_that_pods_need() -> None:
    text = rendered_notes({"dnsGuard": {**GUARD, "addresses": {"gateway": "10.96.0.201"}}})
    assert (
        'gateway: dnsPolicy: "None", dnsConfig: {nameservers: [10.96.0.201], searches: [sark.svc.cluster.local, '
        'svc.cluster.local, cluster.local], options: [{name: ndots, value: "5"}]}'
    ) in text
    assert "frontend: kubectl -n sark get service sark-sark-network-dns-frontend -o jsonpath=" in text
    assert "CLUSTER DNS IS OPEN" not in text
    assert "CLUSTER DNS IS OPEN TOO" in rendered_notes({"dnsGuard": {**GUARD, "exclusive": False}})


def test_notes_say_what_is_not_steered() -> None:
    internal = [{"name": "db.corp.example", "cidrs": ["10.20.0.1/32"], "ports": [443], "protocol": "tcp"}]
    text = rendered_notes({"dnsGuard": GUARD, "egress": {"strict": False, "internal": internal}})
    assert "NOT STEERED: egress.internal[0]: db.corp.example, port 443 of gateway, has protocol tcp" in text


INJECTED = {"gateway": "10.96.0.201", "frontend": "10.96.0.202"}


@pytest.mark.parametrize(
    ("values", "says", "never"),
    [
        ({}, ["SARK's pods use the proxy once they have its address:", "| grep '\"denied\"'"], ["DNS guard"]),
        (
            {"dnsGuard": GUARD},
            ["Pods that ask the DNS guard reach listed names without knowing of the proxy.", "and listed names with"],
            ["SARK's pods use the proxy once", "cluster DNS"],
        ),
        (
            {"dnsGuard": {**GUARD, "addresses": INJECTED, "inject": {"enabled": True}}},
            ["The API server writes the proxy's address into new pods.", "The API server writes its address into new"],
            ["SARK's pods use the proxy once"],
        ),
        (
            {"dnsGuard": {"enabled": True}, "egress": {"mode": "audit"}},
            ["in audit it asks cluster DNS for every other name.", "What enforce would deny", "| grep '\"audit\"'"],
            ["What was denied", "with the proxy's address"],
        ),
        (
            {"dnsGuard": GUARD, "egress": {"mode": "audit"}},
            ["in audit every other name: for parts on the list with the proxy's address, for others by cluster DNS."],
            ["What was denied", "and listed names with"],
        ),
    ],
    ids=["alone", "steered", "injected", "audit", "audit, steered"],
)
def test_notes_tell_of_the_ways_that_are_there(values: dict[str, Any], says: list[str], never: list[str]) -> None:
    text = rendered_notes(values)
    assert [words for words in says if words not in text] == []
    assert [words for words in never if words in text] == []
