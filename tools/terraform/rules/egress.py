"""Checks of egress: what stays open where a cloud allows everything that no rule decides."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.firewall_rules import firewall_rules
from tools.terraform.clouds.model import ALL_PORTS, FirewallRule
from tools.terraform.language.model import Module, UnknownValue

DNS = 53


def egress_ends_in_deny(module: Module) -> Iterator[Problem]:
    """Where the cloud allows egress by default, the rules end by denying what they did not allow.

    Google Cloud's networks and Azure's network security groups let everything out that no rule decides, so that a list
    of allowed egress alone restricts nothing. A security group of AWS denies it by default.
    Write a last rule, with the highest priority number: deny, every protocol, to 0.0.0.0/0 (`"*"` on Azure), and one to
    ::/0 on Google Cloud where rules hold IPv6.
    Source: Compute Engine VPC firewall rules, "Implied rules"; Azure network security groups, default rules.
    """
    for group, rules in _groups(module).items():
        allows = [rule for rule in rules if rule.allows]
        doubtful = next((rule for rule in rules if rule.off or _doubt(rule)), None)
        six = any(net.version == 6 for rule in allows for peer in rule.peers for net in peer.nets if net.prefixlen)
        for family in (4, 6) if six else (4,):
            last = _last_deny(rules, family)
            where = max(allows, key=lambda rule: rule.order or 0).resource.where if allows else None
            if where is None or (last and not _comes_after(last, allows)):
                continue
            if doubtful and not last and (unknown := _doubt(doubtful)):
                yield cannot_tell(doubtful.where, unknown, f"egress of {group} may end without a deny")
                break
            what = "a last deny" if last is None else f"a deny with a higher number than {last.order}"
            to = "::/0" if family == 6 else "0.0.0.0/0"
            message = (
                f"egress of {group} does not end in a deny: whatever no rule allows goes out; write {what}, to {to}"
            )
            yield Problem(where, message)


def dns_is_open_on_udp_and_tcp(module: Module) -> Iterator[Problem]:
    """Egress that is denied leaves DNS open, on UDP and on TCP.

    Answers that do not fit into a UDP packet are asked for again by TCP: a firewall that opens UDP alone fails, every
    now and then, for names with many addresses. A group that denies the rest of egress and opens no DNS at all resolves
    names by the cloud's own resolver alone, which no firewall rule reaches; that is a note.
    Write two rules for port 53, to your DNS servers.
    Source: RFC 7766, DNS over TCP is required; Compute Engine "Always allowed traffic"; Azure AzurePlatformDNS.
    """
    groups: dict[str, list[FirewallRule]] = {}
    for rule in firewall_rules(module):
        if rule.direction == "out" and not rule.off:
            groups.setdefault(rule.group, []).append(rule)
    for group, rules in groups.items():
        opened = {
            protocol: [rule for rule in rules if rule.allows and rule.carries(protocol, DNS)]
            for protocol in ("udp", "tcp")
        }
        if any(_doubt(rule) for rule in rules if rule.allows):
            unknown = next(doubt for rule in rules if (doubt := _doubt(rule)))
            if not all(opened.values()):
                yield cannot_tell(rules[0].where, unknown, f"DNS of {group} may be closed on UDP or TCP")
            continue
        for here, missing in (("udp", "tcp"), ("tcp", "udp")):
            narrow = [rule for rule in opened[here] if rule.only(DNS)]
            if narrow and not opened[missing]:
                message = f"DNS is open on {here.upper()} and not on {missing.upper()}"
                yield Problem(narrow[0].where, f"{message}; write a rule for {missing.upper()} too")
        last = _last_deny(rules, 4)
        if last and not opened["udp"] and not opened["tcp"]:
            message = (
                f"{group} denies egress, DNS included: only the cloud's own resolver answers; open port 53 for others"
            )
            yield Problem(last.resource.where, message, Severity.NOTE)


def _groups(module: Module) -> dict[str, list[FirewallRule]]:
    """The egress rules of each firewall that allows by default."""
    groups: dict[str, list[FirewallRule]] = {}
    for rule in firewall_rules(module):
        if rule.cloud != "aws" and rule.direction == "out":
            groups.setdefault(rule.group, []).append(rule)
    return groups


def _last_deny(rules: list[FirewallRule], family: int) -> FirewallRule | None:
    """The last rule that denies every protocol to everybody of a family."""
    denials = [
        rule
        for rule in rules
        if rule.action == "deny"
        and not rule.off
        and rule.protocol == "all"
        and rule.ports == ALL_PORTS
        and any(net.prefixlen == 0 and net.version == family for peer in rule.peers for net in peer.nets)
    ]
    return max(denials, key=lambda rule: rule.order or 0, default=None)


def _comes_after(last: FirewallRule, allows: list[FirewallRule]) -> bool:
    """Whether an allow comes after the last deny, which then does not decide the rest."""
    return False if last.order is None else any(rule.order is not None and rule.order > last.order for rule in allows)


def _doubt(rule: FirewallRule) -> UnknownValue | None:
    """What is not known of a rule that decides whether it is a last deny, or one for DNS."""
    for part in (rule.protocol, rule.ports, *(peer.unknown for peer in rule.peers if not rule.allows)):
        if isinstance(part, UnknownValue):
            return part
    if rule.direction and not rule.action:
        data = rule.body.data("access", rule.resource.body.data("action"))
        return data if isinstance(data, UnknownValue) else None
    return None


CHECKS: tuple[Check[Module], ...] = (egress_ends_in_deny, dns_is_open_on_udp_and_tcp)
SEVERITIES: Severities = {
    egress_ends_in_deny: (Severity.ERROR, Severity.NOTE),
    dns_is_open_on_udp_and_tcp: (Severity.ERROR, Severity.NOTE),
}
