"""What the chart renders: names, switches, addresses, and how a user overrides the list."""

import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm import helm

CHART = "charts/sark-network"
ENVIRONMENTS = sorted(path.name.removesuffix("-values.yaml") for path in Path(CHART, "ci").glob("*-values.yaml"))


def template(
    values: dict[str, Any] | None = None,
    *flags: str,
    release: str = "sark",
    namespace: str = "sark",
) -> list[dict[str, Any]]:
    """The objects that `helm template` prints; an AssertionError with Helm's words when it refuses."""
    ran = helm(
        ["template", release, CHART, "-n", namespace, "--kube-version", "1.34.0", "-f", "-", *flags], values or {}
    )
    assert ran.returncode == 0, ran.stderr
    return [body for body in yaml.load_all(ran.stdout, yaml.CSafeLoader) if body]


def find_one(objects: Sequence[dict[str, Any]], kind: str, ending: str) -> dict[str, Any]:
    [body_found] = [body for body in objects if body["kind"] == kind and body["metadata"]["name"].endswith(ending)]
    return body_found


def names(objects: Sequence[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"]) for o in objects}


def selectors(objects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {o["metadata"]["name"]: o["spec"]["podSelector"] for o in objects if o["kind"] == "NetworkPolicy"}


def test_set_replaces_the_list() -> None:
    objects = template(None, "--set", "egress.domains={a.example.com,*.b.example.com}")
    text = json.dumps([o for o in objects if o["kind"] == "ConfigMap"])
    assert "a.example.com" in text
    assert "*.b.example.com" in text
    assert "openai" not in text


def test_extra_domains_are_added() -> None:
    text = json.dumps(template({"egress": {"extraDomains": ["a.example.com"]}}))
    assert "a.example.com" in text
    assert "*.openai.com" in text


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_two_releases_share_no_name(environment: str) -> None:
    values = yaml.safe_load(Path(CHART, "ci", f"{environment}-values.yaml").read_text())
    first_names = names(template(values, release="c", namespace="a-b"))
    for release, namespace in (("b-c", "a"), ("c2", "a-b"), ("c", "a")):
        assert not first_names & names(template(values, release=release, namespace=namespace))


def test_long_release_names_stay_legal_and_apart() -> None:
    first, second = ("r" * 52 + "1", "r" * 52 + "2")
    names_of_first, two = names(template(release=first)), names(template(release=second))
    assert not names_of_first & two
    for kind, _, name in names_of_first:
        assert len(name) <= (253 if kind == "GlobalNetworkPolicy" else 63)


@pytest.mark.parametrize("environment", [*ENVIRONMENTS, ""])
def test_every_object_carries_the_release(environment: str) -> None:
    values = yaml.safe_load(Path(CHART, "ci", f"{environment}-values.yaml").read_text()) if environment else {}
    values["commonLabels"], values["commonAnnotations"] = {"team": "x"}, {"note": "y"}
    for body in template(values):
        assert body["metadata"]["labels"]["app.kubernetes.io/instance"] == "sark"
        assert body["metadata"]["labels"]["team"] == "x"
        assert body["metadata"]["annotations"]["note"] == "y"


@pytest.mark.parametrize(
    ("part", "policies"),
    [
        ("gateway", {"gateway-ingress", "gateway-egress"}),
        ("database", {"database-access"}),
        ("cache", {"redis-access"}),
        ("opa", {"opa-access"}),
        ("defaultDeny", {"default-deny"}),
    ],
)
def test_each_part_switches_off_its_own_policies_alone(part: str, policies: set[str]) -> None:
    here = {"opa": {"namespace": ""}}
    everything = selectors(template(here))
    without = selectors(template({**here, part: {**here.get(part, {}), "enabled": False}}))
    assert everything.keys() - without.keys() == {f"sark-sark-network-{policy}" for policy in policies}
    assert not without.keys() - everything.keys()


@pytest.mark.parametrize("environment", [*ENVIRONMENTS, ""])
def test_egress_off_leaves_no_engine(environment: str) -> None:
    values = yaml.safe_load(Path(CHART, "ci", f"{environment}-values.yaml").read_text()) if environment else {}
    values.setdefault("egress", {})["enabled"] = False
    # Who may give pods their labels, and who answers names, is no engine's business.
    values.pop("admission", None)
    values.pop("dnsGuard", None)
    assert {o["kind"] for o in template(values)} == {"NetworkPolicy"}
    assert "egress-proxy" not in json.dumps(template(values))


def test_a_selector_replaces_the_default_whole() -> None:
    chosen = {"matchLabels": {"app": "my-gateway"}}
    policies = selectors(template({"gateway": {"podSelector": chosen}}))
    assert policies["sark-sark-network-gateway-egress"] == chosen
    assert policies["sark-sark-network-gateway-ingress"] == chosen


def test_calico_selector_says_what_the_label_selector_says() -> None:
    chosen = {
        "matchLabels": {"app": "x", "tier": ""},
        "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["1", "2"]},
            {"key": "b", "operator": "NotIn", "values": ["3"]},
            {"key": "c", "operator": "Exists"},
            {"key": "d/e", "operator": "DoesNotExist"},
        ],
    }
    objects = template({"calico": {"enabled": True}, "gateway": {"podSelector": chosen}})
    assert find_one(objects, "GlobalNetworkPolicy", "lockdown-gateway")["spec"]["selector"] == (
        "app == 'x' && tier == '' && a in {'1', '2'} && b not in {'3'} && has(c) && !has(d/e)"
    )


def denied(values: dict[str, Any] | None = None) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """What the proxy's NetworkPolicy leaves out of the two families' whole space."""
    policy = find_one(template(values), "NetworkPolicy", "egress-proxy")
    blocks = [peer["ipBlock"] for rule in policy["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer]
    assert [block["cidr"] for block in blocks] == ["0.0.0.0/0", "::/0"]
    return [ipaddress.ip_network(cidr) for block in blocks for cidr in block["except"]]


HOSTILE = (
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "127.0.0.1", "0.0.0.0",
    "169.254.169.254",
    "169.254.170.2", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "168.63.129.16", "100.100.100.200",
    "::", "::1", "::10.0.0.1", "fd00::1", "fc00::1", "fe80::1", "fec0::1",
    "ff02::1",
    "fd00:ec2::254", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:a00:1::",
    "2002:a9fe:a9fe::1", "2002:7f00:1::", "2001::1", "100::1",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "203.0.113.10", "172.32.0.1", "11.0.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::1")


def test_what_is_private_in_any_spelling_is_denied() -> None:
    blocks = denied()
    for address in HOSTILE:
        assert any(ipaddress.ip_address(address) in block for block in blocks), address
    for address in PUBLIC:
        assert not any(ipaddress.ip_address(address) in block for block in blocks), address


def test_no_policy_holds_an_ipv4_mapped_range_which_kubernetes_and_calico_refuse() -> None:
    text = json.dumps(template({"calico": {"enabled": True}}))
    policies = [it for it in json.loads(text) if it["kind"] in ("NetworkPolicy", "GlobalNetworkPolicy")]
    assert "::ffff:" not in json.dumps(policies)


def test_the_clusters_own_public_addresses_are_denied() -> None:
    values = {"cluster": {"cidrs": ["203.0.113.0/28", "2001:db8:1::/48"]}, "egress": {"deniedCidrs": ["8.8.8.0/24"]}}
    blocks = denied(values)
    for address in ("203.0.113.10", "2001:db8:1::5", "8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"):
        assert any(ipaddress.ip_address(address) in block for block in blocks), address


def test_the_lockdown_on_calico_denies_what_is_no_pod_and_stands_before_network_policies() -> None:
    objects = template({"calico": {"enabled": True}})
    for part in ("gateway", "database", "cache", "opa"):
        spec = find_one(objects, "GlobalNetworkPolicy", f"lockdown-{part}")["spec"]
        assert spec["order"] < 1000
        assert spec["types"] == ["Egress"]
        assert spec["egress"] == [
            {"action": "Deny", "destination": {"notSelector": "projectcalico.org/orchestrator == 'k8s'"}}
        ]


def test_managed_services_outside_are_opened_in_both_policies() -> None:
    values = {
        "calico": {"enabled": True},
        "database": {"enabled": False, "externalCidrs": ["10.9.0.0/28"]},
        "dns": {"cidrs": ["169.254.20.10/32"]},
    }
    objects = template(values)
    egress = find_one(objects, "NetworkPolicy", "gateway-egress")["spec"]["egress"]
    assert {
        "to": [{"ipBlock": {"cidr": "10.9.0.0/28"}}],
        "ports": [{"protocol": "TCP", "port": 5432}],
    } in egress
    rules = find_one(objects, "GlobalNetworkPolicy", "lockdown-gateway")["spec"]["egress"]
    assert {
        "action": "Allow",
        "protocol": "TCP",
        "destination": {"nets": ["10.9.0.0/28"], "ports": [5432]},
    } in rules
    assert [rule["protocol"] for rule in rules if rule.get("destination", {}).get("ports") == [53]] == ["UDP", "TCP"]


def test_without_egress_rules_a_part_may_call_nobody() -> None:
    spec = find_one(template(), "NetworkPolicy", "database-access")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "egress" not in spec


def test_a_cluster_without_calicos_api_is_told_before_anything_is_applied() -> None:
    with pytest.raises(AssertionError, match=r"calico.enabled is true, but this cluster does not serve"):
        template({"calico": {"enabled": True}, "opa": {"namespace": ""}}, "--api-versions", "apiregistration.k8s.io/v1")


def test_an_old_cluster_is_refused_and_no_cluster_is_not() -> None:
    def notices(*flags: str) -> tuple[int, str]:
        ran = helm(["template", "sark", CHART, "--set", "opa.namespace=", *flags])
        return ran.returncode, ran.stderr

    connected = ("--api-versions", "apiregistration.k8s.io/v1", "--kube-version")
    assert notices() == (0, "")
    assert notices(*connected, "1.25.0") == (0, "")
    code, text = notices(*connected, "1.24.9")
    assert code == 1
    assert "this cluster is Kubernetes v1.24.9, and the chart needs 1.25 or newer" in text


def test_audit_opens_the_proxys_ports_and_no_private_address() -> None:
    policy = find_one(template({"egress": {"mode": "audit"}}), "NetworkPolicy", "egress-proxy")
    [public] = [rule for rule in policy["spec"]["egress"] if "ipBlock" in rule["to"][0]]
    assert "ports" not in public
    assert "10.0.0.0/8" in public["to"][0]["ipBlock"]["except"]
