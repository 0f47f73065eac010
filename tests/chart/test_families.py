"""The families of addresses: where the proxy listens, what its Services have, and in which a name is looked up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.proxy.proxy import objects

FOUR, SIX = "10.20.0.10/32", "fd00:20::10/128"
STEERED: dict[str, Any] = {"enabled": True, "steering": {"enabled": True}}


def caches(value: Any) -> Iterator[dict[str, Any]]:
    """Each cache of DNS answers in a configuration of Envoy's."""
    if isinstance(value, dict):
        if "dns_lookup_family" in value:
            yield value
        for item in value.values():
            yield from caches(item)
    elif isinstance(value, list):
        for item in value:
            yield from caches(item)


def families(values: dict[str, Any]) -> set[tuple[bool, str]]:
    """The families of the caches, and whether a cache is an internal entry's."""
    data = [it["data"] for it in objects(values) if it["kind"] == "ConfigMap"]
    texts = [text for files in data for key, text in files.items() if key.endswith(".yaml")]
    caching = [cache for text in texts for cache in caches(yaml.load(text, yaml.CSafeLoader))]
    return {("invert_match" in it["resolved_address_filter"], it["dns_lookup_family"]) for it in caching}


@pytest.mark.parametrize(
    ("family", "public", "cidrs", "internal"),
    [
        ("v4-preferred", "V4_PREFERRED", [FOUR], "V4_ONLY"),
        ("v4-preferred", "V4_PREFERRED", [SIX], "V6_ONLY"),
        ("v4-preferred", "V4_PREFERRED", [FOUR, SIX], "V4_PREFERRED"),
        ("v6-preferred", "AUTO", [FOUR], "V4_ONLY"),
        ("v6-preferred", "AUTO", [SIX], "V6_ONLY"),
        ("v6-preferred", "AUTO", [SIX, FOUR], "AUTO"),
        ("v4-only", "V4_ONLY", [FOUR, SIX], "V4_ONLY"),
        ("v6-only", "V6_ONLY", [FOUR, SIX], "V6_ONLY"),
    ],
)
def test_an_internal_name_is_looked_up_in_the_family_of_its_cidrs(
    family: str, public: str, cidrs: list[str], internal: str
) -> None:
    entry = {"name": "mcp.corp.example", "cidrs": cidrs}
    values = {"proxy": {"ipFamily": family}, "egress": {"internal": [entry]}}
    assert families(values) == {(False, public), (True, internal)}


def services(values: dict[str, Any]) -> dict[str, tuple[str, list[str]]]:
    """The families of the Services that lead to the proxy or the guard."""
    return {
        it["metadata"]["name"].removeprefix("sark-sark-network-"): (
            it["spec"]["ipFamilyPolicy"],
            it["spec"].get("ipFamilies", []),
        )
        for it in objects(values)
        if it["kind"] == "Service" and "frontend" not in it["metadata"]["name"]
    }


def test_services_of_a_proxy_that_listens_on_ipv4_alone_have_no_ipv6_address() -> None:
    """The guard, which answers steered names with the proxy's addresses, would answer with one where nobody listens."""
    guard: tuple[str, list[str]] = ("PreferDualStack", [])
    both = {"dnsGuard": STEERED, "proxy": {"ipFamily": "v4-preferred"}}
    assert services(both) == dict.fromkeys(("egress-proxy", "out-gateway", "dns-gateway"), guard)
    four = services({"dnsGuard": STEERED, "proxy": {"ipFamily": "v4-only"}})
    alone = ("SingleStack", ["IPv4"])
    assert four == {"egress-proxy": alone, "out-gateway": alone, "dns-gateway": guard}


@pytest.mark.parametrize(
    "values",
    [
        {"proxy": {"ipFamily": "v4-only", "service": {"clusterIP": "10.96.0.9"}}},
        {"proxy": {"ipFamily": "v6-only", "service": {"clusterIP": "fd00:96::9", "ipFamilyPolicy": "SingleStack"}}},
        {"proxy": {"service": {"ipFamilyPolicy": "RequireDualStack"}}},
        {
            "proxy": {"service": {"ipFamilyPolicy": "RequireDualStack"}},
            "cluster": {"serviceCidrs": ["10.96.0.0/16", "fd00:96::/112"]},
        },
        {"proxy": {"ipFamily": "v4-only"}, "egress": {"internal": [{"name": "a.corp.example", "cidrs": [SIX, FOUR]}]}},
    ],
    ids=lambda values: json.dumps(values)[:70],
)
def test_what_fits_renders(values: dict[str, Any]) -> None:
    assert objects(values)
