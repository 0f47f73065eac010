"""Checks of the addresses and peers that cloud firewall rules are written with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.addresses import network
from tools.terraform.clouds.firewall_rules import firewall_rules
from tools.terraform.clouds.model import AZURE_WORLD, WITH_RULES, FirewallRule, may_be_null
from tools.terraform.language.model import Body, Module, ResourceInstance, UnknownValue, Value

# Where CIDRs stand: the resource's type, the path of the attribute, and the family when it has one.
_RULE = {"cidr_blocks": 4, "ipv6_cidr_blocks": 6}
_GROUP = {f"{way}.{name}": family for way in ("ingress", "egress") for name, family in _RULE.items()}
_NSG = {f"{side}_address_{number}": 0 for side in ("source", "destination") for number in ("prefix", "prefixes")}
_POLICY = {"match.src_ip_ranges": 0, "match.dest_ip_ranges": 0}
PLACES: Mapping[str, Mapping[str, int]] = {
    "aws_vpc": {"cidr_block": 4},
    "aws_subnet": {"cidr_block": 4, "ipv6_cidr_block": 6},
    "aws_vpc_security_group_ingress_rule": {"cidr_ipv4": 4, "cidr_ipv6": 6},
    "aws_vpc_security_group_egress_rule": {"cidr_ipv4": 4, "cidr_ipv6": 6},
    "aws_security_group_rule": _RULE,
    "aws_security_group": _GROUP,
    "aws_default_security_group": _GROUP,
    "aws_network_acl_rule": {"cidr_block": 4, "ipv6_cidr_block": 6},
    "aws_ec2_managed_prefix_list": {"entry.cidr": 0},
    "aws_ec2_managed_prefix_list_entry": {"cidr": 0},
    "aws_networkfirewall_rule_group": {"rule_group.rule_variables.ip_sets.ip_set.definition": 0},
    "google_compute_subnetwork": {"ip_cidr_range": 4},
    "google_compute_firewall": {"source_ranges": 0, "destination_ranges": 0},
    "google_compute_firewall_policy_rule": _POLICY,
    "google_compute_network_firewall_policy_rule": _POLICY,
    "google_compute_region_network_firewall_policy_rule": _POLICY,
    **{kind: {f"rule.{name}": family for name, family in _POLICY.items()} for kind in WITH_RULES},
    "azurerm_network_security_rule": _NSG,
    "azurerm_network_security_group": {f"security_rule.{name}": family for name, family in _NSG.items()},
    "azurerm_virtual_network": {"address_space": 0},
    "azurerm_subnet": {"address_prefixes": 0},
    "azurerm_firewall_policy_rule_collection_group": {
        f"{kind}_rule_collection.rule.{side}_addresses": 0
        for kind in ("application", "network")
        for side in ("source", "destination")
    },
}
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)?")
_RANGE = re.compile(r"[0-9.]+-[0-9.]+")
_DENIAL = re.compile(r"(?i)\b(den(y|ies|ied)|drop(s|ped)?|reject(s|ed)?|forbid(s|den)?)\b")
_LOOPBACK = ("127.0.0.1/32", "127.0.0.0/8", "::1/128", "0.0.0.0/32", "255.255.255.255/32")
ONE_FAMILY = (
    "google_compute_firewall",
    "google_compute_network_firewall",
    "google_compute_region_network_firewall",
    "azurerm_network_security",
)
PEERS = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
LEGACY_PEERS = (
    "cidr_blocks",
    "ipv6_cidr_blocks",
    "prefix_list_ids",
    "security_groups",
    "source_security_group_id",
    "self",
)


def ranges_are_networks(module: Module) -> Iterator[Problem]:
    """Ranges of addresses are networks in CIDR form, with no bits set after their length.

    The schema takes any string, and the cloud refuses it when it is applied, half way through; or, as Azure, it reads
    `10.0.0.1/8` as `10.0.0.0/8`, which is not what was meant. A single address is `/32` or `/128`.
    Write the network that the message names.
    Source: RFC 4632; EC2 AuthorizeSecurityGroupIngress, Compute Engine firewalls, Azure SecurityRule references.
    """
    for resource, value, _ in _written(module):
        for item in value.items():
            if not isinstance(item.data, UnknownValue) and (fault := _fault(resource, str(item.data))):
                # Azure takes a network with host bits set, and reads it as the whole network.
                taken = resource.type.startswith("azurerm_") and network(str(item.data)) is not None
                yield Problem(item.where, fault, Severity.WARNING if taken else Severity.ERROR)


def families_do_not_mix(module: Module) -> Iterator[Problem]:
    """An attribute for IPv4 holds IPv4, one for IPv6 holds IPv6, and no rule of Google Cloud or Azure holds both.

    AWS has an attribute for each family. The others take either, but not both in one rule.
    Write a rule for each family.
    Source: EC2 IpRange and Ipv6Range; Compute Engine VPC firewall rules, "Source and destination ranges"; Azure
    SecurityRule.
    """
    for resource, value, family in _written(module):
        problems = [(item, net) for item in value.items() if (net := network(str(item.data)))]
        for item, net in problems if family else ():
            if net.version != family:
                yield Problem(
                    item.where,
                    f"{item.data} is IPv{net.version}, but this attribute is for IPv{family}; "
                    "move it to a rule of its own",
                )
        versions = {net.version for _, net in problems}
        if resource.type.startswith(ONE_FAMILY) and len(versions) > 1:
            yield Problem(value.where, "one rule holds IPv4 and IPv6 ranges; write a rule for each")


def rules_name_one_peer(module: Module) -> Iterator[Problem]:
    """A security group rule names its peer exactly once.

    aws_vpc_security_group_ingress_rule and its twin take exactly one of cidr_ipv4, cidr_ipv6, prefix_list_id and
    referenced_security_group_id; the older forms at least one peer, and no group beside ranges.
    Write one rule for each peer.
    Source: EC2 SecurityGroupRule; the provider's pages of these resources.
    """
    for rule in firewall_rules(module):
        if rule.cloud != "aws":
            continue
        names = PEERS if rule.resource.type.startswith("aws_vpc_") else LEGACY_PEERS
        given = [value for name in names if (value := rule.body.value(name)) and value.data not in (False, ())]
        sure = [value for value in given if not may_be_null(value)]
        where = given[-1].where if given else rule.where
        if not given:
            yield Problem(rule.where, f"the rule names no peer; write one of {', '.join(names)}")
        elif names is PEERS and len(sure) > 1:
            listed = ", ".join(value.where.path.rpartition(".")[2] for value in sure)
            yield Problem(where, f"the rule names {len(sure)} peers ({listed}); write one rule for each")
        elif names is LEGACY_PEERS and _group_beside_ranges(rule.body, sure):
            yield Problem(where, "source_security_group_id is set beside ranges; write one rule for each")
        elif names is PEERS and len(given) != len(sure) and len(given) > 1:
            unknown = next(value.data for value in given if value not in sure)
            message = f"cannot tell: {unknown.reason}; the rule may name several peers or none"
            yield Problem(where, message, Severity.NOTE)


def denials_deny_something(module: Module) -> Iterator[Problem]:
    """A rule that is called a denial denies something.

    A security group of AWS has no deny: what no rule allows is denied, and a rule allows. A rule to 127.0.0.1/32 does
    nothing at all, and a rule whose name or description says "deny" lets through what it names.
    Remove the rule: without egress rules nothing goes out.
    Source: Amazon VPC user guide, security groups; the provider takes AWS's own allow-all egress rule away.
    """
    for rule in firewall_rules(module):
        if not rule.allows:
            continue
        for peer in rule.peers:
            if peer.text in _LOOPBACK:
                yield Problem(
                    peer.value.where,
                    f"no packet is ever sent to {peer.text}: the rule neither allows nor denies anything; remove it",
                )
        if rule.cloud == "aws" and (denial := _says_denial(rule)):
            yield Problem(
                rule.where, f"it says `{denial}`, but it allows; a security group denies whatever no rule allows"
            )


def _says_denial(rule: FirewallRule) -> str:
    text = str(rule.body.data("description", ""))
    named = rule.resource.name if rule.body is rule.resource.body else ""
    match = _DENIAL.search(text) or _DENIAL.search(re.sub(r"[_-]", " ", named))
    return match[0] if match else ""


def _group_beside_ranges(body: Body, given: list[Value]) -> bool:
    source = body.value("source_security_group_id")
    ranges = ("cidr_blocks", "ipv6_cidr_blocks", "self")
    return source in given and any(body.value(name) in given for name in ranges if body.value(name))


def _written(module: Module) -> Iterator[tuple[ResourceInstance, Value, int]]:
    for resource in module.everything():
        for path, family in PLACES.get(resource.type, {}).items():
            for value in resource.body.find(path):
                yield resource, value, family


def _fault(resource: ResourceInstance, text: str) -> str:
    azure, google = resource.type.startswith("azurerm_"), resource.type.startswith("google_")
    if azure and (text.lower() in AZURE_WORLD or _TAG.fullmatch(text)):
        return ""
    if resource.type == "azurerm_firewall_policy_rule_collection_group" and _RANGE.fullmatch(text):
        return ""
    net = network(text)
    if net is None:
        return f"`{text}` is not a network; write one such as 10.20.0.0/16"
    if "/" not in text:
        return "" if azure or google else f"{text} has no prefix length; write {net}"
    try:
        ip_network(text)
    except ValueError:
        return f"{text} has host bits set; write {net}, or {text.partition('/')[0]}/{net.max_prefixlen}"
    return ""


CHECKS: tuple[Check[Module], ...] = (
    ranges_are_networks,
    families_do_not_mix,
    rules_name_one_peer,
    denials_deny_something,
)
SEVERITIES: Severities = {
    ranges_are_networks: (Severity.ERROR, Severity.WARNING),
    rules_name_one_peer: (Severity.ERROR, Severity.NOTE),
}
