"""Ranges of the values, whatever their spelling: what Helm renders of them, and what the toolkit says of them."""

import json
import subprocess
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm import template
from tools.egress.allowlist import Suffixes
from tools.manifests.files import mapping
from tools.render.helm_errors import classify
from tools.render.merge import merge
from tools.render.own import CHART
from tools.render.values import Layer
from tools.validate.__main__ import main
from tools.validate.rules.values import Listed, addresses_keep_promises, allowlist_is_sound, ranges_are_networks

BASE = mapping(CHART / "values.yaml")
PARTS = ("gateway", "frontend", "database", "cache", "opa", "kong", "kongDatabase", "migrations")


def rendered(values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return template(values, str(CHART), "-n", "sark")


def judged(values: dict[str, Any]) -> list[tuple[str, str]]:
    """What the checks of addresses and of the list say: severity, message."""
    parts = (*PARTS, *values.get("extraParts", {}))
    subject = Listed(
        "", merge(BASE, values), (Layer("f.yaml", {}, {}),), {}, "", "", parts=parts, suffixes=Suffixes.parse("")
    )
    checks = (addresses_keep_promises, allowlist_is_sound, ranges_are_networks)
    return [(problem.severity.value, problem.message) for check in checks for problem in check(subject)]


def ranges(text: str) -> list[str]:
    """Every CIDR that stands in the manifests, Envoy's configuration left out."""
    cidrs: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, str) and "/" in value:
            try:
                ip_network(value, strict=False)
            except ValueError:
                return
            cidrs.append(value)

    for body in yaml.load_all(text, yaml.CSafeLoader):
        walk(body)
    return cidrs


# Beside a range of the chart's own, within one, beyond one, of both families, with host bits, in long spelling.
WRITTEN: dict[str, Any] = {
    "cluster": {"cidrs": ["10.0.0.0/6", "2001:0DB8:00ff::1/48"], "podCidrs": ["203.0.113.9/24", "2001:db8:1:0::/64"]},
    "egress": {
        "deniedCidrs": ["192.168.0.0/13", "198.51.100.7/25", "fd00:0010::/32", "172.16.0.0/11", "10.1.0.0/16"],
        "internal": [{"name": "a.b.example", "cidrs": ["fd12:0010::1/64", "192.0.2.9/28"], "protocol": "tcp"}],
        "external": [{"cidrs": ["fd13:0010:0:0::5/128"], "ports": [636], "reason": "x"}],
    },
    "database": {"externalCidrs": ["fd14:0:0:0:0:0:0:1/127"]},
    "calico": {"enabled": True},
    "dns": {"cidrs": ["169.254.20.10/32", "FD15::0A/128"]},
}


def test_every_range_renders_as_the_network_that_it_is() -> None:
    values = {**WRITTEN, "egress": {**WRITTEN["egress"], "deniedCidrs": ["198.51.100.7/25", "172.16.0.0/11"]}}
    ran = rendered(values)
    assert ran.returncode == 0, ran.stderr
    networks = set(ranges(ran.stdout))
    assert {text for text in networks if text != str(ip_network(text, strict=False))} == set()
    assert networks >= {
        *("8.0.0.0/6", "2001:db8:ff::/48", "203.0.113.0/24", "2001:db8:1::/64", "198.51.100.0/25", "172.0.0.0/11"),
        *("fd12:10::/64", "192.0.2.0/28", "fd13:10::5/128", "fd14::/127", "169.254.20.10/32", "fd15::a/128"),
    }


@pytest.mark.parametrize(
    ("denied", "reaches"),
    [
        ("10.0.0.0/7", "11.1.1.1"),
        ("192.168.0.0/13", "192.175.255.255"),
        ("192.168.0.0/15", "192.169.0.1"),
        ("172.16.0.0/11", "172.1.1.1"),
        ("100.64.0.0/9", "100.1.1.1"),
        ("fc00::/6", "fe00::1"),
    ],
)
def test_a_range_that_begins_as_one_of_the_charts_own_and_reaches_beyond_is_denied_by_every_wall(
    denied: str, reaches: str
) -> None:
    """It is denied to the proxy by its policy, and by Envoy; the twin without it lets the address pass."""
    for given in ({"egress": {"deniedCidrs": [denied]}}, {"cluster": {"cidrs": [denied]}}):
        policies, envoy = walls(given, reaches)
        assert (policies, envoy) == (True, True)
    assert walls({}, reaches) == (False, False)


