"""What must hold for values that the toolkit accepts without asking Helm: no name and no address is too wide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from tests.standing_fuzz.case import Subject, Unmet
from tests.standing_fuzz.values import make, suffix_rules
from tools.egress.allowlist import Suffixes
from tools.findings.model import Severity, run
from tools.render import parts
from tools.render.chart import Chart, chart
from tools.render.load import load
from tools.render.merge import merge
from tools.render.own import CHART
from tools.validate.rules import values as checks
from tools.validate.rules.values import Listed

Net = IPv4Network | IPv6Network
# Where no name may lead: this host, its neighbours on the link, and the metadata services of the clouds. In IPv6 the
# same inside the ranges that carry IPv4 addresses (RFC 4291, RFC 6052).
_FORBIDDEN_FOUR = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32")
FORBIDDEN = tuple(map(ip_network, (*_FORBIDDEN_FOUR, "::/127", "fe80::/10", "fd00:ec2::254/128")))
CARRIERS = (ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))


@cache
def project() -> Chart:
    """The chart."""
    return chart(CHART)


@cache
def base() -> Listed:
    """The chart's own values."""
    suffixes = Suffixes.parse(project().text("files/public-suffixes.txt"))
    return Listed.of(load("fuzz", [], project()).values, suffixes)


def read(override: Mapping[str, Any]) -> Listed:
    """The chart's values with these laid over them."""
    merged = merge(base().body, override)
    return replace(base(), body=merged, parts=parts.names(project().parts, merged))


def judge(case: Any) -> str:
    """Judge the values as the stage `values` does; what passes is looked at once more, here."""
    values = read(case["values"])
    problems = [finding.problem for finding in run(checks.CHECKS, values)]
    for problem in problems:
        if not problem.message.strip():
            raise Unmet("a finding says nothing", problem.where.path)
    if values.rejections:
        return "refused by the schema"
    if any(problem.severity is not Severity.NOTE for problem in problems):
        return "refused by a check"
    for path, name in wide_names(values.body):
        raise Unmet("a wildcard over a public suffix is accepted", f"{path}: {name}")
    for path, net in wide_addresses(values.body):
        raise Unmet("an address of this host, the link or a metadata service is accepted", f"{path}: {net}")
    return "accepted"


def wide_names(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Wildcards of the list under which strangers have names, by this module's own reading of the suffixes."""
    for path, entry in entries(values):
        name = str(entry["name"]).lower()
        under = name.removeprefix("*.")
        if name != under and not _excused(entry) and (strangers(under) or not under.strip("*.")):
            yield path, name


def strangers(name: str) -> bool:
    """Whether `name` is a public suffix, or has one below it."""
    rules, parent = suffix_rules(), name.partition(".")[2]
    listed = name in rules or (f"*.{parent}" in rules and f"!{name}" not in rules) or not parent
    return listed or f"*.{name}" in rules or name in _above()


@cache
def _above() -> frozenset[str]:
    """Every name that has a public suffix below it."""
    return frozenset(
        ".".join(labels[index:])
        for rule in suffix_rules()
        if not rule.startswith("!")
        for labels in [rule.removeprefix("*.").split(".")]
        for index in range(1, len(labels))
    )


def _excused(entry: Mapping[str, Any]) -> bool:
    """Whether the entry has a key of the schema by which a suffix is allowed on purpose."""
    return any("suffix" in key.lower() and value for key, value in entry.items())


def entries(values: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries of the list as mappings, with their places."""
    egress = values.get("egress") or {}
    for key in ("domains", "extraDomains", "internal"):
        for index, entry in enumerate(egress.get(key) or ()):
            yield f"egress.{key}[{index}]", {"name": entry} if isinstance(entry, str) else entry


def wide_addresses(values: Mapping[str, Any]) -> Iterator[tuple[str, Net]]:
    """CIDRs of egress.internal that reach where no name may lead."""
    for path, entry in entries(values):
        for cidr in entry.get("cidrs", ()):
            net = ip_network(cidr, strict=False)
            if any(net.version == bad.version and net.overlaps(bad) for bad in FORBIDDEN) or _carries(net):
                yield path, net


def _carries(net: Net) -> bool:
    """Whether an IPv6 network holds a forbidden IPv4 address in one of the ranges that carry them."""
    if net.version == 4:
        return False
    for carrier in CARRIERS:
        if not net.overlaps(carrier):
            continue
        first, last = max(net[0], carrier[0]), min(net[-1], carrier[-1])
        low, high = int(first) & 0xFFFFFFFF, int(last) & 0xFFFFFFFF
        if any(int(bad[0]) <= high and low <= int(bad[-1]) for bad in map(ip_network, _FORBIDDEN_FOUR)):
            return True
    return False


SUBJECT = Subject("values", make, judge, cases=4000, check=40)
