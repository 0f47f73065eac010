"""Reads the Envoy configuration of engine proxy back into an allowlist.

It follows a tunnel as Envoy would: a workload's listener, its routes, the cluster they name, the listener behind that
cluster, and on to the dial listener, whose route says which addresses may be connected to. Names of objects are never
trusted; what is read is where a route leads. Field names are Envoy's own (envoy.config.listener.v3, route.v3, rbac.v3).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.egress.allowlist import Rule, everything
from tools.findings.model import Manifest
from tools.manifests.documents import parse

ENTRY_HEADER = "x-sark-entry"
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dial:
    """A route of the dial listener: what RBAC does with an address in `cidrs` (ALLOW: nothing else; DENY: all else)."""

    action: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """The files of the proxy's ConfigMaps, by what Envoy would look for in them."""

    listeners: Mapping[str, Tree] = field(default_factory=dict)
    clusters: Mapping[str, Tree] = field(default_factory=dict)
    routes: Mapping[str, Tree] = field(default_factory=dict)


def decode(manifests: tuple[Manifest, ...]) -> frozenset[Rule]:
    """The rules that the configuration enforces; `everything` for a workload with a way around them."""
    return rules(read(manifests))


def rules(config: Config) -> frozenset[Rule]:
    """The same, of a configuration that was read."""
    dials = _dials(config)
    return frozenset(
        rule
        for name, listener in config.listeners.items()
        if "internal_listener" not in listener
        for rule in _workload(config, dials, name, listener)
    )


def denied(manifests: tuple[Manifest, ...]) -> tuple[str, ...]:
    """The CIDRs that no public name may resolve to."""
    return refused(read(manifests))


def refused(config: Config) -> tuple[str, ...]:
    """The same, of a configuration that was read."""
    dial = _dials(config).get("")
    return dial.cidrs if dial and dial.action == "DENY" else ()


def read(manifests: tuple[Manifest, ...]) -> Config:
    """The resources in the ConfigMaps of the manifests."""
    kinds: dict[str, dict[str, Tree]] = {"Listener": {}, "Cluster": {}, "RouteConfiguration": {}}
    for manifest in manifests:
        data = manifest.body.get("data") if manifest.kind == "ConfigMap" else None
        for key, text in data.items() if isinstance(data, Mapping) else ():
            for body in _documents(key, text):
                for resource in _list(body, "resources"):
                    kind = str(resource.get("@type", "")).rpartition(".")[2]
                    kinds.setdefault(kind, {})[str(resource.get("name"))] = resource
    return Config(kinds["Listener"], kinds["Cluster"], kinds["RouteConfiguration"])


def _documents(key: str, text: Any) -> Iterator[Tree]:
    if isinstance(text, str) and key.endswith((".yaml", ".json")):
        for document in parse(text, key).documents:
            if isinstance(document.body, Mapping):
                yield document.body


def _workload(config: Config, dials: Mapping[str, Dial], workload: str, listener: Tree) -> Iterator[Rule]:
    for manager in _filters(listener):
        routes = config.routes.get(str(_at(manager, "typed_config", "rds", "route_config_name")), {})
        for host in _list(routes, "virtual_hosts"):
            for route in _list(host, "routes"):
                yield from _route(config, dials, workload, host, route)


def _route(config: Config, dials: Mapping[str, Dial], workload: str, host: Tree, route: Tree) -> Iterator[Rule]:
    target = _behind(config, _at(route, "route", "cluster"))
    if target is None:
        return
    if "*" in host.get("domains", ()):
        yield everything(workload)
    elif any(
        "server_names" in _at(chain, "filter_chain_match", default={}) for chain in _list(target, "filter_chains")
    ):
        yield from _names(config, dials, workload, target)
    else:
        tunnel = "connect_matcher" in _at(route, "match", default={})
        yield from _unnamed(config, dials, workload, target, "tcp" if tunnel else "http")


def _names(config: Config, dials: Mapping[str, Dial], workload: str, listener: Tree) -> Iterator[Rule]:
    """A listener that matches server names: each chain is one entry, and a chain without names is a way around."""
    if "default_filter_chain" in listener:
        yield everything(workload)
    for chain in _list(listener, "filter_chains"):
        names = _at(chain, "filter_chain_match", "server_names", default=())
        if not names:
            yield everything(workload)
        for proxy in _list(chain, "filters"):
            behind = _behind(config, _at(proxy, "typed_config", "cluster"))
            for name in names:
                yield from _resolved(dials, workload, str(name), "tls", behind)


