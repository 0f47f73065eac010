"""Checks across layers: managed databases and caches, with firewalls of their own, against the chart's values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.manifests.addresses import Net, left, network
from tools.manifests.addresses import within as lies_in
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.chart import Layers, in_environment
from tools.terraform.clouds.firewall_rules import allowed, firewall_rules
from tools.terraform.clouds.model import FirewallPeer, FirewallRule, owner
from tools.terraform.clouds.stores import Store, stores
from tools.terraform.language.model import Module, UnknownValue, Value
from tools.terraform.rules.groups import AWS_GROUPS

PARTS = ("database", "cache")


def stores_listen_on_the_charts_ports(layers: Layers) -> Iterator[Problem]:
    """A managed database or cache listens on the port that the chart opens.

    The chart's policies and the clouds' firewalls open the ports of `database.ports` and `cache.ports`; a store on
    another one answers nobody. A managed Redis with TLS often has a port of its own: 6380 on Azure, 6378 on Google
    Cloud. Where a root has several stores of a kind, one of them is enough.
    Write the same port in both places.
    Source: Amazon RDS and ElastiCache, Azure Cache for Redis, Memorystore and Cloud SQL: the ports of each service.
    """
    for part in PARTS:
        opened = _ports(layers, part)
        for _, candidates in _stores(layers, part):
            known = [(store, ports) for store in candidates if not isinstance(ports := store.ports(), UnknownValue)]
            if any(opened.keys() & set(ports) for _, ports in known):
                continue
            for store in candidates:
                ports = store.ports()
                where = store.place(store.kind.port)
                if isinstance(ports, UnknownValue):
                    yield cannot_tell(where, ports, f"the chart may not open the port of {store.name}")
                    continue
                listens = " and ".join(map(str, ports))
                says = ", ".join(f"{path} is {port}" for port, path in opened.items())
                message = f"{store.name} listens on {listens}, and {says}{in_environment(layers)}; write the same port"
                yield Problem(where, message)


def stores_stand_where_the_chart_looks(layers: Layers) -> Iterator[Problem]:
    """A managed database or cache stands at addresses that the chart opens.

    `database.externalCidrs` and `cache.externalCidrs` are where SARK may find a store outside the cluster, and to all
    other addresses its policies are closed. The store's own are those of its subnets, as far as they are written here.
    Without any list the chart opens the store's port to pods alone, which is a warning: SARK's store may be one.
    Write the subnets' CIDRs in the chart's values.
    Source: this project's values.yaml.
    """
    for part in PARTS:
        path = f"{part}.externalCidrs"
        listed = _nets(layers, path)
        for _, candidates in _stores(layers, part):
            if any(_stands_in(store, listed) for store in candidates):
                continue
            for store in candidates:
                nets, doubt = store.nets()
                where = Where(layers.file, path)
                if not nets and doubt:
                    yield cannot_tell(where, doubt, f"{path} may not hold the addresses of {store.name}")
                elif nets:
                    closed = ", ".join(str(net) for net in nets if left(net, listed))
                    message = f"{store.name} is in {closed}, which {path} does not list{in_environment(layers)}; add it"
                    yield Problem(where, message, Severity.ERROR if listed else Severity.WARNING)


def stores_let_sark_in(layers: Layers) -> Iterator[Problem]:
    """A managed database or cache lets in the group or the addresses that SARK calls it from.

    On AWS a store has security groups: one of their rules must let in a group from which the store's port goes out, or
    addresses of `cluster.podCidrs` or `cluster.cidrs`. On Azure and Google Cloud a public store lets in nobody without
    rules or authorized networks, and one that is not public needs a network of its own or a private endpoint. What is
    made elsewhere is not known.
    Where a root has several stores of a kind, one of them is enough.
    Write a rule from the group of SARK's pods or nodes, or give the store a private address.
    Source: Amazon RDS user guide, controlling access with security groups; Azure Database for PostgreSQL and Cloud SQL,
    public and private access.
    """
    for part in PARTS:
        opened = _ports(layers, part).keys()
        for module, candidates in _stores(layers, part):
            # One on another port is another rule's finding.
            listening = [
                store for store in candidates if isinstance(ports := store.ports(), UnknownValue) or opened & set(ports)
            ]
            problems = [list(_closed(layers, module, store, opened)) for store in listening]
            if all(problems):
                yield from (problem for of_store in problems for problem in of_store)


def _closed(layers: Layers, module: Module, store: Store, opened: Collection[int]) -> Iterator[Problem]:
    """What keeps SARK out of a store on the ports that the chart opens, or may."""
    ports = store.ports()
    if isinstance(ports, UnknownValue):
        yield cannot_tell(store.place(store.kind.port), ports, f"{store.name} may be closed on that port")
    elif store.kind.groups:
        yield from _by_groups(layers, module, store, tuple(port for port in ports if port in opened))
    elif store.kind.public:
        yield from _by_lists(store)


def _by_groups(layers: Layers, module: Module, store: Store, ports: tuple[int, ...]) -> Iterator[Problem]:
    """What is wrong with a store's security groups."""
    items = store.values(store.kind.groups)
    where = store.place(store.kind.groups)
    if not items:
        message = f"{store.name} has no security group, and the VPC's default one lets in only its own members"
        yield Problem(where, f"{message}; write {store.kind.groups}", Severity.WARNING)
        return
    service = f"TCP {', '.join(map(str, ports))}"
    callers = {rule.group for rule in allowed(module, "out") if _carries(rule, ports)}
    rules = [
        rule for rule in firewall_rules(module) if rule.direction != "out" and rule.group in set(map(owner, items))
    ]
    peers = [peer for rule in rules if rule.direction == "in" and _carries(rule, ports) for peer in rule.peers]
    if any(owner(peer.value) in callers or _is_ours(layers, peer) for peer in peers):
        return
    question = f"it may not let SARK in to {store.name} on {service}"
    if doubt := _doubt(layers, module, items, rules, peers, callers):
        yield cannot_tell(where, doubt, question)
    elif not peers:
        names = " or ".join(sorted(callers)) or "the group of SARK's pods or nodes"
        message = f"no rule lets anybody in to {store.name} on {service}; write one from {names}"
        yield Problem(where, message)
    else:
        named = ", ".join(dict.fromkeys(owner(peer.value) if not peer.nets else peer.text for peer in peers))
        ours = [*sorted(callers), *(str(net) for net in _own(layers))]
        message = f"{store.name} lets in {named} on {service}, and SARK calls from {', '.join(ours)}; write a rule"
        yield Problem(peers[0].value.where, f"{message} for that")


