"""Reads the Envoy configuration of engine proxy back into an allowlist.

It follows a tunnel as Envoy would: a workload's listener, its routes, the cluster they name, the listener behind that
cluster, and the filters of its chains, one of which resolves the name and one of which connects. The latter names a
cluster, whose cache of DNS answers has a filter: that says which addresses may be connected to. Names of objects are
never trusted; what is read is where a route leads. Field names are Envoy's own (envoy.config.listener.v3, route.v3,
dynamic_forward_proxy.v3).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tools.egress.allowlist import AllowRule, everything
from tools.findings.model import Manifest
from tools.manifests.addresses import ALL_IPV4, ALL_IPV6
from tools.manifests.documents import parse

Tree = Mapping[str, Any]
KINDS = ("Listener", "Cluster", "RouteConfiguration", "TypedExtensionConfig")


@dataclass(frozen=True, slots=True)
class Way:
    """How a chain's filters lead out: the port, and which addresses: those in `cidrs` (`only`), or all but those."""

    port: int
    only: bool
    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """The files of the proxy's ConfigMaps, by what Envoy would look for in them."""

    listeners: Mapping[str, Tree] = field(default_factory=dict)
    clusters: Mapping[str, Tree] = field(default_factory=dict)
    routes: Mapping[str, Tree] = field(default_factory=dict)
    filters: Mapping[str, Tree] = field(default_factory=dict)


def decode(manifests: tuple[Manifest, ...]) -> frozenset[AllowRule]:
    """The rules that the configuration enforces; `everything` for a workload with a way around them."""
    return rules(read(manifests))


def rules(config: Config) -> frozenset[AllowRule]:
    """The same, of a configuration that was read."""
    return frozenset(
        rule
        for name, listener in config.listeners.items()
        if "internal_listener" not in listener
        for rule in _workload(config, name.partition("/")[0], listener)
    )


def denied(manifests: tuple[Manifest, ...]) -> tuple[str, ...]:
    """The CIDRs that no public name may resolve to."""
    return refused(read(manifests))


def refused(config: Config) -> tuple[str, ...]:
    """The same, of a configuration that was read: what every way out to public addresses leaves out.

    Where none leads there, because no public name is listed, that is every address.
    """
    ways = [way for listener in config.listeners.values() for way in _ways(config, listener) if not way.only]
    if not ways:
        return (str(ALL_IPV4), str(ALL_IPV6)) if config.listeners else ()
    return tuple(cidr for cidr in ways[0].cidrs if all(cidr in way.cidrs for way in ways))


def read(manifests: tuple[Manifest, ...]) -> Config:
    """The resources in the ConfigMaps of the manifests."""
    kinds: dict[str, dict[str, Tree]] = {kind: {} for kind in KINDS}
    for manifest in manifests:
        data = manifest.body.get("data") if manifest.kind == "ConfigMap" else None
        for key, text in data.items() if isinstance(data, Mapping) else ():
            for body in _documents(key, text):
                for resource in _list(body, "resources"):
                    kind = str(resource.get("@type", "")).rpartition(".")[2]
                    kinds.setdefault(kind, {})[str(resource.get("name"))] = resource
    return Config(*(kinds[kind] for kind in KINDS))


def _documents(key: str, text: Any) -> tuple[Tree, ...]:
    return _parsed(text) if isinstance(text, str) and key.endswith((".yaml", ".json")) else ()


# Several rules and every flow read the same configuration.
@lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[Tree, ...]:
    return tuple(document.body for document in parse(text, "").documents if isinstance(document.body, Mapping))


def _workload(config: Config, workload: str, listener: Tree) -> Iterator[AllowRule]:
    """What a workload may reach by one of its listeners: by asking for a tunnel or, steered, by what it says itself."""
    default = _at(listener, "default_filter_chain", default={})
    if _way(config, _settings(config, default)):
        yield everything(workload)
    inside: set[str] = set()
    for chain in (*_list(listener, "filter_chains"), default):
        settings = _settings(config, chain)
        # Chains that share clients out all lead to one listener inside.
        leads = {str(each["cluster"]) for each in settings if _behind(config, each.get("cluster"))}
        if leads and leads <= inside:
            continue
        inside |= leads
        for manager in settings:
            routes = config.routes.get(str(_at(manager, "rds", "route_config_name")), {})
            for host in _list(routes, "virtual_hosts"):
                for route in _list(host, "routes"):
                    yield from _route(config, workload, host, route)
        yield from _steered(config, workload, chain, settings)


def _steered(config: Config, workload: str, chain: Tree, settings: list[Tree]) -> Iterator[AllowRule]:
    """A chain that leads out by itself: by server name, or to one server that the listener is for."""
    inside = [it for each in settings if (it := _behind(config, each.get("cluster"))) is not None]
    if inside:
        # What is behind decides: by server name or, where a tunnel is asked for, by its routes.
        for listener in inside:
            yield from _workload(config, workload, listener)
        return
    way = _way(config, settings)
    if way is None:
        return
    names, hosts = _at(chain, "filter_chain_match", "server_names", default=()), _hosts(settings)
    if bool(names) == bool(hosts) or any("%" in host for host in hosts):
        yield everything(workload)
    for name in names:
        yield from _resolved(workload, str(name), "tls", way)
    for host in hosts:
        yield from _resolved(workload, host, "tcp", way)