@pytest.mark.parametrize(
    ("given", "reaches"), [("203.0.113.0/24", "203.0.113.9"), ("2600:1f13:1::/56", "2600:1f13:1::9")]
)
@pytest.mark.parametrize("key", ["cidrs", "podCidrs", "serviceCidrs"])
def test_no_listed_name_leads_into_the_cluster_where_its_addresses_are_public(
    key: str, given: str, reaches: str
) -> None:
    """As those of pods are on IPv6 clusters of EKS: whoever serves a listed name could lead the proxy to a pod."""
    assert walls({"cluster": {key: [given]}}, reaches) == (True, True)
    assert walls({}, reaches) == (False, False)


def walls(values: dict[str, Any], address: str) -> tuple[bool, bool]:
    """Whether the proxy's NetworkPolicy and Envoy's configuration deny an address."""
    ran = rendered(values)
    assert ran.returncode == 0, ran.stderr
    host = ip_network(address)
    bodies = [body for body in yaml.load_all(ran.stdout, yaml.CSafeLoader) if body]
    [policy] = [
        body
        for body in bodies
        if body["metadata"]["name"].endswith("-egress-proxy") and body["kind"] == "NetworkPolicy"
    ]
    blocks = [peer["ipBlock"] for rule in policy["spec"]["egress"] for peer in rule.get("to", []) if "ipBlock" in peer]
    inside = [block for block in blocks if covers([block["cidr"]], host)]
    assert inside
    texts = [text for body in bodies if body["kind"] == "ConfigMap" for text in body["data"].values()]
    loaded = [yaml.load(text, yaml.CSafeLoader) for text in texts if "address_prefix" in text]
    return all(covers(block["except"], host) for block in inside), any(covers(nets, host) for nets in prefixes(loaded))


def covers(nets: list[str], host: Any) -> bool:
    return any(net.version == host.version and net.supernet_of(host) for net in map(ip_network, nets))


def prefixes(value: Any) -> list[list[str]]:
    """The lists of CIDR ranges in Envoy's configuration."""
    if isinstance(value, dict):
        own = [f"{value['address_prefix']}/{value['prefix_len']}"] if "address_prefix" in value else []
        return [own] * bool(own) + [prefix for item in value.values() for prefix in prefixes(item)]
    return [prefix for item in value for prefix in prefixes(item)] if isinstance(value, list) else []


def test_a_range_in_an_unusual_spelling_is_no_finding() -> None:
    for spelling in ("fd00:0010::/64", "FD00:10::/64", "fd00:10:0:0:0:0:0:0/64", "fd00:10:0::/64"):
        values = {"egress": {"internal": [{"name": "a.b.example", "cidrs": [spelling]}]}}
        assert rendered(values).returncode == 0
        assert judged(values) == []


def test_host_bits_are_one_finding_at_their_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "v.yaml"
    file.write_text('cluster: {cidrs: ["10.0.0.0/6"]}\n')
    assert main(["--values", str(file)]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if "host bits" in line]
    assert lines == [
        f"{file}:1: warning: cluster.cidrs[0]: 10.0.0.0/6 has host bits set, and means all of 8.0.0.0/6; "
        "write 8.0.0.0/6, or 10.0.0.0/32 for the one address [ranges-are-networks] (v.yaml)"
    ]


BAD = yaml.load(Path("tests/bad-values.yaml").read_text(), yaml.CSafeLoader)["values"]
OF_ADDRESSES = [
    case["values"]
    for case in BAD
    if any(
        words in case["says"]
        for words in ("reaches", "meets", "opens all of", "no DNS server", "is in the list already")
    )
    and "egress.domains" not in case["says"]
    and "extraDomains" not in case["says"]
]


