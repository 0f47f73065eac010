"""Reads the firewall rules of AWS, Google Cloud and Azure into one form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from tools.findings.model import Where
from tools.manifests.addresses import ALL_IPV4, ALL_IPV6, network
from tools.manifests.scalars import of_digits
from tools.terraform.clouds.model import (
    ALL_PORTS,
    AZURE_WORLD,
    WITH_PORTS,
    WITH_RULES,
    FirewallPeer,
    FirewallRule,
    Ports,
    number,
    owner,
)
from tools.terraform.language.model import Body, Module, ResourceInstance, UnknownValue, Value

_NUMBERS = {"-1": "all", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "132": "sctp", "*": "all"}


# Addresses of a network of one's own, which are never the whole internet.
_OWN = re.compile(
    r"\.(cidr_block|ipv6_cidr_block|ip_cidr_range|address_space|address_prefixes|private_ips?|private_ip_address)"
    r"(\[[^\]]*\])*$"
)


FEW_PORTS = 100
# How Terraform may have true.
_ON = (True, "true")
_AWS_LISTS = ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "cidr_block", "ipv6_cidr_block")


_AWS_OTHERS = (
    "prefix_list_id",
    "prefix_list_ids",
    "referenced_security_group_id",
    "security_groups",
    "source_security_group_id",
    "self",
)


_LAST: list[tuple[Module, tuple[FirewallRule, ...]]] = []


def firewall_rules(module: Module) -> tuple[FirewallRule, ...]:
    """Every rule in the module and below it. Those of the last module are kept, since a dozen checks ask in turn."""
    if not _LAST or _LAST[0][0] is not module:
        _LAST[:] = [(module, tuple(_read(module)))]
    return _LAST[0][1]


def allowed(module: Module, direction: str = "") -> Iterator[FirewallRule]:
    """The rules that are known to allow, in one direction or in both, without those that are switched off."""
    for item in firewall_rules(module):
        if item.allows and item.resource.body.data("disabled") not in _ON and direction in ("", item.direction):
            yield item


def acl_openings(module: Module) -> Iterator[FirewallRule]:
    """The rules of AWS's network ACLs that let a few ports in.

    An ACL does not track connections: it must let in the wide range of ports that answers come to, and often lets in
    everything. Only a rule for a few ports is taken as one for a service.
    """
    for rule in acl_rules(module):
        if rule.allows and rule.direction == "in" and _narrow(rule.ports):
            yield rule


def acl_rules(module: Module) -> Iterator[FirewallRule]:
    """Every rule of AWS's network ACLs, with its number as its priority."""
    kinds = ("aws_network_acl_rule", "aws_network_acl", "aws_default_network_acl")
    for resource in module.everything(*kinds):
        if resource.type == "aws_network_acl_rule":
            egress = resource.body.data("egress", False)
            direction = "in" if egress in (False, "false") else "out" if egress in (True, "true") else ""
            group = owner(resource.body.value("network_acl_id"))
            yield _acl_rule(resource, resource.body, resource.where, direction, group)
            continue
        for name, direction in (("ingress", "in"), ("egress", "out")):
            for block in resource.body.each(name):
                if block.doubt is None:
                    yield _acl_rule(resource, block.body, block.where, direction, resource.address)


def _acl_rule(resource: ResourceInstance, body: Body, where: Where, direction: str, group: str) -> FirewallRule:
    action = _text(body.data("rule_action", body.data("action"))).lower()
    rule = _aws_rule(resource, body, where, direction, group)
    number = body.value("rule_number") or body.value("rule_no")
    return replace(rule, action=action if action in ("allow", "deny") else "", priority=number)


def _narrow(ports: Ports | UnknownValue) -> bool:
    return not isinstance(ports, UnknownValue) and all(last - first < FEW_PORTS for first, last in ports)


def _read(module: Module) -> Iterator[FirewallRule]:
    names = {
        str(nsg.body.data("name")): nsg.address
        for nsg in module.everything("azurerm_network_security_group")
        if isinstance(nsg.body.data("name"), str)
    }
    lists = _prefix_lists(module)
    for resource in module.everything():
        if resource.type.startswith("aws_"):
            yield from (_with_entries(rule, lists) for rule in _aws(resource))
        elif resource.type.startswith("google_compute_"):
            yield from _google(resource)
        elif resource.type.startswith("azurerm_"):
            for item in _azure(resource):
                yield replace(item, group=names.get(item.group, item.group))


