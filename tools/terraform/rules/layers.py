"""Checks across layers: the clouds' firewalls against each other, and against what the chart's values open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.manifests.addresses import Net, left, network
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.chart import (
    CHART_PORTS,
    DNS,
    Layers,
    Service,
    chart_ports,
    in_environment,
    needed_openings,
    port_numbers,
)
from tools.terraform.clouds.firewall_rules import allowed
from tools.terraform.clouds.model import FirewallRule, owner
from tools.terraform.language.model import Body, Module, UnknownValue, Value
from tools.terraform.rules.domains import LISTS

# No more ports of a range than this are compared; wide ranges are another rule's finding.
WIDE = 100
# The addresses at which AWS, Google Cloud and Azure resolve names for their machines.
RESOLVERS = tuple(map(network, ("169.254.169.253/32", "fd00:ec2::253/128", "169.254.169.254/32", "168.63.129.16/32")))
# https://docs.cloud.google.com/load-balancing/docs/health-check-concepts
HEALTH_CHECKS = tuple(
    network(text)
    for text in (
        *("35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22"),
        *("2600:2d00:1:b029::/64", "2600:2d00:1:1::/64", "2600:1901:8001::/48"),
    )
)


def clouds_agree(layers: Layers) -> Iterator[Problem]:
    """The clouds' firewalls open the same ports to the same addresses.

    An installation that moves, or that spans two clouds, is as open as the more open of them. Ports and CIDRs are
    compared in both directions; groups, tags and accounts are each cloud's own, and are not. Nor are addresses of the
    cloud itself: its resolver, for DNS, and where Google Cloud's health checks come from.
    Write the rule for the other cloud too, or remove it here; the policy module gives all of them from one input.
    Source: this project's terraform/modules/network/policy.
    """
    open_in = {cloud: _openings(module) for cloud, module in layers.roots.items()}
    for cloud, openings in open_in.items():
        for other, others in open_in.items():
            for service, rules in openings.items() if other != cloud else ():
                if service not in others:
                    message = f"{_service_name(service)} is open on {cloud} and not on {other}"
                    yield Problem(rules[0].port_where, f"{message}; open it there or close it here")
                    continue
                doubt = next((unknown for rule in (*rules, *others[service]) if (unknown := _doubt(rule))), None)
                if doubt and cloud < other:
                    yield cannot_tell(
                        rules[0].port_where, doubt, f"{_service_name(service)} may differ on {cloud} and {other}"
                    )
                mine, theirs = _nets(rules), _nets(others[service])
                if doubt or _any_group(rules) or _any_group(others[service]):
                    continue
                own = HEALTH_CHECKS if service[0] == "in" else RESOLVERS if service[2] == DNS else ()
                if extra := [net for net in mine if net not in own and left(net, theirs)]:
                    listed = ", ".join(str(net) for net in extra)
                    message = (
                        f"{_service_name(service)} is open for {listed} on {cloud} and not on {other}; write the same"
                    )
                    yield Problem(_place(rules, extra), message)


def cloud_ports_are_the_charts(layers: Layers) -> Iterator[Problem]:
    """A cloud's firewall opens no port that the chart keeps closed.

    The ports are those of the gateway, the database, the cache, OPA and the proxy, DNS and NTP, and the ports of
    egress.domains; a part that is switched off in the environment is a note. Where the chart lists addresses outside
    the cluster (database.externalCidrs and the like) the cloud opens the port for those and no others.
    Remove the rule, or write the port or the address in the chart's values.
    Source: this project's values.yaml.
    """
    for cloud, module in layers.roots.items():
        for rule in allowed(module):
            yield from _foreign_ports(layers, cloud, rule)
            yield from _foreign_peers(layers, cloud, rule)


def cloud_opens_what_the_chart_opens(layers: Layers) -> Iterator[Problem]:
    """What the chart opens to addresses outside the cluster, the cloud opens too.

    The gateway's port for the load balancer, the ports of the database, the cache and OPA for their externalCidrs, and
    the ports of egress.domains: a cloud firewall that closes one of them shows as a time-out that no policy explains.
    Add the rule to the cloud, or take the address out of the values.
    Source: this project's values.yaml.
    """
    for cloud, module in layers.roots.items():
        openings = _openings(module)
        unknown = next((rule for rule in allowed(module) if _doubt(rule)), None)
        for path, service, nets in needed_openings(layers):
            missing = nets if service not in openings else [n for n in nets if left(n, _nets(openings[service]))]
            if service in openings and (not missing or _any_group(openings[service])):
                continue
            where = Where(layers.file, path)
            doubt = _doubt(unknown) if unknown else None
            listed = f" for {', '.join(str(net) for net in missing)}" if missing else ""
            if doubt:
                yield cannot_tell(where, doubt, f"{_service_name(service)} may be closed on {cloud}{listed}")
            else:
                yield Problem(
                    where,
                    f"the chart opens {_service_name(service)}{listed}, and {cloud} keeps it closed; open it there",
                )


def cloud_domains_are_the_charts(layers: Layers) -> Iterator[Problem]:
    """A cloud's domain filters hold the names of egress.domains, no more and no fewer.

    Network Firewall's `.d` is read as `*.d`, and means d too, which a list of denied names must hold before it. A name
    that is missing works until the filter is switched on; one too many is reachable when the chart's list no longer has
    it. DNS Firewall must resolve more than it lets be reached, so that its extra names are notes.
    Read the list from the chart's values, as the examples do.
    Source: this project's egress.domains.
    """
    expected = {entry.name: entry.path for entry in layers.entries}
    for cloud, module in layers.roots.items():
        for engine, items in _filters(module).items():
            names = {_chart_name(engine, item): item for item in items if isinstance(item.data, str)}
            unknown = next((item for item in items if isinstance(item.data, UnknownValue)), None)
            for name, item in names.items():
                if name not in expected:
                    severity = Severity.NOTE if engine == "Route 53 DNS Firewall" else Severity.ERROR
                    message = f"{engine} allows {name}, which egress.domains{in_environment(layers)} does not list"
                    yield Problem(item.where, f"{message}; remove it", severity)
            for name, path in expected.items():
                if name in names:
                    continue
                where = Where(layers.file, path)
                if unknown and isinstance(unknown.data, UnknownValue):
                    yield cannot_tell(unknown.where, unknown.data, f"{engine} may not allow {name}")
                else:
                    yield Problem(where, f"{name} is not allowed by {engine} on {cloud}; add it to the filter's list")
            if engine == "AWS Network Firewall":
                yield from _apexes(module, items, expected)


def _apexes(module: Module, items: Iterable[Value], expected: Mapping[str, str]) -> Iterator[Problem]:
    denied = {
        str(item.data)
        for group in module.everything("aws_networkfirewall_rule_group")
        if any(value.data == "DENYLIST" for value in group.body.find(f"{LISTS}.generated_rules_type"))
        for value in group.body.find(f"{LISTS}.targets")
        for item in value.items()
    }
    for item in items:
        apex = str(item.data).removeprefix(".")
        if str(item.data).startswith(".") and apex not in denied and apex not in expected:
            message = f"{item.data} lets {apex} itself through too, which *.{apex} does not; deny it before"
            yield Problem(item.where, message, Severity.WARNING)


def _openings(module: Module) -> dict[Service, list[FirewallRule]]:
    openings: dict[Service, list[FirewallRule]] = {}
    for rule in allowed(module):
        if isinstance(rule.ports, UnknownValue) or isinstance(rule.protocol, UnknownValue) or not rule.direction:
            continue
        for first, last in rule.ports:
            for port in range(first, min(last, first + WIDE) + 1):
                openings.setdefault((rule.direction, rule.protocol, port), []).append(rule)
    return openings


def _foreign_ports(layers: Layers, cloud: str, rule: FirewallRule) -> Iterator[Problem]:
    if isinstance(rule.ports, UnknownValue):
        yield cannot_tell(rule.port_where, rule.ports, "the chart may keep the port closed")
        return
    known, off = chart_ports(layers, rule.direction), chart_ports(layers, rule.direction, enabled=False)
    ports = [port for first, last in rule.ports for port in range(first, min(last, first + WIDE) + 1)]
    foreign = [port for port in ports if port not in known] if rule.direction else []
    closed = [port for port in foreign if port not in off]
    for port in (closed or foreign)[:1]:
        opened = f"{cloud} opens {_service_name((rule.direction, str(rule.protocol), port))}"
        if closed:
            message = f"{opened}, which the chart keeps closed{in_environment(layers)}; remove it"
            yield Problem(rule.port_where, message)
        else:
            # A part that is switched off has no policy, which does not mean that it is closed.
            yield Problem(
                rule.port_where, f"{opened}, whose part is switched off{in_environment(layers)}", Severity.NOTE
            )


def _foreign_peers(layers: Layers, cloud: str, rule: FirewallRule) -> Iterator[Problem]:
    for part in CHART_PORTS:
        listed = layers.value(part.peers) if part.peers and part.peers != "dns.cidrs" else None
        if not listed or rule.direction != part.direction:
            continue
        nets = [net for text in listed if (net := network(str(text)))]
        if not any(rule.carries("tcp", port) for port in port_numbers(layers, part.ports)):
            continue
        for peer in rule.peers:
            if any(left(net, nets) for net in peer.nets):
                message = f"{cloud} opens {rule.service} for {peer.text}, which {part.peers} does not list"
                yield Problem(peer.value.where, f"{message}{in_environment(layers)}; write the same addresses")


def _filters(module: Module) -> dict[str, list[Value]]:
    """The allowed names of each domain filter that there is."""
    filters: dict[str, list[Value]] = {}

    def add(engine: str, body: Body, path: str) -> None:
        filters.setdefault(engine, []).extend(item for value in body.find(path) for item in value.items())

    for group in module.everything("aws_networkfirewall_rule_group"):
        for rules in group.body.each("rule_group"):
            for source in rules.body.each("rules_source"):
                for listed in source.body.each("rules_source_list"):
                    filters.setdefault("AWS Network Firewall", [])
                    if listed.body.data("generated_rules_type") == "ALLOWLIST":
                        add("AWS Network Firewall", listed.body, "targets")
    lists = {
        owner(rule.body.value("firewall_domain_list_id"))
        for rule in module.everything("aws_route53_resolver_firewall_rule")
        if rule.body.data("action") == "ALLOW"
    }
    for domains in module.everything("aws_route53_resolver_firewall_domain_list"):
        if domains.address in lists:
            add("Route 53 DNS Firewall", domains.body, "domains")
    for group in module.everything("azurerm_firewall_policy_rule_collection_group"):
        for collection in group.body.each("application_rule_collection"):
            if collection.body.data("action") == "Allow":
                add("Azure Firewall", collection.body, "rule.destination_fqdns")
    for urls in module.everything("google_network_security_url_lists"):
        add("Secure Web Proxy", urls.body, "values")
    return filters


def _chart_name(engine: str, item: Value) -> str:
    text = str(item.data).lower()
    return f"*{text}" if engine == "AWS Network Firewall" and text.startswith(".") else text


def _nets(rules: Iterable[FirewallRule]) -> list[Net]:
    return [net for rule in rules for peer in rule.peers for net in peer.nets]


def _any_group(rules: Iterable[FirewallRule]) -> bool:
    """Whether some peer is not a range, so that the ranges do not say everything."""
    return any(not peer.nets and not peer.unknown for rule in rules for peer in rule.peers)


def _place(rules: Iterable[FirewallRule], nets: Iterable[Net]) -> Where:
    expected = set(nets)
    wheres = (peer.value.where for rule in rules for peer in rule.peers if expected & set(peer.nets))
    return next(wheres)


def _doubt(rule: FirewallRule) -> UnknownValue | None:
    parts = (rule.ports, rule.protocol, *(peer.unknown for peer in rule.peers))
    return next((part for part in parts if isinstance(part, UnknownValue)), None)


def _service_name(service: Service) -> str:
    direction, protocol, port = service
    return f"{protocol.upper()} {port} {'in' if direction == 'in' else 'out'}"


CHECKS: tuple[Check[Layers], ...] = (
    clouds_agree,
    cloud_ports_are_the_charts,
    cloud_opens_what_the_chart_opens,
    cloud_domains_are_the_charts,
)
SEVERITIES: Severities = {
    clouds_agree: (Severity.ERROR, Severity.NOTE),
    cloud_ports_are_the_charts: (Severity.ERROR, Severity.NOTE),
    cloud_opens_what_the_chart_opens: (Severity.ERROR, Severity.NOTE),
    cloud_domains_are_the_charts: (Severity.ERROR, Severity.WARNING, Severity.NOTE),
}