@pytest.mark.parametrize("values", OF_ADDRESSES, ids=lambda values: json.dumps(values)[:70])
def test_helm_and_the_toolkit_say_the_same_of_an_address(values: dict[str, Any]) -> None:
    refused = classify(rendered(values).stderr)
    assert refused.kind == "template"
    assert ("error", refused.message) in [(severity, message) for severity, message in judged(values)]


@pytest.mark.parametrize(
    "values",
    [
        {"cluster": {"cidrs": ["10.96.0.0/12"]}, "opa": {"extraEgress": [
            {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}]}},
        {"cluster": {"cidrs": ["10.96.0.0/12"]}, "opa": {"extraEgress": [
            {"to": [{"ipBlock": {"cidr": "11.0.0.0/8"}}]}]}},
        {"cluster": {"podCidrs": ["10.244.0.0/16"]}, "database": {"externalCidrs": ["10.245.0.0/16"]}},
        {"egress": {"external": [{"cidrs": ["fd00::5/128"], "ports": [636], "reason": "x"},
                                 {"cidrs": ["fd00::5/128"], "ports": [636], "protocol": "udp", "reason": "x"},
                                 {"cidrs": ["fd00:5::/128"], "ports": [636], "reason": "x"}]}},
        {"proxy": {"resolvers": ["169.254.20.10", "10.96.0.10", "fd00:10:96::a", "169.254.169.253"]}},
        {"opa": {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"},
                                                      {"key": "x", "operator": "DoesNotExist"}]}}},
    ],
    ids=lambda values: json.dumps(values)[:70],
)  # fmt: skip
def test_their_good_twins_render_and_are_clean(values: dict[str, Any]) -> None:
    ran = rendered(values)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert judged(values) == []


def test_an_address_of_the_cluster_in_extra_egress_is_a_warning() -> None:
    values = {
        "cluster": {"cidrs": ["10.96.0.0/12"]},
        "gateway": {"extraEgress": [{"to": [{"ipBlock": {"cidr": "10.96.0.1/32"}}]}]},
    }
    assert rendered(values).returncode == 0
    assert judged(values) == [
        (
            "warning",
            "gateway.extraEgress[0].to[0].ipBlock.cidr: 10.96.0.1/32 lies in 10.96.0.0/12 of cluster.cidrs[0]: "
            "addresses of pods change; write a podSelector",
        )
    ]


@pytest.mark.parametrize(
    "selector", ["{matchLabels: {}}", "{}", "{matchExpressions: []}", "{matchLabels: {}, matchExpressions: []}"]
)
def test_an_mcp_server_whose_selector_means_every_pod_is_reported(
    selector: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "v.yaml"
    file.write_text(f"gateway: {{egress: {{mcpServers: [{{podSelector: {selector}, ports: [8080]}}]}}}}\n")
    assert main(["--values", str(file)]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if "openings-carry-a-reason" in line]
    assert len(lines) == 1
    assert "every pod of the namespace is let out; name the peers, or annotate why: sark-network/open" in lines[0]


def test_a_refusal_names_the_file_of_refusals_whatever_part_of_the_chart_reads_it() -> None:
    refused: tuple[dict[str, Any], ...] = (
        {"egress": {"domains": ["*.co.uk"]}},
        {"egress": {"external": [{"cidrs": ["10.9.0.5/32"], "ports": [636]}]}},
        {"extraParts": {"vault": {}}},
        {"gateway": {"callers": ["api"]}},
        {"proxy": {"resolvers": ["127.0.0.1"]}},
        {"database": {"externalCidrs": ["169.0.0.0/8"]}},
    )
    for values in refused:
        assert classify(rendered(values).stderr).where.file == "templates/values/refused.yaml"


def test_what_helm_refuses_in_the_words_of_a_check_is_one_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "v.yaml"
    file.write_text("proxy: {resolvers: [127.0.0.1]}\n")
    assert main(["--values", str(file)]) == 1
    out = capsys.readouterr().out
    assert out.count("is in 127.0.0.0/8 (loopback), and no DNS server") == 1
    assert "not run: render, manifests, policies, egress, flows, envoy (v.yaml): Helm refused the values" in out
