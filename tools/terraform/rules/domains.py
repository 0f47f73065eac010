"""Checks of names in domain filters: AWS Network Firewall and DNS Firewall, Azure Firewall, Google Cloud."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.egress.allowlist import refusal
from tools.findings.model import Check, Problem, Severities, Severity
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.model import owner
from tools.terraform.language.model import Module, ResourceInstance, UnknownValue, Value


@dataclass(frozen=True, slots=True)
class FilterEngine:
    """How an engine writes every name below a domain: the prefix, or "" when it cannot."""

    name: str
    wildcard: str
    why: str = ""


AWS = FilterEngine("AWS Network Firewall", ".")


DNS = FilterEngine("Route 53 DNS Firewall", "*.")


AZURE = FilterEngine("an application rule of Azure Firewall", "*.")


AZURE_NETWORK = FilterEngine("a network rule of Azure Firewall", "", "write an application rule for it")


GOOGLE = FilterEngine("dest_fqdns", "", "write the full names, or use Secure Web Proxy")


PROXY = FilterEngine("a URL list of Secure Web Proxy", "*.")


LISTS = "rule_group.rules_source.rules_source_list"


_MATCH = {"match.dest_fqdns": GOOGLE, "match.src_fqdns": GOOGLE}


PLACES: Mapping[str, Mapping[str, FilterEngine]] = {
    "aws_networkfirewall_rule_group": {f"{LISTS}.targets": AWS},
    "aws_route53_resolver_firewall_domain_list": {"domains": DNS},
    "azurerm_firewall_policy_rule_collection_group": {
        "application_rule_collection.rule.destination_fqdns": AZURE,
        "network_rule_collection.rule.destination_fqdns": AZURE_NETWORK,
    },
    "google_compute_firewall_policy_rule": _MATCH,
    "google_compute_network_firewall_policy_rule": _MATCH,
    "google_compute_region_network_firewall_policy_rule": _MATCH,
    "google_network_security_url_lists": {"values": PROXY},
}


_PREFIX = re.compile(r"\*\.|\*|\.")


def domains_are_spelled_for_their_engine(module: Module) -> Iterator[Problem]:
    """A domain is written as its engine writes it.

    Every name below openai.com is `.openai.com` in AWS Network Firewall (which lets openai.com itself through too),
    `*.openai.com` in DNS Firewall, in application rules of Azure Firewall and in URL lists, and cannot be written in
    network rules of Azure Firewall and in `dest_fqdns`. The wrong form matches nothing, or, as `*openai.com` on Azure,
    evilopenai.com too. Addresses, URLs and ports are no names.
    Write the form that the message names.
    Source: AWS Network Firewall domain list rule groups; Azure Firewall application rules; Compute Engine FQDN objects;
    Secure Web Proxy URL lists.
    """
    for engine, item in _names(module):
        if isinstance(item.data, UnknownValue):
            yield cannot_tell(item.where, item.data, f"the name may be spelled wrongly for {engine.name}")
        elif fault := _spelling(engine, str(item.data)):
            yield Problem(item.where, fault)


def domain_lists_are_not_everything(module: Module) -> Iterator[Problem]:
    """A list of allowed names does not allow every name.

    `*` allows all, `*.com` and `.com` every name that anybody can register, and so does a session matcher `true` of
    Secure Web Proxy. `*` is right in the last list of DNS Firewall, the one that blocks.
    Write the names that are meant.
    Source: the Public Suffix List's default rule; the engines' pages of wildcards.
    """
    blocking = _blocking(module)
    for resource in module.everything(*PLACES):
        if resource.type == "aws_networkfirewall_rule_group" and not is_allowlist(resource):
            continue
        for path in PLACES[resource.type]:
            for value in _allowing(resource, path) if resource.address not in blocking else ():
                for item in value.items():
                    base = _PREFIX.sub("", str(item.data), count=1) if isinstance(item.data, str) else "x.y"
                    if "." not in base.rstrip("."):
                        yield Problem(
                            item.where, f"`{item.data}` allows every name below it; write the names that are meant"
                        )
    for rule in module.everything("google_network_security_gateway_security_policy_rule"):
        matcher = rule.body.value("session_matcher")
        if matcher and str(matcher.data).strip() == "true" and rule.body.data("basic_profile") == "ALLOW":
            yield Problem(matcher.where, "`true` allows every session; write inUrlList(host(), …)")


def _names(module: Module) -> Iterator[tuple[FilterEngine, Value]]:
    for resource in module.everything(*PLACES):
        for path, engine in PLACES[resource.type].items():
            for value in resource.body.find(path):
                yield from ((engine, item) for item in value.items())


def _spelling(engine: FilterEngine, text: str) -> str:
    match = _PREFIX.match(text)
    prefix = match[0] if match else ""
    base = text[len(prefix) :].rstrip(".").lower()
    if engine is PROXY:
        base = base.partition("/")[0]
    if not base:
        return "" if text == "*" and engine.wildcard == "*." else f"`{text}` is not a name; write host names"
    if prefix and not engine.wildcard:
        return f"`{text}` has a wildcard, which {engine.name} does not support; {engine.why}"
    if prefix and prefix != engine.wildcard:
        also = f", which does not let evil{base} through" if prefix == "*" else ""
        return f"`{text}` is another product's spelling; {engine.name} writes `{engine.wildcard}{base}`{also}"
    write = "" if "." not in base else refusal(base)
    return f"`{text}` is not a name that {engine.name} can match: write {write}" if write else ""


def is_allowlist(group: ResourceInstance) -> bool:
    """Whether a rule group of AWS Network Firewall lists names that are allowed."""
    return any(value.data == "ALLOWLIST" for value in group.body.find(f"{LISTS}.generated_rules_type"))


def _blocking(module: Module) -> set[str]:
    """The domain lists that are blocked, and never allowed."""
    actions: dict[str, set[str]] = {}
    for rule in module.everything("aws_route53_resolver_firewall_rule"):
        domains = owner(rule.body.value("firewall_domain_list_id"))
        actions.setdefault(domains, set()).add(str(rule.body.data("action")))
    return {domains for domains, action in actions.items() if action <= {"BLOCK", "ALERT"}}


def _allowing(resource: ResourceInstance, path: str) -> Iterator[Value]:
    """The lists of names at a path that are not there to deny."""
    head, _, rest = path.partition(".")
    if not head.endswith("_rule_collection"):
        yield from resource.body.find(path)
        return
    for collection in resource.body.each(head):
        if collection.body.data("action") != "Deny":
            yield from collection.body.find(rest)


CHECKS: tuple[Check[Module], ...] = (
    domains_are_spelled_for_their_engine,
    domain_lists_are_not_everything,
)
SEVERITIES: Severities = {
    domains_are_spelled_for_their_engine: (Severity.ERROR, Severity.NOTE),
}