def _unnamed(config: Config, dials: Mapping[str, Dial], workload: str, listener: Tree, protocol: str) -> Iterator[Rule]:
    """A listener for one internal name that TLS does not say: of plain HTTP, or of anything (tcp)."""
    inner = next((t for t in _http_targets(config, listener) if t is not None), None)
    for filters in _filters(inner or listener):
        for value in _list(_at(filters, "typed_config", default={}), "on_new_connection"):
            name = _at(value, "format_string", "text_format_source", "inline_string")
            if str(name).startswith("%"):
                yield everything(workload)
            elif isinstance(name, str):
                yield from _resolved(dials, workload, name, "http" if inner else protocol, inner or listener)


def _http_targets(config: Config, listener: Tree) -> Iterator[Tree | None]:
    for manager in _filters(listener):
        for host in _list(_at(manager, "typed_config", "route_config", default={}), "virtual_hosts"):
            for route in _list(host, "routes"):
                yield _behind(config, _at(route, "route", "cluster"))


def _resolved(
    dials: Mapping[str, Dial], workload: str, name: str, protocol: str, listener: Tree | None
) -> Iterator[Rule]:
    """The rule that a resolve listener stands for: the port it resolves to, and the addresses its dial route allows."""
    if listener is None:
        return
    filters = [_at(one, "typed_config", default={}) for one in _filters(listener)]
    port = next((one["port_value"] for one in filters if "port_value" in one), 0)
    headers = [
        _at(h, "header", default={}) for one in filters for h in _list(_at(one, "tunneling_config"), "headers_to_add")
    ]
    entry = next((str(header.get("value")) for header in headers if header.get("key") == ENTRY_HEADER), "")
    dial = dials.get(entry)
    if dial is None:
        return
    if entry and dial.action == "ALLOW":
        yield Rule(workload, name, port, protocol, tuple(sorted(dial.cidrs)))
    elif not entry and dial.action == "DENY" and dial.cidrs:
        yield Rule(workload, name, port, protocol)
    else:
        yield everything(workload)


def _dials(config: Config) -> dict[str, Dial]:
    """The dial routes by the entry header that they ask for, "" for the one that asks for none."""
    found: dict[str, Dial] = {}
    for host in _list(config.routes.get("dial"), "virtual_hosts"):
        for route in _list(host, "routes"):
            headers = {header.get("name"): header for header in _list(_at(route, "match"), "headers")}
            entry = _at(headers.get(ENTRY_HEADER), "string_match", "exact", default="")
            rules = _at(route, "typed_per_filter_config", "envoy.filters.http.rbac", "rbac", "rules", default={})
            found.setdefault(str(entry), Dial(str(rules.get("action", "ALLOW")), tuple(_cidrs(rules))))
    return found


def _cidrs(rules: Tree) -> Iterator[str]:
    for policy in _at(rules, "policies", default={}).values():
        for permission in _list(policy, "permissions"):
            block = _at(permission, "matcher", "typed_config", "upstream_ip", default={})
            if "address_prefix" in block:
                yield str(ipaddress.ip_network(f"{block['address_prefix']}/{block.get('prefix_len', 0)}", strict=False))


def _behind(config: Config, cluster: Any) -> Tree | None:
    """The internal listener that a cluster leads to."""
    found = config.clusters.get(cluster) if isinstance(cluster, str) else None
    for locality in _list(_at(found, "load_assignment"), "endpoints"):
        for endpoint in _list(locality, "lb_endpoints"):
            name = _at(endpoint, "endpoint", "address", "envoy_internal_address", "server_listener_name")
            return config.listeners.get(str(name))
    return None


def _filters(listener: Tree | None) -> list[Tree]:
    return [one for chain in _list(listener, "filter_chains") for one in _list(chain, "filters")]


def _list(tree: Any, key: str) -> list[Tree]:
    value = tree.get(key) if isinstance(tree, Mapping) else None
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _at(tree: Any, *keys: str, default: Any = None) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return default if tree is None else tree