def _prefix_lists(module: Module) -> dict[str, tuple[FirewallPeer, ...]]:
    """The entries of each managed prefix list, in it or beside it, by the list's address."""
    lists: dict[str, tuple[FirewallPeer, ...]] = {}
    for listed in module.everything("aws_ec2_managed_prefix_list"):
        entries = (peer for block in listed.body.each("entry") for peer in _addresses(block.body, ("cidr",)))
        lists[listed.address] = (*lists.get(listed.address, ()), *entries)
    for entry in module.everything("aws_ec2_managed_prefix_list_entry"):
        name = owner(entry.body.value("prefix_list_id"))
        lists[name] = (*lists.get(name, ()), *_addresses(entry.body, ("cidr",)))
    return lists


def _with_entries(rule: FirewallRule, lists: dict[str, tuple[FirewallPeer, ...]]) -> FirewallRule:
    """A rule with the entries of the prefix lists that it names, where those are known."""
    if not lists:
        return rule
    return replace(rule, peers=tuple(entry for peer in rule.peers for entry in _entries(peer, lists)))


def _entries(peer: FirewallPeer, lists: dict[str, tuple[FirewallPeer, ...]]) -> tuple[FirewallPeer, ...]:
    """The entries of the prefix list that a peer is; of each instance of it, where it is all of them."""
    named = {owner(peer.value)}
    if isinstance(peer.value.data, UnknownValue) and len(peer.value.data.refs) == 1:
        named |= peer.value.data.refs
    met = (entries for name, entries in lists.items() if named & {name, name.partition("[")[0]})
    return tuple(entry for entries in met for entry in entries) or (peer,)


def _aws(resource: ResourceInstance) -> Iterator[FirewallRule]:
    body, kind = resource.body, resource.type
    if kind in ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"):
        direction = "in" if "ingress" in kind else "out"
        yield _aws_rule(resource, body, resource.where, direction, owner(body.value("security_group_id")))
    elif kind == "aws_security_group_rule":
        direction = {"ingress": "in", "egress": "out"}.get(_text(body.data("type")), "")
        yield _aws_rule(resource, body, resource.where, direction, owner(body.value("security_group_id")))
    elif kind in ("aws_security_group", "aws_default_security_group"):
        for name, direction in (("ingress", "in"), ("egress", "out")):
            for block in body.each(name):
                yield _aws_rule(resource, block.body, block.where, direction, resource.address)
    elif kind == "aws_lightsail_instance_public_ports":
        for block in body.each("port_info"):
            rule = _aws_rule(resource, block.body, block.where, "in", resource.address)
            peers = _addresses(block.body, ("cidrs", "ipv6_cidrs"))
            # The lists of prefixes are of the provider's browser clients.
            other = block.body.value("cidr_list_aliases")
            yield replace(rule, peers=peers or (() if other else _everybody(block.where)))
    elif kind == "aws_eks_node_group":
        yield from _remote_access(resource)


def _everybody(where: Where) -> tuple[FirewallPeer, ...]:
    return (FirewallPeer(Value("0.0.0.0/0", where), (ALL_IPV4,)),)


def _remote_access(resource: ResourceInstance) -> Iterator[FirewallRule]:
    """EKS opens SSH of a group of nodes to the internet where a key is named, and no security group that may use it.

    Source: Amazon EKS API reference, RemoteAccessConfig.
    """
    for block in resource.body.each("remote_access"):
        if block.body.value("ec2_ssh_key") and not block.body.value("source_security_group_ids"):
            peers = _everybody(block.where)
            yield FirewallRule(
                resource, block.body, block.where, "aws", resource.address, "in", "allow", "tcp", ((22, 22),), peers,
                block.where,
            )  # fmt: skip


def _aws_rule(resource: ResourceInstance, body: Body, where: Where, direction: str, group: str) -> FirewallRule:
    protocol = _protocol(body.value("ip_protocol") or body.value("protocol"))
    low, high = body.value("from_port"), body.value("to_port")
    peers = (*_addresses(body, _AWS_LISTS), *_others(body, _AWS_OTHERS))
    place = high.where if high else where
    return FirewallRule(
        resource, body, where, "aws", group, direction, "allow", protocol, _span(protocol, low, high), peers, place
    )