def _doubt(
    layers: Layers,
    module: Module,
    items: tuple[Value, ...],
    rules: list[FirewallRule],
    peers: list[FirewallPeer],
    callers: set[str],
) -> UnknownValue | None:
    """The unknown value on which it depends whom a store lets in, if there is one."""
    made = {group.address for group in module.everything(*AWS_GROUPS)}
    for item in items:
        if owner(item) not in made:
            return item.data if isinstance(item.data, UnknownValue) else UnknownValue(f"{item.data} is made elsewhere")
    for rule in rules:
        for part in (rule.protocol, rule.ports, rule.body.data("type")):
            if isinstance(part, UnknownValue):
                return part
    for peer in peers:
        if peer.unknown:
            return peer.unknown
        if peer.nets and not _own(layers):
            return UnknownValue(f"cluster.podCidrs and cluster.cidrs are empty{in_environment(layers)}")
        if not peer.nets and (owner(peer.value) not in made or not callers):
            data = peer.value.data
            return data if isinstance(data, UnknownValue) else UnknownValue(f"{data} is made elsewhere")
    return None


def _by_lists(store: Store) -> Iterator[Problem]:
    """What is wrong with a store's firewall rules, authorized networks and private access."""
    kind, public = store.kind, store.public()
    if not kind.inside and not kind.rules:
        # It has a private address whatever is written.
        return
    name = kind.public.rpartition(".")[2]
    if isinstance(public, UnknownValue):
        yield cannot_tell(store.place(kind.public), public, f"{store.name} may be out of SARK's reach")
        return
    if store.inside() or (kind.unguarded and public):
        return
    instead = " or ".join(path.rpartition(".")[2] for path in kind.inside) or "a private endpoint"
    if not public:
        message = f"{store.name} has neither a public address nor a private one; write {instead}"
        yield Problem(store.place(kind.public), message, Severity.WARNING)
        return
    entries = [value for path in kind.lists for value in store.values(path)]
    if not entries and not store.rules():
        what = kind.rules or kind.lists[0].rpartition(".")[0].rpartition(".")[2]
        message = f"{store.name} is public by {name} and lets nobody in: there is no {what}"
        yield Problem(store.resource.where, f"{message}; write {instead}", Severity.WARNING)


def _stores(layers: Layers, part: str) -> Iterator[tuple[Module, list[Store]]]:
    """The stores of each root, where the chart has that part."""
    if layers.value(f"{part}.enabled") and _ports(layers, part):
        for module in layers.roots.values():
            if candidates := stores(module, part):
                yield module, candidates


def _ports(layers: Layers, part: str) -> dict[int, str]:
    """The chart's ports of a part, and where each is written."""
    value = layers.value(f"{part}.ports")
    ports = value.items() if isinstance(value, Mapping) else ()
    return {port: f"{part}.ports.{name}" for name, port in ports if isinstance(port, int) and name != "metrics"}


def _carries(rule: FirewallRule, ports: tuple[int, ...]) -> bool:
    return any(rule.carries("tcp", port) for port in ports)


def _own(layers: Layers) -> list[Net]:
    """The cluster's own addresses, as far as the chart's values list them."""
    return _nets(layers, "cluster.podCidrs") + _nets(layers, "cluster.cidrs")


def _nets(layers: Layers, path: str) -> list[Net]:
    """The networks that are listed at a path; a value that is not a list is another stage's finding."""
    listed = layers.value(path)
    return [net for text in listed if (net := network(str(text)))] if isinstance(listed, list) else []


def _is_ours(layers: Layers, peer: FirewallPeer) -> bool:
    """Whether a peer holds addresses of the cluster."""
    own = _own(layers)
    return peer.world or any(lies_in(net, mine) or lies_in(mine, net) for net in peer.nets for mine in own)


def _stands_in(store: Store, listed: list[Net]) -> bool:
    nets, _ = store.nets()
    return bool(nets) and not any(left(net, listed) for net in nets)


CHECKS: tuple[Check[Layers], ...] = (
    stores_listen_on_the_charts_ports,
    stores_stand_where_the_chart_looks,
    stores_let_sark_in,
)
SEVERITIES: Severities = {
    stores_listen_on_the_charts_ports: (Severity.ERROR, Severity.NOTE),
    stores_stand_where_the_chart_looks: (Severity.ERROR, Severity.WARNING, Severity.NOTE),
    stores_let_sark_in: (Severity.ERROR, Severity.WARNING, Severity.NOTE),
}
