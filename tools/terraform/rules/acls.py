"""Checks of AWS's network ACLs: what they let in, and in which order they decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tools.findings.model import Check, Problem, Severities, Severity
from tools.terraform.clouds.firewall_rules import acl_rules
from tools.terraform.clouds.model import ALL_PORTS, FirewallRule, everywhere
from tools.terraform.clouds.opening import CloudOpening, opens_everything
from tools.terraform.language.model import Module, UnknownValue
from tools.terraform.rules.exposure import STORES, peer_name
from tools.terraform.rules.priorities import covers

# Answers come to ports from here on; a rule that opens all of them is not for a service.
EPHEMERAL = 1024
MANY = 100
# What a public web server has.
WEB = (80, 443)


def network_acls_are_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """No network ACL lets the internet in, except to a web server's ports and to those for answers.

    An ACL does not track connections: it must let in the ports from 1024 on that answers come to, and 80 and 443 are
    a public server's. A rule for everything, for low ports beside those, or for a database alone is as if there were
    no ACL. A rule counts unless an earlier one decides the same traffic.
    Write the ports, and the addresses of those who call them.
    Peers: checkov CKV_AWS_352; trivy AWS-0102 AWS-0105.
    Source: Amazon VPC user guide, network ACLs; CIS AWS Foundations Benchmark 5.1.
    """
    for rules in _lists(module):
        for index, (_, rule) in enumerate(rules):
            if not rule.allows or rule.direction != "in" or isinstance(rule.ports, UnknownValue):
                continue
            for peer in rule.peers:
                if not any(everywhere(net) for net in peer.nets) or not (what := _opened(rule)):
                    continue
                alone = replace(rule, peers=(peer,))
                if any(covers(earlier, alone) for _, earlier in rules[:index]):
                    continue
                message = (
                    f"{peer_name(peer)} lets everybody in to {what}; write the ports and the addresses that are meant"
                )
                about = CloudOpening(peer_name(peer), (rule.service,), opens_everything(rule), everybody=True)
                severity = Severity.WARNING if rule.protocol == "all" else Severity.ERROR
                yield Problem(peer.value.where, message, severity, about)


def network_acls_decide_in_order(module: Module) -> Iterator[Problem]:
    """No rule of a network ACL comes after one that already decides all of its traffic.

    The lowest number comes first and decides. A deny after an allow of the same traffic denies nothing, which is an
    error; the same decision twice is a warning, and two rules of one number are refused when they are applied.
    Give it a lower number, narrow the earlier rule, or remove it.
    Source: Amazon VPC user guide, network ACL rules.
    """
    for rules in _lists(module):
        for index, (number, later) in enumerate(rules):
            place = later.priority.where if later.priority else later.where
            twin = next(
                (rule for other, rule in rules[:index] if other == number and rule.body is not later.body), None
            )
            if twin is not None:
                yield Problem(place, f"rule {number} is already {twin.resource.address}'s; write another number")
                continue
            earlier = next((rule for _, rule in rules[:index] if covers(rule, later)), None)
            if earlier is None:
                continue
            name = earlier.resource.address
            if earlier.action == later.action:
                yield Problem(place, f"{name} already decides the same; remove one of the two", Severity.WARNING)
            else:
                verbs = ["allows" if rule.allows else "denies" for rule in (earlier, later)]
                yield Problem(
                    place, f"{name} comes first and {verbs[0]} all of this traffic; this rule {verbs[1]} nothing"
                )


def _lists(module: Module) -> Iterator[list[tuple[int, FirewallRule]]]:
    """The rules of each ACL and direction whose place is known, in order."""
    lists: dict[tuple[str, str], list[tuple[int, FirewallRule]]] = {}
    for rule in acl_rules(module):
        if rule.order is not None and rule.action and rule.direction and rule.resource.doubt is None:
            lists.setdefault((rule.group, rule.direction), []).append((rule.order, rule))
    for rules in lists.values():
        rules.sort(key=lambda item: item[0])
        yield rules


def _opened(rule: FirewallRule) -> str:
    """What a rule for the world opens that it should not, "" when nothing."""
    if rule.protocol == "all":
        return "every protocol"
    if isinstance(rule.protocol, UnknownValue) or isinstance(rule.ports, UnknownValue):
        return ""
    if rule.ports == ALL_PORTS:
        return rule.service
    for first, last in rule.ports:
        if last - first >= MANY:
            if first < EPHEMERAL:
                return rule.service
        elif any(first <= port <= last for port in STORES) or (first < EPHEMERAL and first not in WEB):
            return rule.service
    return ""


CHECKS: tuple[Check[Module], ...] = (network_acls_are_not_open_to_the_world, network_acls_decide_in_order)
SEVERITIES: Severities = {
    network_acls_are_not_open_to_the_world: (Severity.ERROR, Severity.WARNING),
    network_acls_decide_in_order: (Severity.ERROR, Severity.WARNING),
}