def _span(protocol: str | UnknownValue, low: Value | None, high: Value | None) -> Ports | UnknownValue:
    if protocol == "all":
        return ALL_PORTS
    first, last = (value.data if value else None for value in (low, high))
    for data in (first, last):
        if isinstance(data, UnknownValue):
            return data
    if not isinstance(protocol, UnknownValue) and protocol not in WITH_PORTS:
        return ()
    low_port, high_port = number(first), number(last)
    # Without ports, and with -1, all of them are meant.
    if low_port is None or high_port is None or -1 in (low_port, high_port):
        return ALL_PORTS
    return ((low_port, high_port),)


def _google(resource: ResourceInstance) -> Iterator[FirewallRule]:
    body = resource.body
    if resource.type == "google_compute_firewall":
        direction = _way(body.value("direction"), "INGRESS")
        peers = _google_peers(body, resource.where, direction)
        for action in ("allow", "deny"):
            for block in body.each(action):
                yield _google_rule(resource, block.body, block.where, "protocol", direction, action, peers)
    elif re.fullmatch(r"google_compute_(region_)?(network_)?firewall_policy_rule", resource.type):
        direction = _way(body.value("direction"), "")
        action = {"allow": "allow", "deny": "deny"}.get(_text(body.data("action")), "")
        yield from _matches(resource, body, direction, action)
    elif resource.type in WITH_RULES:
        for block in body.each("rule"):
            if block.body.data("disabled") in _ON:
                continue
            direction = _way(block.body.value("direction"), "INGRESS")
            action = {"allow": "allow", "deny": "deny"}.get(_text(block.body.data("action")), "")
            for rule in _matches(resource, block.body, direction, action):
                yield replace(rule, group=resource.address, priority=block.body.value("priority"))


def _matches(resource: ResourceInstance, body: Body, direction: str, action: str) -> Iterator[FirewallRule]:
    """What a rule of a firewall policy says, a rule for each protocol. Where rules are blocks, its name is singular."""
    for match in body.each("match"):
        peers = _policy_peers(match.body, match.where, direction)
        for block in (*match.body.each("layer4_configs"), *match.body.each("layer4_config")):
            yield _google_rule(resource, block.body, block.where, "ip_protocol", direction, action, peers)


def _google_rule(
    resource: ResourceInstance,
    body: Body,
    where: Where,
    protocol_name: str,
    direction: str,
    action: str,
    peers: tuple[FirewallPeer, ...],
) -> FirewallRule:
    protocol, written = _protocol(body.value(protocol_name)), body.value("ports")
    ports: Ports | UnknownValue = (
        ALL_PORTS if isinstance(protocol, UnknownValue) or protocol in (*WITH_PORTS, "all") else ()
    )
    if written and (written.items() or written.unknown):
        ports = _ranges(written.items())
    group = owner(resource.body.value("network") or resource.body.value("firewall_policy"), resource.address)
    priority = resource.body.value("priority")
    place = written.where if written else where
    return FirewallRule(resource, body, where, "gcp", group, direction, action, protocol, ports, peers, place, priority)


def _google_peers(body: Body, where: Where, direction: str) -> tuple[FirewallPeer, ...]:
    lists = ("source_ranges",) if direction == "in" else ("destination_ranges",)
    others = ("source_tags", "source_service_accounts") if direction == "in" else ()
    peers = (*_addresses(body, lists), *_others(body, others))
    return peers or _everybody(where)


def _policy_peers(body: Body, where: Where, direction: str) -> tuple[FirewallPeer, ...]:
    side = "src" if direction == "in" else "dest"
    names = ("address_groups", "fqdns", "region_codes", "threat_intelligences", "secure_tags", "networks")
    peers = [*_addresses(body, (f"{side}_ip_ranges",)), *_others(body, tuple(f"{side}_{name}" for name in names))]
    peers.extend(
        FirewallPeer(Value("", block.where)) for block in body.blocks.get("src_secure_tags", ()) if side == "src"
    )
    return tuple(peers) or _everybody(where)


