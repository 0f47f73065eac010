"""One allowlist, many engines: what each engine's manifests say, read back, is the list that they were made from."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.egress.allowlist import AllowRule, Suffixes, everything, parse_values
from tools.egress.engines import ENGINES, engine
from tools.egress.envoy.decode import decode as decode_proxy
from tools.egress.envoy.decode import denied
from tools.egress.rules import Egress, proxy_refuses_private_addresses
from tools.findings.model import Manifest
from tools.render.helm_errors import RenderError
from tools.render.template import render

CHART = Path("charts/sark-network")
SUFFIXES = Suffixes.parse((CHART / "files/public-suffixes.txt").read_text())
WORKLOADS = ("gateway", "database", "cache", "opa")


STEERING = {"enabled": True, "steering": {"enabled": True}}


def rendered(egress: dict[str, Any], *, steering: bool = False) -> tuple[Manifest, ...]:
    text = asyncio.run(render(CHART, {"egress": egress, **({"dnsGuard": STEERING} if steering else {})}))
    return tuple(
        Manifest("", body["kind"], body["metadata"]["name"], body["metadata"].get("namespace", ""), body)
        for body in yaml.load_all(text, yaml.CSafeLoader)
        if body
    )


def rules(egress: dict[str, Any]) -> frozenset[AllowRule]:
    listed, problems = parse_values({"egress": egress}, suffixes=SUFFIXES)
    assert problems == ()
    return listed.rules


LISTS: dict[str, dict[str, Any]] = {
    "empty": {"domains": []},
    "defaults": {"domains": ["*.openai.com", "*.anthropic.com"]},
    "ports": {"domains": ["api.openai.com", {"name": "mcp.partner.example", "ports": [8443, 443]}]},
    "upper case": {"domains": ["API.OpenAI.com"]},
    "workloads": {
        "domains": ["a.example.com", {"name": "b.example.com", "workloads": ["opa"]}],
        "extraDomains": [{"name": "*.c.example.com", "ports": [9443], "workloads": ["gateway", "database", "cache"]}],
    },
    "a name below a wildcard on another port": {
        "domains": ["*.example.com", {"name": "mcp.example.com", "ports": [443, 8443]}]
    },
    "internal": {
        "domains": ["*.partner.example"],
        "strict": False,
        "internal": [
            {"name": "mcp.internal.example", "cidrs": ["10.20.0.10/32", "fd00:20::10/128"]},
            {"name": "*.tls.internal.example", "cidrs": ["10.30.0.0/24"], "ports": [443, 6443]},
            {"name": "web.internal.example", "cidrs": ["10.20.0.11/32"], "ports": [80, 8080], "protocol": "http"},
            {"name": "ldap.internal.example", "cidrs": ["10.20.0.12/32"], "ports": [636], "protocol": "tcp"},
            {"name": "opa.internal.example", "cidrs": ["10.20.0.13/32"], "workloads": ["opa"]},
        ],
    },
}


@pytest.mark.parametrize("name", [engine_row.name for engine_row in ENGINES])
@pytest.mark.parametrize("case", LISTS)
def test_decode_gives_back_the_list(name: str, case: str) -> None:
    known_engine = engine(name)
    assert known_engine
    assert known_engine.decode(rendered({"engine": name, **LISTS[case]})) == rules(LISTS[case])


@pytest.mark.parametrize("name", [engine_row.name for engine_row in ENGINES])
def test_audit_decodes_to_the_list_and_everything(name: str) -> None:
    known_engine = engine(name)
    assert known_engine
    egress = {"domains": ["*.openai.com", {"name": "b.example.com", "workloads": ["opa"]}]}
    decoded = known_engine.decode(rendered({"engine": name, "mode": "audit", **egress}))
    assert decoded == rules(egress) | {everything("gateway"), everything("opa")}


@pytest.mark.parametrize("name", [engine_row.name for engine_row in ENGINES])
@pytest.mark.parametrize("seed", range(6))
def test_decode_gives_back_random_lists(name: str, seed: int) -> None:
    known_engine, draw = engine(name), random.Random(seed)
    assert known_engine
    egress = {"domains": [random_entry(draw, index) for index in range(draw.randrange(1, 40))]}
    assert known_engine.decode(rendered({"engine": name, **egress})) == rules(egress)


def random_entry(draw: random.Random, index: int) -> Any:
    """A name that no other index covers, with ports and workloads of its own, or as a plain string."""
    labels = [f"n{index}", *("".join(draw.choices("abc", k=3)) for _ in range(draw.randrange(3)))]
    name = ("*." if draw.random() < 0.4 else "") + ".".join(reversed(labels)) + f".d{index}.example"
    if draw.random() < 0.3:
        return name
    return {
        "name": name,
        "ports": sorted(draw.sample((443, 8443, 9443, 6443), draw.randrange(1, 4))),
        "workloads": sorted(draw.sample(WORKLOADS, draw.randrange(1, 4))),
    }


@pytest.mark.parametrize("name", LISTS)
def test_what_is_steered_is_the_list_and_no_more(name: str) -> None:
    assert decode_proxy(rendered(LISTS[name], steering=True)) == rules(LISTS[name])


@pytest.mark.parametrize("name", LISTS)
def test_what_is_steered_reaches_no_address_that_a_tunnel_does_not(name: str) -> None:
    assert denied(rendered(LISTS[name], steering=True)) == denied(rendered(LISTS[name]))
    public = any(rule.cidrs == () for rule in rules(LISTS[name]))
    assert (denied(rendered(LISTS[name])) != ("0.0.0.0/0", "::/0")) == public


def test_what_is_steered_in_audit_is_everything() -> None:
    egress = {"domains": ["*.openai.com", {"name": "b.example.com", "workloads": ["opa"]}]}
    decoded = decode_proxy(rendered({"mode": "audit", **egress}, steering=True))
    assert decoded == rules(egress) | {everything("gateway"), everything("opa")}


Resources = dict[str, Any]
HOLES: dict[str, Callable[[str, Resources], None]] = {}


def hole(change: Callable[[str, Resources], None]) -> Callable[[str, Resources], None]:
    """A change to one Envoy resource (its kind, its body) that opens a way out."""
    HOLES[change.__name__] = change
    return change


@hole
def unlisted_names_are_tunnelled(kind: str, body: Resources) -> None:
    if kind == "RouteConfiguration" and body["name"] == "gateway":
        [last] = [host for host in body["virtual_hosts"] if host["domains"] == ["*"]]
        last["routes"] = body["virtual_hosts"][0]["routes"]


@hole
def a_default_chain_takes_any_server_name(kind: str, body: Resources) -> None:
    if kind == "Listener" and body["name"].startswith("names-"):
        body["default_filter_chain"] = {"filters": body["filter_chains"][0]["filters"]}


@hole
def a_chain_without_a_name_takes_any_server_name(kind: str, body: Resources) -> None:
    if kind == "Listener" and body["name"].startswith("names-"):
        del body["filter_chains"][0]["filter_chain_match"]


@hole
def no_address_is_refused(kind: str, body: Resources) -> None:
    if kind == "Cluster" and body["name"] == "public":
        del body["cluster_type"]["typed_config"]["dns_cache_config"]["resolved_address_filter"]


@hole
def a_chain_connects_by_another_cluster(kind: str, body: Resources) -> None:
    if kind == "Listener" and body["name"].startswith("names-"):
        body["filter_chains"][0]["filters"][-1]["typed_config"]["cluster"] = "elsewhere"


@hole
def a_chain_resolves_what_the_client_asked_for(kind: str, body: Resources) -> None:
    if kind == "Listener" and body["name"].startswith("names-"):
        host = {"text_format_source": {"inline_string": "%FILTER_STATE(sark.host:PLAIN)%"}}
        state = {"object_key": "envoy.upstream.dynamic_host", "format_string": host}
        body["filter_chains"][0]["filters"].insert(0, {"typed_config": {"on_new_connection": [state]}})


@pytest.mark.parametrize("name", HOLES)
def test_a_hole_in_envoys_configuration_decodes_to_everything(name: str) -> None:
    manifests = rendered({"domains": ["a.example.com", "*.b.example.com"]})
    changed = reconfigured(manifests, HOLES[name])
    assert everything("gateway") not in decode_proxy(manifests)
    assert everything("gateway") in decode_proxy(changed)


STEERED_HOLES = [name for name in HOLES if name.startswith("a_")]


@pytest.mark.parametrize("name", STEERED_HOLES)
def test_a_hole_in_what_is_steered_decodes_to_everything(name: str) -> None:
    """The same changes, made to the listeners that take steered connections instead of those behind CONNECT."""

    def change(kind: str, body: Resources) -> None:
        if kind == "Listener" and body["name"] == "steered-gateway-443":
            HOLES[name](kind, as_inner := {**body, "name": "names-gateway-443"})
            body.clear()
            body.update({**as_inner, "name": "steered-gateway-443"})

    manifests = rendered({"domains": ["a.example.com", "*.b.example.com"]}, steering=True)
    assert len(STEERED_HOLES) == 4
    assert everything("gateway") not in decode_proxy(manifests)
    assert everything("gateway") in decode_proxy(reconfigured(manifests, change))


@pytest.mark.parametrize("cluster", ["public", "elsewhere"])
def test_a_chain_of_clients_that_leads_past_the_server_names_decodes_to_everything(cluster: str) -> None:
    """One of sixteen is enough: clients come to it by a hash of their address."""

    def change(kind: str, body: Resources) -> None:
        if kind == "Listener" and body["name"] == "gateway/443":
            chain = json.loads(json.dumps(body["filter_chains"][11]))
            chain["filters"][-1]["typed_config"]["cluster"] = cluster
            body["filter_chains"][11] = chain

    manifests = rendered({"domains": ["a.example.com", "*.b.example.com"]}, steering=True)
    assert everything("gateway") not in decode_proxy(manifests)
    assert everything("gateway") in decode_proxy(reconfigured(manifests, change))


def test_a_name_that_only_the_server_names_hold_is_read() -> None:
    def widen(kind: str, body: Resources) -> None:
        if kind == "Listener" and body["name"].startswith("names-"):
            body["filter_chains"][0]["filter_chain_match"]["server_names"].append("evil.test")

    changed = reconfigured(rendered({"domains": ["a.example.com"]}), widen)
    assert decode_proxy(changed) == {AllowRule("gateway", "a.example.com", 443), AllowRule("gateway", "evil.test", 443)}


def test_a_range_that_is_no_longer_refused_is_named() -> None:
    def narrow(kind: str, body: Resources) -> None:
        if kind == "Cluster" and body["name"] == "public":
            given = body["cluster_type"]["typed_config"]["dns_cache_config"]["resolved_address_filter"]
            given["ranges"] = [net for net in given["ranges"] if net["address_prefix"] != "169.254.0.0"]

    manifests = rendered({"domains": ["a.example.com"]})
    listed, _ = parse_values({"egress": {"domains": ["a.example.com"]}}, suffixes=SUFFIXES)
    whole = Egress("proxy", "enforce", True, listed, manifests, datetime(2026, 1, 1, tzinfo=UTC))
    assert not list(proxy_refuses_private_addresses(whole))
    assert [
        p.message for p in proxy_refuses_private_addresses(replace(whole, manifests=reconfigured(manifests, narrow)))
    ] == ["the proxy connects to 169.254.0.0/16 when a listed name says so"]


@pytest.mark.parametrize("name", ["empty", "only internal", "expired"])
def test_a_list_without_public_names_refuses_every_address(name: str) -> None:
    """No way leads to a public address then; manifests without a configuration to read are no such list."""
    lists: dict[str, dict[str, Any]] = {
        "empty": {"domains": []},
        "only internal": {"domains": [], "internal": [{"name": "mcp.corp.example", "cidrs": ["10.20.0.10/32"]}]},
        "expired": {"domains": [{"name": "a.example.com", "expires": "2020-01-01"}]},
    }
    manifests = rendered(lists[name])
    listed, _ = parse_values({"egress": lists[name]}, suffixes=SUFFIXES)
    egress = Egress("proxy", "enforce", True, listed, manifests, datetime(2026, 1, 1, tzinfo=UTC))
    assert denied(manifests) == ("0.0.0.0/0", "::/0")
    assert not list(proxy_refuses_private_addresses(egress))
    assert denied(()) == ()
    assert len(list(proxy_refuses_private_addresses(replace(egress, manifests=())))) > 10


def reconfigured(manifests: tuple[Manifest, ...], change: Callable[[str, Resources], None]) -> tuple[Manifest, ...]:
    """The manifests with `change` made to each Envoy resource in their ConfigMaps."""

    def file(text: str) -> str:
        body = yaml.load(text, yaml.CSafeLoader)
        for resource in body.get("resources", ()):
            change(resource["@type"].rpartition(".")[2], resource)
        return yaml.safe_dump(body)

    def edited(manifest: Manifest) -> Manifest:
        data = manifest.body.get("data", {})
        files = {key: file(text) if key.endswith(".yaml") else text for key, text in data.items()}
        return replace(manifest, body={**manifest.body, "data": files})

    return tuple(edited(manifest) if manifest.kind == "ConfigMap" else manifest for manifest in manifests)


def test_a_dropped_final_deny_decodes_to_everything() -> None:
    manifests = rendered({"engine": "calico-enterprise", "domains": ["a.example.com"]})
    for manifest in manifests:
        if manifest.kind == "GlobalNetworkPolicy":
            manifest.body["spec"]["egress"].pop()
    known_engine = engine("calico-enterprise")
    assert known_engine
    assert everything("gateway") in known_engine.decode(manifests)


def test_a_pruned_domains_field_decodes_to_everything() -> None:
    """What open-source Calico stores of a domain rule is an allow of everything."""
    manifests = rendered({"engine": "calico-enterprise", "domains": ["a.example.com"]})
    for manifest in manifests:
        for rule in manifest.body["spec"].get("egress", ()) if manifest.kind == "GlobalNetworkPolicy" else ():
            rule.get("destination", {}).pop("domains", None)
    known_engine = engine("calico-enterprise")
    assert known_engine
    assert everything("gateway") in known_engine.decode(manifests)


def test_a_gap_in_use_fails_the_render_under_strict() -> None:
    egress = {"engine": "calico-enterprise", "internal": LISTS["internal"]["internal"]}
    with pytest.raises(RenderError, match="allows these addresses whatever name was asked for"):
        rendered(egress)


def test_the_chart_and_the_table_of_engines_name_the_same_ones() -> None:
    with pytest.raises(RenderError, match=", ".join(engine_row.name for engine_row in ENGINES)):
        rendered({"engine": "no-such-engine"})
