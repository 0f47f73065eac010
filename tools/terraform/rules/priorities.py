"""Checks of the order in which cloud firewalls try their rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.addresses import within
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.firewall_rules import firewall_rules
from tools.terraform.clouds.model import WITH_RULES, FirewallPeer, FirewallRule, number, owner
from tools.terraform.language.model import Module, UnknownValue, Value

POLICY_HIGHEST = 2147483647
RANGES: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "azurerm_network_security_rule": {"priority": (100, 4096)},
    "azurerm_network_security_group": {"security_rule.priority": (100, 4096)},
    "azurerm_firewall_policy_rule_collection_group": {
        "priority": (100, 65000),
        "application_rule_collection.priority": (100, 65000),
        "network_rule_collection.priority": (100, 65000),
    },
    "google_compute_firewall": {"priority": (0, 65535)},
    "google_compute_firewall_policy_rule": {"priority": (0, POLICY_HIGHEST)},
    "google_compute_network_firewall_policy_rule": {"priority": (0, POLICY_HIGHEST)},
    "google_compute_region_network_firewall_policy_rule": {"priority": (0, POLICY_HIGHEST)},
    **{kind: {"rule.priority": (0, POLICY_HIGHEST)} for kind in WITH_RULES},
    "aws_networkfirewall_firewall_policy": {
        "firewall_policy.stateful_rule_group_reference.priority": (1, 65535),
        "firewall_policy.stateless_rule_group_reference.priority": (1, 65535),
    },
    "aws_route53_resolver_firewall_rule_group_association": {"priority": (101, 9899)},
}
_SIDES = ("source_address_prefix", "source_address_prefixes", "source_application_security_group_ids")
_FAR_SIDES = tuple(name.replace("source", "destination") for name in _SIDES)
_TARGETS = ("target_tags", "target_service_accounts", "target_secure_tags", "target_resources")


def priorities_are_in_range(module: Module) -> Iterator[Problem]:
    """Priorities are ones that the cloud takes.

    Azure's network security rules have 100 to 4096, its firewall policies 100 to 65000, VPC firewall rules of Google
    Cloud 0 to 65535 and those of a policy 0 to 2147483647, AWS Network Firewall's references 1 to 65535, DNS Firewall's
    associations 101 to 9899.
    Write a number in the range; leave gaps of 10 or 100 between rules.
    Source: Azure SecurityRule; Compute Engine firewalls; Network Firewall StatefulRuleGroupReference; Route 53 Resolver
    AssociateFirewallRuleGroup.
    """
    for resource in module.everything():
        for path, (low, high) in RANGES.get(resource.type, {}).items():
            for value in resource.body.find(path):
                priority = number(value.data)
                if isinstance(value.data, UnknownValue):
                    yield cannot_tell(value.where, value.data, f"priorities are {low} to {high}")
                elif priority is None or not low <= priority <= high:
                    yield Problem(value.where, f"{value.data} is not a priority here; write {low} to {high}")


def priorities_differ(module: Module) -> Iterator[Problem]:
    """No two rules of one firewall have the same priority, where it must tell them apart.

    That is in an Azure network security group for each direction, in a firewall policy of Google Cloud, in a rule group
    of DNS Firewall. The cloud refuses the second one when it is applied. VPC firewall rules of Google Cloud may share a
    priority: of those the denying ones come first.
    Write another number.
    Source: Azure network security groups overview; Compute Engine network firewall policies; Route 53 Resolver
    CreateFirewallRule.
    """
    seen: dict[tuple[str, str, int], str] = {}
    for group, direction, value, name in _ordered(module):
        priority = number(value.data)
        if priority is None:
            continue
        first = seen.setdefault((group, direction, priority), name)
        if first != name:
            yield Problem(value.where, f"priority {priority} is already {first}'s; write another")


def rules_are_not_shadowed(module: Module) -> Iterator[Problem]:
    """No earlier rule decides all of the traffic of a later one.

    The lower priority comes first, on Google Cloud and on Azure; a deny that follows an allow of the same traffic
    denies nothing, and an allow after a deny opens nothing. That is an error; the same decision twice is a warning.
    Give it a lower number, narrow the earlier rule, or remove it.
    Source: Azure network security groups overview; Compute Engine VPC firewall rules, "Priority".
    """
    groups: dict[tuple[str, str], list[tuple[int, FirewallRule]]] = {}
    for rule in firewall_rules(module):
        order = rule.order
        if rule.cloud == "aws" or not rule.direction or not rule.action or order is None or rule.off:
            continue
        groups.setdefault((rule.group, rule.direction), []).append((order, rule))
    for rules in groups.values():
        rules.sort(key=lambda item: (item[0], item[1].action != "deny"))
        for index, (_, later) in enumerate(rules):
            earlier = next((rule for _, rule in rules[:index] if covers(rule, later)), None)
            if earlier is None:
                continue
            name, place = earlier.resource.address, later.priority.where if later.priority else later.where
            if earlier.action == later.action:
                yield Problem(place, f"{name} already decides the same; remove one of the two", Severity.WARNING)
            else:
                yield Problem(
                    place,
                    f"{name} comes first and {_verb(earlier)} all of this traffic; this rule {_verb(later)} nothing",
                )


def rules_differ(module: Module) -> Iterator[Problem]:
    """No two rules of one security group say the same.

    EC2 refuses the second (InvalidPermission.Duplicate), when everything before it has been applied. Descriptions do
    not tell rules apart.
    Remove one of them.
    Source: EC2 AuthorizeSecurityGroupIngress, error InvalidPermission.Duplicate.
    """
    seen: dict[Any, FirewallRule] = {}
    for rule in firewall_rules(module):
        if rule.cloud != "aws" or isinstance(rule.protocol, UnknownValue) or isinstance(rule.ports, UnknownValue):
            continue
        for peer in rule.peers:
            if peer.unknown or not (peer_key := _peer_key(peer)):
                continue
            key = (rule.group, rule.direction, rule.protocol, rule.ports, peer_key)
            first = seen.setdefault(key, rule)
            if first is not rule:
                message = (
                    f"{first.resource.address} is already for {rule.service} and the same peer; remove one of the two"
                )
                yield Problem(rule.where, message)


def _peer_key(peer: FirewallPeer) -> str:
    data = peer.value.data
    if isinstance(data, UnknownValue):
        return next(iter(data.refs)) if data.bare and len(data.refs) == 1 else ""
    return f"{peer.value.where.path.rpartition('.')[2]} {data}"


def _ordered(module: Module) -> Iterator[tuple[str, str, Value, str]]:
    """(firewall, direction, priority, rule) of each rule whose priority must be its own."""
    for rule in firewall_rules(module):
        if rule.priority and (rule.cloud == "azure" or rule.resource.type != "google_compute_firewall"):
            direction = rule.direction if rule.cloud == "azure" else ""
            name = rule.body.data("name") if rule.body is not rule.resource.body and rule.cloud == "azure" else None
            yield rule.group, direction, rule.priority, str(name or rule.resource.address)
    for resource in module.everything("aws_route53_resolver_firewall_rule"):
        priority = resource.body.value("priority")
        if priority:
            yield owner(resource.body.value("firewall_rule_group_id")), "", priority, resource.address


def covers(earlier: FirewallRule, later: FirewallRule) -> bool:
    """Whether an earlier rule decides everything that a later one is about."""
    if earlier.resource is later.resource and earlier.body is later.body:
        return False
    for part in (earlier.protocol, later.protocol, earlier.ports, later.ports):
        if isinstance(part, UnknownValue):
            return False
    if earlier.protocol not in ("all", later.protocol) or not _ports_cover(earlier, later):
        return False
    return _peers_cover(earlier.peers, later.peers) and _others_cover(earlier, later)


def _ports_cover(earlier: FirewallRule, later: FirewallRule) -> bool:
    if isinstance(earlier.ports, UnknownValue) or isinstance(later.ports, UnknownValue):
        return False
    spans = sorted(earlier.ports)
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return all(any(low <= first and last <= high for low, high in joined) for first, last in later.ports)


def _peers_cover(earlier: Iterable[FirewallPeer], later: Iterable[FirewallPeer]) -> bool:
    nets = [net for peer in earlier for net in peer.nets]
    keys = {key for peer in earlier if not peer.unknown and (key := _peer_key(peer))}
    everybody = {net.version for net in nets if net.prefixlen == 0} == {4, 6}

    def covered(peer: FirewallPeer) -> bool:
        if peer.unknown or not peer.nets:
            return everybody or (not peer.unknown and bool(_peer_key(peer)) and _peer_key(peer) in keys)
        return all(any(within(net, outer) for outer in nets) for net in peer.nets)

    peers = list(later)
    return bool(peers) and all(covered(peer) for peer in peers)


def _others_cover(earlier: FirewallRule, later: FirewallRule) -> bool:
    """Whether the side that is not the peer, and the source ports, are no narrower in the earlier rule."""
    if earlier.cloud == "aws":
        return True
    if earlier.cloud == "gcp":
        wide, narrow = (_given(rule.resource.body.find(name) for name in _TARGETS) for rule in (earlier, later))
        return not wide or wide == narrow
    near = _FAR_SIDES if earlier.direction == "in" else _SIDES
    wide, narrow = (_given(rule.body.find(name) for name in near) for rule in (earlier, later))
    ports = [
        _given((rule.body.find("source_port_range"), rule.body.find("source_port_ranges"))) for rule in (earlier, later)
    ]
    return (wide == ["*"] or (wide == narrow and bool(wide))) and (ports[0] in ([], ["*"]) or ports[0] == ports[1])


def _given(values: Iterable[tuple[Value, ...]]) -> list[str]:
    return sorted(str(item.data) for attribute in values for value in attribute for item in value.items())


def _verb(rule: FirewallRule) -> str:
    return "allows" if rule.allows else "denies"


CHECKS: tuple[Check[Module], ...] = (
    priorities_are_in_range,
    priorities_differ,
    rules_are_not_shadowed,
    rules_differ,
)
SEVERITIES: Severities = {
    priorities_are_in_range: (Severity.ERROR, Severity.NOTE),
    rules_are_not_shadowed: (Severity.ERROR, Severity.WARNING),
}