def _route(config: Config, workload: str, host: Tree, route: Tree) -> Iterator[AllowRule]:
    target = _behind(config, _at(route, "route", "cluster"))
    if target is None:
        return
    if "*" in host.get("domains", ()):
        yield everything(workload)
    elif any(
        "server_names" in _at(chain, "filter_chain_match", default={}) for chain in _list(target, "filter_chains")
    ):
        yield from _names(config, workload, target)
    else:
        tunnel = "connect_matcher" in _at(route, "match", default={})
        yield from _unnamed(config, workload, target, "tcp" if tunnel else "http")


def _names(config: Config, workload: str, listener: Tree) -> Iterator[AllowRule]:
    """A listener that matches server names: each chain is one entry, and a chain without names is a way around."""
    if "default_filter_chain" in listener:
        yield everything(workload)
    for chain in _list(listener, "filter_chains"):
        names = _at(chain, "filter_chain_match", "server_names", default=())
        filters = _settings(config, chain)
        if not names or _hosts(filters):
            yield everything(workload)
        for name in names:
            yield from _resolved(workload, str(name), "tls", _way(config, filters))


def _unnamed(config: Config, workload: str, listener: Tree, protocol: str) -> Iterator[AllowRule]:
    """A listener for one internal name that TLS does not say: of plain HTTP, or of anything (tcp)."""
    inner = next((t for t in _http_targets(config, listener) if t is not None), None)
    for chain in _list(inner or listener, "filter_chains"):
        filters = _settings(config, chain)
        for name in _hosts(filters):
            if "%" in name:
                yield everything(workload)
            else:
                yield from _resolved(workload, name, "http" if inner else protocol, _way(config, filters))


def _hosts(filters: list[Tree]) -> list[str]:
    """What is resolved in place of the server name: format strings. Other states are for the log."""
    states = [state for settings in filters for state in _list(settings, "on_new_connection")]
    hosts = [state for state in states if state.get("object_key") == "envoy.upstream.dynamic_host"]
    return [str(_at(state, "format_string", "text_format_source", "inline_string")) for state in hosts]


def _http_targets(config: Config, listener: Tree) -> Iterator[Tree | None]:
    for manager in _filters(config, listener):
        for host in _list(_at(manager, "route_config", default={}), "virtual_hosts"):
            for route in _list(host, "routes"):
                yield _behind(config, _at(route, "route", "cluster"))


def _resolved(workload: str, name: str, protocol: str, way: Way | None) -> Iterator[AllowRule]:
    """The rule that a name and a way out stand for."""
    if way is None:
        return
    if way.only:
        yield AllowRule(workload, name, way.port, protocol, tuple(sorted(way.cidrs)))
    elif way.cidrs:
        yield AllowRule(workload, name, way.port, protocol)
    else:
        yield everything(workload)


def _ways(config: Config, listener: Tree) -> Iterator[Way]:
    for chain in (*_list(listener, "filter_chains"), _at(listener, "default_filter_chain", default={})):
        if way := _way(config, _settings(config, chain)):
            yield way


def _way(config: Config, filters: list[Tree]) -> Way | None:
    """The way out of a chain that connects; one that leads to a listener inside is none. What is no cache of DNS
    answers, or has no filter, refuses nothing.
    """
    port = next((int(settings["port_value"]) for settings in filters if "port_value" in settings), 0)
    for settings in filters:
        if "cluster" in settings and _behind(config, settings["cluster"]) is None:
            cluster = config.clusters.get(str(settings["cluster"]))
            cache = _at(cluster, "cluster_type", "typed_config", "dns_cache_config")
            given = _at(cache, "resolved_address_filter", default={})
            return Way(port, given.get("invert_match") is True, tuple(_cidrs(given)))
    return None


def _cidrs(given: Tree) -> Iterator[str]:
    for block in _list(given, "ranges"):
        yield _network(f"{block['address_prefix']}/{block.get('prefix_len', 0)}")


# Every way out to public addresses has the same long list of others.
@lru_cache(maxsize=4096)
def _network(text: str) -> str:
    return str(ipaddress.ip_network(text, strict=False))


def _behind(config: Config, cluster: Any) -> Tree | None:
    """The internal listener that a cluster leads to."""
    resource = config.clusters.get(cluster) if isinstance(cluster, str) else None
    for locality in _list(_at(resource, "load_assignment"), "endpoints"):
        for endpoint in _list(locality, "lb_endpoints"):
            name = _at(endpoint, "endpoint", "address", "envoy_internal_address", "server_listener_name")
            return config.listeners.get(str(name))
    return None


def _filters(config: Config, listener: Tree | None) -> list[Tree]:
    return [settings for chain in _list(listener, "filter_chains") for settings in _settings(config, chain)]


def _settings(config: Config, chain: Tree) -> list[Tree]:
    """The settings of a chain's filters, those in files of their own among them."""
    filters = _list(chain, "filters")
    return [
        _at(
            config.filters.get(str(each.get("name"))) if "config_discovery" in each else each,
            "typed_config",
            default={},
        )
        for each in filters
    ]


def _list(tree: Any, key: str) -> list[Tree]:
    value = tree.get(key) if isinstance(tree, Mapping) else None
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _at(tree: Any, *keys: str, default: Any = None) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return default if tree is None else tree
