"""Checks of what cloud firewalls open, and to whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.manifests.addresses import ALL_IPV4, ALL_IPV6, INSIDE, UNUSUAL, Net, left, network, private, within
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.firewall_rules import allowed
from tools.terraform.clouds.model import ALL_PORTS, FirewallPeer, FirewallRule, everywhere
from tools.terraform.clouds.opening import CloudOpening, opens_everything
from tools.terraform.language.model import Module, UnknownValue

STORES = {5432: "PostgreSQL", 6379: "Redis", 8181: "OPA"}


# Wider than this is more than one service has; a range of ports that one server hands out fits.
MANY_PORTS = 100


# Networks shorter than these are whole regions of the internet.
SHORT = {4: 8, 6: 16}


# How many ranges of a set that holds the internet are tried one by one for whether it needs them.
MAX_LEFT_OUT = 200


# Service tags that mean whoever rents a machine there.
WIDE_TAGS = ("azurecloud",)


def ingress_is_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """No ingress rule lets in every address of the internet.

    This covers security group rules of each kind, google_compute_firewall and policy rules, and network security
    rules: `0.0.0.0/0`, `::/0`, `2000::/3`, Azure's `*`, `Any` and `Internet`, and on Google Cloud a rule that names
    nobody, which means everybody. TCP 443 alone is what a public web server has, and is a note.
    Write the addresses, or the security group, of whoever calls: a load balancer, a company's network.
    Peers: trivy AWS-0107 GCP-0027 AZU-0047; checkov CKV_AWS_277; KICS 4728cd65; tfsec aws-ec2-no-public-ingress-sgr
    aws-vpc-no-public-ingress-sgr google-compute-no-public-ingress azure-network-no-public-ingress.
    Source: CIS Benchmarks of the three clouds, network sections.
    """
    for peer, rules, web in _openings(module, "in"):
        service = _services(rules)
        about = CloudOpening(peer_name(peer), _named(rules), any(map(opens_everything, rules)), everybody=True)
        if peer.unknown:
            yield cannot_tell(peer.value.where, peer.unknown, f"it may let the world in to {service}")
        elif web:
            message = f"{peer_name(peer)} lets everybody in to TCP 443, which is right only for a public web server"
            yield Problem(peer.value.where, message, Severity.NOTE, about)
        else:
            message = f"{peer_name(peer)} lets everybody in to {service}; write the addresses of those who call it"
            yield Problem(peer.value.where, message, about=about)


def egress_is_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """No egress rule lets out to every address of the internet.

    A compromised gateway can send data to every address that it may connect to, and port 443 is enough. A security
    group of AWS has no egress until a rule gives it some; the other clouds need a deny too.
    Write the addresses of the egress proxy, or let a domain filter decide.
    Peers: trivy AWS-0104 GCP-0035 AZU-0051; checkov CKV_AWS_382; tfsec aws-ec2-no-public-egress-sgr
    aws-vpc-no-public-egress-sgr google-compute-no-public-egress azure-network-no-public-egress.
    Source: NIST SP 800-41, deny by default in both directions.
    """
    for peer, rules, _ in _openings(module, "out"):
        service = _services(rules)
        if peer.unknown:
            yield cannot_tell(peer.value.where, peer.unknown, f"it may let out to the world by {service}")
        else:
            message = f"{peer_name(peer)} lets traffic out to everybody by {service}; write the addresses of the proxy"
            about = CloudOpening(
                peer_name(peer), _named(rules), any(map(opens_everything, rules)), outward=True, everybody=True
            )
            yield Problem(peer.value.where, message, about=about)


def ranges_together_are_not_the_world(module: Module) -> Iterator[Problem]:
    """No set of ranges adds up to the internet.

    `0.0.0.0/1` with `128.0.0.0/1` is `0.0.0.0/0`, whether it stands in one rule or in several of one group, and so is
    every list that leaves out only addresses that nobody has. Rules of one direction and about one service are added
    up, in each family; ranges that lie inside others are left out.
    Write the addresses that are meant.
    Source: RFC 4632 (aggregation); IANA special-purpose address registries.
    """
    for direction, service, peers in adding_up_to_the_world(module):
        listed = ", ".join(dict.fromkeys(peer.text for peer in peers))
        way = "in from" if direction == "in" else "out to"
        yield Problem(
            peers[-1].value.where,
            f"{listed} together let {way} everybody by {service}; write the addresses that are meant",
            about=CloudOpening(listed, (service,), outward=direction != "in", everybody=True),
        )


def public_ranges_are_narrow(module: Module) -> Iterator[Problem]:
    """A range of public addresses is no larger than somebody owns.

    `64.0.0.0/2` is a quarter of the internet, and what it lets in is as good as everybody. An IPv4 range of public
    addresses wider than /8, and an IPv6 one wider than /16, is refused, and so is Azure's tag `AzureCloud`, which
    is whoever rents a machine there.
    Write the ranges that the other side publishes. Ranges that are the internet together are another rule's finding.
    Source: IANA IPv4 and IPv6 address space registries, where /8 and /16 are what a whole registry is given.
    """
    together = {peer.value.where for _, _, peers in adding_up_to_the_world(module) for peer in peers}
    for rule in allowed(module):
        for peer in rule.peers:
            if peer.text.lower().split(".")[0] in WIDE_TAGS:
                message = f"{peer.text} is every tenant's machines; name the service's own tag or the addresses"
                yield Problem(peer.value.where, message, Severity.WARNING)
            for net in peer.nets if peer.value.where not in together else ():
                if not everywhere(net) and not private(net) and net.prefixlen < SHORT[net.version]:
                    message = f"{net} is {_share(net)} of the internet; write the ranges that the other side has"
                    yield Problem(peer.value.where, message, Severity.WARNING)


def databases_stay_in_private_ranges(module: Module) -> Iterator[Problem]:
    """PostgreSQL, Redis and OPA are reached at private addresses, and from them.

    Ports 5432, 6379 and 8181 belong to the gateway and to nobody on the internet. A range that holds public addresses
    is refused in both directions, however small.
    Write ranges of RFC 1918 or RFC 4193, or a security group.
    Peers: trivy AZU-0074; KICS 381c3f2a 594c198b.
    Source: RFC 1918, RFC 4193, RFC 6598.
    """
    for rule in allowed(module):
        carried = {port: name for port, name in STORES.items() if rule.carries("tcp", port)}
        names = [f"{name} ({port})" for port, name in carried.items()]
        if not names or rule.ports == ALL_PORTS:
            continue
        way = "lets out to" if rule.direction == "out" else "is for"
        for peer in rule.peers:
            if peer.unknown:
                yield cannot_tell(peer.value.where, peer.unknown, f"it may put {names[0]} on public addresses")
            elif any(not _inside(net) for net in peer.nets):
                yield Problem(
                    peer.value.where,
                    f"{peer_name(peer)} holds public addresses, and the rule {way} {', '.join(names)}; "
                    "write private ranges or a security group",
                    about=CloudOpening(peer_name(peer), tuple(carried.values()), outward=rule.direction == "out"),
                )


def protocols_are_not_all_allowed(module: Module) -> Iterator[Problem]:
    """No rule allows every protocol, or every port of one.

    `-1`, `all`, `*` and ports 0 to 65535 open what is there today and what will be tomorrow. Between groups it is a
    warning, and so is every protocol on few ports, which Azure can say; else it is an error.
    Write one rule for each service.
    Peers: checkov CKV_AWS_277 CKV2_GCP_12; trivy GCP-0072; KICS 22ef1d26.
    Source: NIST SP 800-41, rules as specific as possible.
    """
    for rule in allowed(module):
        if isinstance(rule.protocol, UnknownValue):
            yield cannot_tell(rule.protocol_where, rule.protocol, "the rule may allow every protocol")
        elif rule.protocol == "all" and rule.ports != ALL_PORTS:
            message = f"the rule allows {rule.service}; write Tcp, Udp or both"
            yield Problem(rule.protocol_where, message, Severity.WARNING, CloudOpening(services=(rule.service,)))
        elif rule.ports == ALL_PORTS and (rule.direction or rule.protocol):
            yield Problem(
                rule.protocol_where,
                f"the rule allows {rule.service}; write the ports that are used",
                Severity.ERROR if any(peer.nets or peer.unknown for peer in rule.peers) else Severity.WARNING,
                CloudOpening(services=(rule.service,), everything=True),
            )


def port_ranges_are_narrow(module: Module) -> Iterator[Problem]:
    """A range of ports is as wide as one service needs.

    More than 100 ports hold services that nobody meant. Ephemeral ports need no rule: these firewalls remember
    connections and let answers through.
    Write the ports that are used.
    Peers: trivy GCP-0074.
    Source: NIST SP 800-41, rules as specific as possible.
    """
    for rule in allowed(module):
        if isinstance(rule.ports, UnknownValue):
            yield cannot_tell(rule.port_where, rule.ports, "the range of ports may be wide")
            continue
        for first, last in rule.ports if rule.ports != ALL_PORTS else ():
            if last - first >= MANY_PORTS:
                message = f"{first}-{last} is {last - first + 1} ports; write the ones that are used"
                yield Problem(rule.port_where, message, Severity.WARNING)


def adding_up_to_the_world(module: Module) -> Iterator[tuple[str, str, list[FirewallPeer]]]:
    """Each set of ranges that together are the internet, as small as possible, with its direction and service."""
    together: dict[tuple[str, str, str], list[FirewallPeer]] = {}
    for rule in allowed(module):
        peers = together.setdefault((rule.group, rule.direction, rule.service), [])
        peers.extend(peer for peer in rule.peers if peer.nets and not peer.world)
    for (_, direction, service), peers in together.items():
        for whole in (ALL_IPV4, ALL_IPV6):
            mine = [peer for peer in peers if peer.nets[0].version == whole.version]
            if mine and all_public(whole, [net for peer in mine for net in peer.nets]):
                yield direction, service, smallest_covering(whole, mine)


def _openings(module: Module, direction: str) -> Iterator[tuple[FirewallPeer, list[FirewallRule], bool]]:
    """Each peer that is, or may be, the world, with all rules of one place for it, and whether they are TCP 443 alone.

    A rule of Google Cloud has a block for each protocol, and its peers once.
    """
    peerses: dict[tuple[Where, str, bool], tuple[FirewallPeer, list[FirewallRule]]] = {}
    for rule in allowed(module, direction):
        web = rule.protocol == "tcp" and rule.only(443)
        for peer in rule.peers:
            if peer.unknown or peer.world:
                _, rules = peerses.setdefault((peer.value.where, peer.text, web), (peer, []))
                rules.append(rule)
    for (_, _, web), (peer, rules) in peerses.items():
        yield peer, rules, web


def _named(rules: Iterable[FirewallRule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule.service for rule in rules))


def _services(rules: Iterable[FirewallRule]) -> str:
    """The services of rules, in one phrase."""
    *rest, last = _named(rules)
    return f"{', '.join(rest)} and {last}" if rest else last


def peer_name(peer: FirewallPeer) -> str:
    """How a message names a peer."""
    return peer.text or "the rule"


def _inside(net: Net) -> bool:
    return any(within(net, outer) for outer in INSIDE)


def smallest_covering(whole: Net, peers: list[FirewallPeer]) -> list[FirewallPeer]:
    """The peers that are needed to hold every public address."""
    kept = list({net: peer for peer in reversed(peers) for net in peer.nets}.values())[::-1]
    for peer in sorted(kept, key=lambda item: -item.nets[0].prefixlen)[:MAX_LEFT_OUT]:
        rest = [other for other in kept if other is not peer]
        if all_public(whole, [net for other in rest for net in other.nets]):
            kept = rest
    return kept


def all_public(whole: Net, nets: list[Net]) -> bool:
    """Whether networks hold every public address of their family."""
    # Most lists are too small by far, and need no sums of networks.
    if sum(net.num_addresses for net in nets) * 16 < whole.num_addresses:
        return False
    if not left(whole, nets):
        return True
    if whole.version == 6:
        public = network("2000::/3")
        return public is not None and not left(public, nets)
    rest = [net for net in (*INSIDE, *UNUSUAL) if net.version == 4]
    return not left(whole, sorted((*nets, *rest), key=lambda net: net.prefixlen))


def _share(net: Net) -> str:
    parts = 2**net.prefixlen
    return "half" if parts == 2 else f"1/{parts}"


CHECKS: tuple[Check[Module], ...] = (
    ingress_is_not_open_to_the_world,
    egress_is_not_open_to_the_world,
    ranges_together_are_not_the_world,
    public_ranges_are_narrow,
    databases_stay_in_private_ranges,
    protocols_are_not_all_allowed,
    port_ranges_are_narrow,
)
SEVERITIES: Severities = {
    ingress_is_not_open_to_the_world: (Severity.ERROR, Severity.NOTE),
    egress_is_not_open_to_the_world: (Severity.ERROR, Severity.NOTE),
    public_ranges_are_narrow: (Severity.WARNING,),
    databases_stay_in_private_ranges: (Severity.ERROR, Severity.NOTE),
    protocols_are_not_all_allowed: (Severity.ERROR, Severity.WARNING, Severity.NOTE),
    port_ranges_are_narrow: (Severity.WARNING, Severity.NOTE),
}
