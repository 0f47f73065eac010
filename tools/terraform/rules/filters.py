"""Checks of what domain filters do with names that are on no list."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.terraform.clouds.model import number, owner
from tools.terraform.language.model import Module, NestedBlock, ResourceInstance, UnknownValue
from tools.terraform.rules.domains import LISTS, is_allowlist
from tools.terraform.rules.groups import references

DROPS = ("aws:drop_strict", "aws:drop_established", "aws:drop_established_app_layer")


def allowlists_drop_the_rest(module: Module) -> Iterator[Problem]:
    """Traffic to names that are on no list is dropped.

    A rule group of AWS Network Firewall of kind ALLOWLIST lets the rest of TLS and HTTP fail, and every other protocol
    through, unless the policy has a default drop: strict order, `aws:drop_established` (or `aws:drop_strict`), and
    `aws:forward_to_sfe` from the stateless engine, without which no list is looked at. DNS Firewall answers what no
    rule blocks: a last rule must BLOCK `*`. On Azure a network rule to anywhere comes before every application rule.
    Write the default that the message names.
    Source: AWS Network Firewall evaluation order; Route 53 Resolver DNS Firewall rule actions; Azure Firewall rule
    processing logic.
    """
    lists = [group for group in module.everything("aws_networkfirewall_rule_group") if is_allowlist(group)]
    policies = list(module.everything("aws_networkfirewall_firewall_policy"))
    for policy in policies if lists else ():
        for block in policy.body.each("firewall_policy"):
            yield from _policy_faults(policy, block)
    named = {reference for policy in policies for reference in references(policy.body)}
    for group in lists:
        if any(reference.startswith(f"{group.type}.{group.name}") for reference in named):
            continue
        message = "cannot tell: no firewall policy here refers to it; the policy needs strict order and a default drop"
        yield Problem(group.where, message, Severity.NOTE)
    for group in lists:
        orders = group.body.find("rule_group.stateful_rule_options.rule_order")
        if policies and not orders:
            yield Problem(group.where, "the rule group has no stateful_rule_options; write rule_order = STRICT_ORDER")
    yield from _dns_faults(module)
    for collection in _network_rules(module):
        for rule in collection.body.each("rule") if collection.body.data("action") == "Allow" else ():
            for value in rule.body.find("destination_addresses"):
                if any(str(item.data) in ("*", "0.0.0.0/0") for item in value.items()):
                    message = "a network rule to anywhere comes before every application rule; name the addresses"
                    yield Problem(value.where, message)


def home_net_is_named(module: Module) -> Iterator[Problem]:
    """A domain list of AWS Network Firewall names the networks whose traffic it judges.

    HOME_NET is the firewall's own VPC unless the rule group says otherwise. In the usual central inspection VPC the
    traffic of all the others then passes the list unseen.
    Write rule_variables { ip_sets { key = "HOME_NET" ip_set { definition = [the VPCs' ranges] } } }.
    Source: AWS Network Firewall, domain lists, "Domain filtering for traffic from outside the VPC".
    """
    for group in module.everything("aws_networkfirewall_rule_group"):
        if any(True for _ in group.body.find(f"{LISTS}.targets")):
            keys = group.body.find("rule_group.rule_variables.ip_sets.key")
            if not any(str(key.data) == "HOME_NET" or isinstance(key.data, UnknownValue) for key in keys):
                message = "the list applies only to the firewall's own VPC; write rule_variables with ip_sets HOME_NET"
                yield Problem(group.where, message, Severity.WARNING)


def blocks_say_what_they_answer(module: Module) -> Iterator[Problem]:
    """A blocking rule of DNS Firewall says what it answers, and no other rule does.

    BLOCK needs block_response; OVERRIDE needs block_override_domain, block_override_dns_type and block_override_ttl
    beside it. The schema has them optional.
    Write block_response = "NXDOMAIN" or "NODATA".
    Source: Route 53 Resolver CreateFirewallRule.
    """
    for rule in module.everything("aws_route53_resolver_firewall_rule"):
        action, response = rule.body.data("action"), rule.body.value("block_response")
        if action == "BLOCK" and response is None:
            yield Problem(rule.where, 'BLOCK needs an answer; write block_response = "NXDOMAIN"')
        elif action in ("ALLOW", "ALERT") and response:
            yield Problem(response.where, f"{action} returns the real answer; remove block_response")
        elif response and response.data == "OVERRIDE":
            names = ("block_override_domain", "block_override_dns_type", "block_override_ttl")
            missing = [name for name in names if rule.body.value(name) is None]
            if missing:
                yield Problem(response.where, f"OVERRIDE needs {', '.join(missing)}; write them")


def names_in_network_rules_have_a_dns_proxy(module: Module) -> Iterator[Problem]:
    """Where a network rule of Azure Firewall has names, the firewall answers DNS for its clients.

    It resolves the name itself. A client that asks another server may get another address, and is denied, now and then.
    Write dns { proxy_enabled = true } in azurerm_firewall_policy.
    Source: Azure Firewall, FQDN filtering in network rules.
    """
    policies = list(module.everything("azurerm_firewall_policy"))
    proxied = any(
        value.data in (True, "true") for policy in policies for value in policy.body.find("dns.proxy_enabled")
    )
    for collection in _network_rules(module):
        for rule in collection.body.each("rule") if policies and not proxied else ():
            for value in rule.body.find("destination_fqdns"):
                if value.items():
                    yield Problem(
                        value.where, f"{policies[0].address} has no DNS proxy; write dns {{ proxy_enabled = true }}"
                    )


def filters_fail_closed(module: Module) -> Iterator[Problem]:
    """A filter that cannot decide denies.

    DNS Firewall with firewall_fail_open answers every name when it is overloaded, and Network Firewall with
    stream_exception_policy CONTINUE lets connections through that it has not seen begin.
    Write "DISABLED", and DROP or REJECT.
    Source: Route 53 Resolver UpdateFirewallConfig; AWS Network Firewall stream exception policy.
    """
    for config in module.everything("aws_route53_resolver_firewall_config"):
        value = config.body.value("firewall_fail_open")
        if value and value.data == "ENABLED":
            yield Problem(
                value.where, 'the filter lets names through when it fails; write "DISABLED"', Severity.WARNING
            )
    for policy in module.everything("aws_networkfirewall_firewall_policy"):
        for value in policy.body.find("firewall_policy.stateful_engine_options.stream_exception_policy"):
            if value.data == "CONTINUE":
                message = "the filter lets unknown streams through; write DROP or REJECT"
                yield Problem(value.where, message, Severity.WARNING)


def _policy_faults(policy: ResourceInstance, block: NestedBlock) -> Iterator[Problem]:
    orders = block.body.find("stateful_engine_options.rule_order")
    if not any(isinstance(value.data, UnknownValue) or value.data == "STRICT_ORDER" for value in orders):
        where = orders[0].where if orders else block.where
        yield Problem(
            where,
            f"{policy.address} does not use strict order, so it has no default action; write rule_order = STRICT_ORDER",
        )
    actions = block.body.value("stateful_default_actions")
    if actions is None or (actions.known and not any(item.data in DROPS for item in actions.items())):
        where = actions.where if actions else block.where
        message = (
            f'{policy.address} drops nothing by default; write stateful_default_actions = ["aws:drop_established"]'
        )
        yield Problem(where, message)
    for name in ("stateless_default_actions", "stateless_fragment_default_actions"):
        value = block.body.value(name)
        if value and any(item.data == "aws:pass" for item in value.items()):
            yield Problem(value.where, f'{name} lets traffic past every list; write ["aws:forward_to_sfe"]')


def _dns_faults(module: Module) -> Iterator[Problem]:
    groups: dict[str, list[ResourceInstance]] = {}
    for rule in module.everything("aws_route53_resolver_firewall_rule"):
        groups.setdefault(owner(rule.body.value("firewall_rule_group_id")), []).append(rule)
    stars = {
        domains.address
        for domains in module.everything("aws_route53_resolver_firewall_domain_list")
        for value in domains.body.find("domains")
        if any(item.data == "*" for item in value.items())
    }
    for group, rules in groups.items():
        last = max(rules, key=lambda rule: number(rule.body.data("priority")) or 0)
        allows = any(rule.body.data("action") == "ALLOW" for rule in rules)
        ends = last.body.data("action") == "BLOCK" and owner(last.body.value("firewall_domain_list_id")) in stars
        if allows and not ends:
            yield Problem(
                last.where, f'{group} answers what no rule blocks; write a last rule that BLOCKs the list ["*"]'
            )


def _network_rules(module: Module) -> Iterator[NestedBlock]:
    for group in module.everything("azurerm_firewall_policy_rule_collection_group"):
        yield from group.body.each("network_rule_collection")


CHECKS: tuple[Check[Module], ...] = (
    allowlists_drop_the_rest,
    home_net_is_named,
    blocks_say_what_they_answer,
    names_in_network_rules_have_a_dns_proxy,
    filters_fail_closed,
)
SEVERITIES: Severities = {
    allowlists_drop_the_rest: (Severity.ERROR, Severity.NOTE),
    home_net_is_named: (Severity.WARNING,),
    filters_fail_closed: (Severity.WARNING,),
}
