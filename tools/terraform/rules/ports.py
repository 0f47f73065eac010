"""Checks of the ports, protocols and words that cloud firewall rules are written with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.scalars import of_digits
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.firewall_rules import firewall_rules
from tools.terraform.clouds.model import WITH_PORTS, FirewallRule
from tools.terraform.language.model import Module, UnknownValue, Value
from tools.terraform.rules.domains import LISTS

HIGHEST = 65535
_SPAN = re.compile(r"(\d+)(?:-(\d+))?")
_AWS = ("tcp", "udp", "icmp", "icmpv6", "all", "-1")
_GOOGLE = ("tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip", "all")

_RULE = {
    "direction": ("Inbound", "Outbound"),
    "access": ("Allow", "Deny"),
    "protocol": ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
}
_POLICY = {
    "direction": ("INGRESS", "EGRESS"),
    "action": ("allow", "deny", "goto_next", "apply_security_profile_group"),
}
# The words that an attribute takes, by the resource's type and the attribute's path.
WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "aws_security_group_rule": {"type": ("ingress", "egress")},
    "aws_networkfirewall_rule_group": {
        "type": ("STATEFUL", "STATELESS", "STATEFUL_DOMAIN"),
        f"{LISTS}.generated_rules_type": ("ALLOWLIST", "DENYLIST", "REJECTLIST", "ALERTLIST"),
        f"{LISTS}.target_types": ("TLS_SNI", "HTTP_HOST"),
        "rule_group.stateful_rule_options.rule_order": ("STRICT_ORDER", "DEFAULT_ACTION_ORDER"),
    },
    "aws_networkfirewall_firewall_policy": {
        "firewall_policy.stateful_engine_options.rule_order": ("STRICT_ORDER", "DEFAULT_ACTION_ORDER"),
        "firewall_policy.stateful_engine_options.stream_exception_policy": ("DROP", "CONTINUE", "REJECT"),
        "firewall_policy.stateful_default_actions": (
            "aws:drop_strict",
            "aws:drop_established",
            "aws:drop_established_app_layer",
            "aws:alert_strict",
            "aws:alert_established",
            "aws:alert_established_app_layer",
        ),
    },
    "aws_route53_resolver_firewall_rule": {
        "action": ("ALLOW", "BLOCK", "ALERT"),
        "block_response": ("NODATA", "NXDOMAIN", "OVERRIDE"),
        "block_override_dns_type": ("CNAME",),
        "firewall_domain_redirection_action": ("INSPECT_REDIRECTION_DOMAIN", "TRUST_REDIRECTION_DOMAIN"),
    },
    "google_compute_firewall": {
        "direction": ("INGRESS", "EGRESS"),
        "log_config.metadata": ("INCLUDE_ALL_METADATA", "EXCLUDE_ALL_METADATA"),
    },
    "google_compute_firewall_policy_rule": _POLICY,
    "google_compute_network_firewall_policy_rule": _POLICY,
    "google_compute_region_network_firewall_policy_rule": _POLICY,
    "google_network_security_gateway_security_policy_rule": {"basic_profile": ("ALLOW", "DENY")},
    "azurerm_network_security_rule": _RULE,
    "azurerm_network_security_group": {f"security_rule.{name}": words for name, words in _RULE.items()},
    "azurerm_firewall_policy": {
        "sku": ("Basic", "Standard", "Premium"),
        "threat_intelligence_mode": ("Alert", "Deny", "Off"),
    },
    "azurerm_firewall_policy_rule_collection_group": {
        "application_rule_collection.action": ("Allow", "Deny"),
        "application_rule_collection.rule.protocols.type": ("Http", "Https", "Mssql"),
        "network_rule_collection.action": ("Allow", "Deny"),
        "network_rule_collection.rule.protocols": ("Any", "TCP", "UDP", "ICMP"),
    },
}


def port_numbers_are_valid(module: Module) -> Iterator[Problem]:
    """Ports of cloud firewall rules are ports, and ranges go from low to high.

    A port is 0 to 65535. AWS takes a number in from_port and in to_port; Google Cloud and Azure a string, `"443"` or
    `"8000-8010"`, and Azure `"*"` too. Several go into a list, never into one string.
    Write numbers in that form.
    Peers: tflint aws_security_group_rule_invalid_from_port.
    Source: RFC 6335; Compute Engine firewalls, Azure SecurityRule references.
    """
    for rule in firewall_rules(module):
        if rule.cloud == "aws":
            yield from _aws_ports(rule)
            continue
        azure = rule.cloud == "azure"
        sides = [f"{side}_port_range{end}" for side in ("source", "destination") for end in ("", "s")]
        for name in sides if azure else ["ports"]:
            value = rule.body.value(name)
            for item in value.items() if value else ():
                if not isinstance(item.data, UnknownValue) and (fault := _span_fault(str(item.data), azure)):
                    yield Problem(item.where, fault)


def ports_fit_their_protocol(module: Module) -> Iterator[Problem]:
    """Ports stand with the protocols that have them, and with no other.

    On AWS `-1` means every protocol and takes no ports (0 and 0 in the older forms), and TCP and UDP need both. On
    Google Cloud only tcp, udp and sctp take ports, on Azure every protocol but Icmp, Esp and Ah. What the cloud does
    with the rest differs: it refuses it, or opens everything.
    Write ports for TCP, UDP and SCTP, and none for others.
    Source: EC2 IpPermission; Compute Engine firewalls; Azure SecurityRule.
    """
    for rule in firewall_rules(module):
        protocol = rule.protocol
        if isinstance(protocol, UnknownValue):
            continue
        if rule.cloud == "aws":
            yield from _aws_fit(rule, protocol)
        elif rule.cloud == "gcp":
            ports = rule.body.value("ports")
            if ports and ports.items() and protocol and not _number_with_ports(protocol):
                yield Problem(ports.where, f"{protocol} has no ports; remove them, or write tcp, udp or sctp")
        elif protocol in ("icmp", "esp", "ah"):
            for name in ("destination_port_range", "destination_port_ranges"):
                value = rule.body.value(name)
                if value and value.known and value.data not in ("*", ("*",)):
                    yield Problem(value.where, f'{protocol.capitalize()} has no ports; write "*"')


def protocol_names_are_known(module: Module) -> Iterator[Problem]:
    """Protocols of AWS and Google Cloud are ones that they know, in lower case.

    AWS knows tcp, udp, icmp, icmpv6, `-1` and numbers, Google Cloud also esp, ah, sctp and ipip. Capitals are stored
    in lower case and come back as a change in each plan. HTTP, HTTPS, TLS and DNS are no protocols of a firewall.
    Write one of those, with ports.
    Peers: tflint aws_security_group_rule_invalid_protocol aws_security_group_invalid_protocol.
    Source: EC2 IpPermission; Compute Engine firewalls; IANA protocol numbers.
    """
    for rule in firewall_rules(module):
        for name in ("ip_protocol", "protocol") if rule.cloud != "azure" else ():
            value = rule.body.value(name)
            if value is None or not isinstance(value.data, str | int) or isinstance(value.data, bool):
                continue
            known = _AWS if rule.cloud == "aws" else _GOOGLE
            text = str(value.data)
            if text.isdecimal() and of_digits(text) <= 255:
                continue
            if text not in known and text.lower() in known:
                yield Problem(value.where, f"`{text}` is stored in lower case; write {text.lower()}", Severity.WARNING)
            elif text not in known:
                yield Problem(value.where, f"`{text}` is not a protocol here; write {', '.join(known)} or a number")


def words_are_exact(module: Module) -> Iterator[Problem]:
    """Directions, actions, orders and other words are ones that the provider takes, letter by letter.

    Google Cloud writes INGRESS, Azure Inbound, AWS ingress; Azure refuses `TCP` and wants `Tcp` in network security
    rules, and `TCP` in its firewall's. Schemas take any string.
    Write the word that the message names.
    Source: the enumerations of each API, as the providers' pages of these resources list them.
    """
    for resource in module.everything():
        for path, words in WORDS.get(resource.type, {}).items():
            for value in resource.body.find(path):
                for item in value.items():
                    yield from _word(item, words)


def _word(item: Value, words: tuple[str, ...]) -> Iterator[Problem]:
    if isinstance(item.data, UnknownValue):
        yield cannot_tell(item.where, item.data, f"it must be one of {', '.join(words)}")
    elif item.data not in words:
        meant = next((word for word in words if word.lower() == str(item.data).lower()), "")
        yield Problem(item.where, f"`{item.data}` is not accepted; write {meant or ', '.join(words)}")


def _aws_ports(rule: FirewallRule) -> Iterator[Problem]:
    low, high = rule.body.value("from_port"), rule.body.value("to_port")
    numbers: list[int] = []
    for value in (low, high):
        if value is None or isinstance(value.data, UnknownValue):
            continue
        text = str(value.data)
        if isinstance(value.data, bool) or not re.fullmatch(r"-?\d+", text):
            yield Problem(value.where, f"`{text}` is not a port; write a number from 0 to {HIGHEST}")
            continue
        number = of_digits(text)
        numbers.append(number)
        if not -1 <= number <= HIGHEST or (number == -1 and rule.protocol in WITH_PORTS):
            yield Problem(value.where, f"{text} is not a port; write a number from 0 to {HIGHEST}")
    if low and len(numbers) == 2 and numbers[0] > numbers[1] and rule.protocol in WITH_PORTS:
        yield Problem(low.where, f"the range {numbers[0]} to {numbers[1]} goes down; write the lower port first")


def _span_fault(text: str, azure: bool) -> str:
    if azure and text == "*":
        return ""
    if "," in text:
        return f'`{text}` is not a port; write a list, ["{text.replace(" ", "").split(",")[0]}", …]'
    match = _SPAN.fullmatch(text)
    if not match:
        return f"`{text}` is not a port; write one such as 443, or a range such as 8000-8010"
    low, high = of_digits(match[1]), of_digits(match[2] or match[1])
    if high > HIGHEST or low > HIGHEST:
        return f"`{text}` is not a port; write 0 to {HIGHEST}"
    return f"the range {text} goes down; write the lower port first" if low > high else ""


def _aws_fit(rule: FirewallRule, protocol: str) -> Iterator[Problem]:
    ports = [value for name in ("from_port", "to_port") if (value := rule.body.value(name))]
    separate = rule.resource.type.startswith("aws_vpc_")
    if protocol == "all":
        for value in ports:
            if value.known and (separate or value.data not in (0, -1, "0", "-1")):
                write = "remove it" if separate else "write 0"
                yield Problem(value.where, f"-1 is every protocol, and ports mean nothing with it; {write}")
    elif protocol in WITH_PORTS and len(ports) < 2:
        missing = " and ".join(name for name in ("from_port", "to_port") if not rule.body.value(name))
        yield Problem(rule.where, f"{protocol} needs ports; write {missing}")


def _number_with_ports(protocol: str) -> bool:
    return protocol in WITH_PORTS


CHECKS: tuple[Check[Module], ...] = (
    port_numbers_are_valid,
    ports_fit_their_protocol,
    protocol_names_are_known,
    words_are_exact,
)
SEVERITIES: Severities = {
    protocol_names_are_known: (Severity.ERROR, Severity.WARNING),
    words_are_exact: (Severity.ERROR, Severity.NOTE),
}