def _azure(resource: ResourceInstance) -> Iterator[FirewallRule]:
    body = resource.body
    if resource.type == "azurerm_network_security_rule":
        yield _azure_rule(resource, body, resource.where, owner(body.value("network_security_group_name")))
    elif resource.type == "azurerm_network_security_group":
        for block in body.each("security_rule"):
            yield _azure_rule(resource, block.body, block.where, resource.address)
    elif resource.type == "azurerm_firewall_policy_rule_collection_group":
        for collection in body.each("nat_rule_collection"):
            for block in collection.body.each("rule"):
                yield from _translations(resource, block.body, block.where)
    elif resource.type == "azurerm_firewall_nat_rule_collection":
        for block in body.each("rule"):
            yield from _translations(resource, block.body, block.where)


def _translations(resource: ResourceInstance, body: Body, where: Where) -> Iterator[FirewallRule]:
    """What Azure Firewall lets in by translating the destination: a rule for each of its protocols."""
    written = body.value("destination_ports")
    ports: Ports | UnknownValue = _ranges(written.items()) if written else ()
    peers = (*_addresses(body, ("source_addresses",), AZURE_WORLD), *_others(body, ("source_ip_groups",)))
    place = written.where if written else where
    for protocol in protocols.items() if (protocols := body.value("protocols")) else ():
        yield FirewallRule(
            resource, body, where, "azure", resource.address, "in", "allow", _protocol(protocol), ports, peers, place
        )


def _azure_rule(resource: ResourceInstance, body: Body, where: Where, group: str) -> FirewallRule:
    direction = {"inbound": "in", "outbound": "out"}.get(_text(body.data("direction")).lower(), "")
    action = {"allow": "allow", "deny": "deny"}.get(_text(body.data("access")).lower(), "")
    side = "source" if direction == "in" else "destination"
    peers = (
        *_addresses(body, (f"{side}_address_prefix", f"{side}_address_prefixes"), AZURE_WORLD),
        *_others(body, (f"{side}_application_security_group_ids",)),
    )
    written = [
        item
        for name in ("destination_port_range", "destination_port_ranges")
        if (value := body.value(name))
        for item in value.items()
    ]
    protocol = _protocol(body.value("protocol"))
    ports: Ports | UnknownValue = _ranges(written)
    if not isinstance(protocol, UnknownValue) and protocol not in (*WITH_PORTS, "all"):
        ports = ()
    place = written[0].where if written else where
    priority = body.value("priority")
    return FirewallRule(
        resource, body, where, "azure", group, direction, action, protocol, ports, peers, place, priority
    )


def _addresses(body: Body, names: Iterable[str], words: tuple[str, ...] = ()) -> tuple[FirewallPeer, ...]:
    return tuple(_address(item, words) for name in names if (value := body.value(name)) for item in value.items())


def _address(item: Value, words: tuple[str, ...]) -> FirewallPeer:
    if isinstance(item.data, UnknownValue):
        own = item.data.refs and all(_OWN.search(reference) for reference in item.data.refs)
        return FirewallPeer(item, unknown=None if own else item.data)
    text = str(item.data)
    if text.lower() in words:
        return FirewallPeer(item, (ALL_IPV4, ALL_IPV6))
    net = network(text)
    return FirewallPeer(item, (net,) if net else ())


def _others(body: Body, names: Iterable[str]) -> tuple[FirewallPeer, ...]:
    return tuple(
        FirewallPeer(item)
        for name in names
        if (value := body.value(name)) and value.data is not False
        for item in value.items()
    )


def _ranges(items: Iterable[Value]) -> Ports | UnknownValue:
    ports = []
    for item in items:
        if isinstance(item.data, UnknownValue):
            return item.data
        low, _, high = str(item.data).partition("-")
        if low.strip() == "*":
            return ALL_PORTS
        if low.strip().isdecimal() and (high or low).strip().isdecimal():
            ports.append((of_digits(low), of_digits(high or low)))
    return tuple(ports)


def _protocol(value: Value | None) -> str | UnknownValue:
    if value is None:
        return ""
    if isinstance(value.data, UnknownValue):
        return value.data
    text = str(value.data).lower()
    return _NUMBERS.get(text, text)


def _way(value: Value | None, default: str) -> str:
    text = default if value is None else _text(value.data)
    return {"INGRESS": "in", "EGRESS": "out"}.get(text.upper(), "")


def _text(data: Any) -> str:
    return data if isinstance(data, str) else ""
