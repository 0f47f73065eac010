"""Merges findings that several rules make of one cause, and softens those in trees that are not this project's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from tools.findings.model import Finding, Severity
from tools.terraform.clouds.opening import opening

# Rules that report that one place lets the internet in, from the most telling to the least.
OPENINGS = (
    "databases-are-not-open-to-the-world",
    "control-planes-are-not-open-to-the-world",
    "ssh-is-not-open-to-the-world",
    "rdp-is-not-open-to-the-world",
    "databases-stay-in-private-ranges",
    "stores-and-shares-are-not-open-to-the-world",
    "http-is-not-open-to-the-world",
    "udp-is-not-open-to-the-world",
    "network-acls-are-not-open-to-the-world",
    "ingress-is-not-open-to-the-world",
)
GENERAL = "ingress-is-not-open-to-the-world"
# Rules that name everything that a firewall rule opens, its protocol included.
_WHOLE = frozenset(
    {
        GENERAL,
        "egress-is-not-open-to-the-world",
        "ranges-together-are-not-the-world",
        "network-acls-are-not-open-to-the-world",
    }
)
PROTOCOLS = "protocols-are-not-all-allowed"
# Rules that this project keeps, and that others may see differently.
OPINIONS = frozenset(
    {
        "egress-ends-in-deny",
        "dns-is-open-on-udp-and-tcp",
        "one-cloud-a-module",
        "network-inputs-are-validated",
        "home-net-is-named",
    }
)
# Errors in this project that are warnings in other trees, unless the internet is let in.
_MILDER = frozenset({PROTOCOLS, "databases-stay-in-private-ranges", "metadata-service-is-out-of-reach"})
_WORLD = ("0.0.0.0/0", "::/0", "2000::/3", "*", "any", "internet")
# The store that holds nothing of value to a stranger, so that where its port is open is a matter of taste.
_OPA = ("OPA",)
# A block of a rule that has its ports, and none of its peers.
_PORTS_BLOCK = re.compile(r"\.(allow|deny|layer4_configs?)\[\d+\]$")
_ADVICE = (("write the addresses of the proxy", "write the addresses that are called"), ("or OPA", ""))
_KEYS = re.compile(r'module\.[\w-]+(?:\[[^\]]*\])?\.|\[(?:"[^"]*"|\d+|\?)\](?!\.\d)')


def deduplicated(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each place and cause: the first instance of a block, and the most telling of several openings."""
    kept: dict[object, Finding] = {}
    openings: dict[object, dict[str, Finding]] = {}
    for finding in findings:
        where, problem = finding.problem.where, finding.problem
        bare = _KEYS.sub("", problem.message)
        key = (finding.rule, where.file, where.line, bare, problem.severity, "" if where.line else where.path)
        if key in kept:
            continue
        kept[key] = finding
        if finding.rule in OPENINGS and problem.severity is not Severity.NOTE and where.line:
            place = (where.file, where.line, _KEYS.sub("", where.path), opening(problem).peer)
            openings.setdefault(place, {}).setdefault(finding.rule, finding)
    dropped = {id(finding) for rules in openings.values() for finding in _less_telling(rules)}
    dropped.update(map(id, _covered_protocols(kept.values())))
    return tuple(finding for finding in kept.values() if id(finding) not in dropped)


def _covered_protocols(findings: Iterable[Finding]) -> list[Finding]:
    """The findings on a rule's protocol where another finding already says whom that rule lets in to all of it."""
    openings = [
        finding.problem for finding in findings if finding.rule in _WHOLE and not opening(finding.problem).doubted
    ]
    covered: list[Finding] = []
    for finding in findings:
        where = finding.problem.where
        if finding.rule != PROTOCOLS or finding.problem.severity is Severity.NOTE:
            continue
        rule = _PORTS_BLOCK.sub("", where.path.rpartition(".")[0])
        services = opening(finding.problem).services
        if rule and any(
            other.where.file == where.file
            and other.where.path.startswith(f"{rule}.")
            and set(services) <= set(opening(other).services)
            for other in openings
        ):
            covered.append(finding)
    return covered


def _less_telling(rules: dict[str, Finding]) -> list[Finding]:
    """All findings but the most telling one, which names the service, or says that it is every service."""
    general = rules.get(GENERAL)
    everything = general is not None and opening(general.problem).everything
    best = GENERAL if everything else min(rules, key=OPENINGS.index)
    return [finding for rule, finding in rules.items() if rule != best]


def softened(finding: Finding) -> Finding:
    """The finding as it is reported for another project: opinions are notes, and advice does not name this one."""
    problem = finding.problem
    message = problem.message
    for ours, theirs in _ADVICE:
        message = message.replace(ours, theirs)
    severity = problem.severity
    if finding.rule in OPINIONS or _opinion(finding):
        severity = Severity.NOTE
    elif finding.rule in _MILDER and severity is Severity.ERROR and opening(problem).peer.lower() not in _WORLD:
        severity = Severity.WARNING
    if (message, severity) == (problem.message, problem.severity):
        return finding
    return replace(finding, problem=replace(problem, message=message, severity=severity))


def _opinion(finding: Finding) -> bool:
    about = opening(finding.problem)
    if finding.rule in ("egress-is-not-open-to-the-world", "ranges-together-are-not-the-world"):
        return about.outward and about.everybody
    if finding.rule == "network-inputs-do-not-default-to-the-world":
        return "egress" in finding.problem.where.path.lower()
    if finding.rule == "databases-stay-in-private-ranges":
        return about.outward or about.services == _OPA
    return False
