"""One allowlist, many engines: what each engine's manifests say, read back, is the list that they were made from."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.allowlist import Rule, Suffixes, everything, parse_values
from tools.engines import ENGINES, engine
from tools.model import Manifest
from tools.render import RenderError, render

CHART = Path("charts/sark-network")
SUFFIXES = Suffixes.parse((CHART / "files/public-suffixes.txt").read_text())
WORKLOADS = ("gateway", "database", "cache", "opa")


def rendered(egress: dict[str, Any]) -> tuple[Manifest, ...]:
    text = asyncio.run(render(CHART, {"egress": egress}))
    return tuple(
        Manifest("", body["kind"], body["metadata"]["name"], body["metadata"].get("namespace", ""), body)
        for body in yaml.load_all(text, yaml.CSafeLoader)
        if body
    )


def rules(egress: dict[str, Any]) -> frozenset[Rule]:
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


@pytest.mark.parametrize("name", [one.name for one in ENGINES])
@pytest.mark.parametrize("case", LISTS)
def test_decode_gives_back_the_list(name: str, case: str) -> None:
    found = engine(name)
    assert found
    assert found.decode(rendered({"engine": name, **LISTS[case]})) == rules(LISTS[case])


@pytest.mark.parametrize("name", [one.name for one in ENGINES])
def test_audit_decodes_to_the_list_and_everything(name: str) -> None:
    found = engine(name)
    assert found
    egress = {"domains": ["*.openai.com", {"name": "b.example.com", "workloads": ["opa"]}]}
    decoded = found.decode(rendered({"engine": name, "mode": "audit", **egress}))
    assert decoded == rules(egress) | {everything("gateway"), everything("opa")}


@pytest.mark.parametrize("name", [one.name for one in ENGINES])
@pytest.mark.parametrize("seed", range(6))
def test_decode_gives_back_random_lists(name: str, seed: int) -> None:
    found, draw = engine(name), random.Random(seed)
    assert found
    egress = {"domains": [random_entry(draw, index) for index in range(draw.randrange(1, 40))]}
    assert found.decode(rendered({"engine": name, **egress})) == rules(egress)


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


def test_a_dropped_final_deny_decodes_to_everything() -> None:
    manifests = rendered({"engine": "calico-enterprise", "domains": ["a.example.com"]})
    for manifest in manifests:
        if manifest.kind == "GlobalNetworkPolicy":
            manifest.body["spec"]["egress"].pop()
    found = engine("calico-enterprise")
    assert found
    assert everything("gateway") in found.decode(manifests)


def test_a_pruned_domains_field_decodes_to_everything() -> None:
    """What open-source Calico stores of a domain rule is an allow of everything."""
    manifests = rendered({"engine": "calico-enterprise", "domains": ["a.example.com"]})
    for manifest in manifests:
        for rule in manifest.body["spec"].get("egress", ()) if manifest.kind == "GlobalNetworkPolicy" else ():
            rule.get("destination", {}).pop("domains", None)
    found = engine("calico-enterprise")
    assert found
    assert everything("gateway") in found.decode(manifests)


def test_a_gap_in_use_fails_the_render_under_strict() -> None:
    egress = {"engine": "calico-enterprise", "internal": LISTS["internal"]["internal"]}
    with pytest.raises(RenderError, match="allows these addresses whatever name was asked for"):
        rendered(egress)


def test_the_chart_and_the_table_of_engines_name_the_same_ones() -> None:
    with pytest.raises(RenderError, match=", ".join(one.name for one in ENGINES)):
        rendered({"engine": "no-such-engine"})
