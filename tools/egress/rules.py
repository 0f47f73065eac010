"""Checks of the allowlist against what was rendered from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network

from tools.egress import expiry
from tools.egress.allowlist import Allowlist, AllowRule, ExternalPeer, ListEntry, everything
from tools.egress.engines import engine
from tools.findings.model import Manifest, Problem, Severities, Severity, Where
from tools.manifests.addresses import INSIDE, METADATA, UNUSUAL, Net, network, private, within

_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
# How long before an entry ends its owner hears of it.
NOTICE = timedelta(days=14)
# What a listed name must never lead to: what no egress may, a metadata service at a public address, and two that only
# a DNS answer can spell, unspecified and IPv4-mapped (RFC 4291, 2.5.2 and 2.5.5.2).
_REFUSED: tuple[Net, ...] = (
    *INSIDE,
    *UNUSUAL,
    *(net for address, _ in METADATA if not private(net := ip_network(address))),
    *map(ip_network, ("::/128", "::ffff:0:0/96")),
)


@dataclass(frozen=True, slots=True)
class Egress:
    """What the checks look at: `egress` of one environment's values, and the manifests rendered from it.

    `file` is the values file that problems are shown in; `now` is the moment that expiries are compared with.
    """

    engine: str
    mode: str
    strict: bool
    listed: Allowlist
    manifests: tuple[Manifest, ...]
    now: datetime
    file: str = ""


def rendered_list_is_the_list(egress: Egress) -> Iterator[Problem]:
    """The engine's manifests, read back, allow exactly the names, ports and workloads of the list.

    An engine translates the list into its own language, and a translation can be wider or narrower than what it was
    made from. The manifests are therefore decoded again; each rule that is in one and not in the other is a problem.
    In mode audit every workload that uses the list may also reach everything else.
    """
    known_engine = engine(egress.engine)
    if known_engine is None:
        yield Problem(Where(egress.file, "egress.engine"), f"{egress.engine} is no engine that can be read back")
        return
    expected, decoded = _expected(egress), known_engine.decode(egress.manifests)
    for rule in sorted(decoded - expected):
        yield Problem(
            Where(egress.file, "egress"), f"{known_engine.name} allows {_rule_text(rule)}, which the list does not"
        )
    for rule in sorted(expected - decoded):
        yield Problem(
            _place(egress, rule), f"{known_engine.name} does not allow {_rule_text(rule)}, which the list does"
        )


def engine_can_say_the_list(egress: Egress) -> Iterator[Problem]:
    """The engine can express what the list uses.

    What an engine cannot say is data (tools/egress/engines.py). Using it is an error under `egress.strict`, and a
    warning without it. Use another engine, or write the entry so that this one can say it (docs/engines.md).
    """
    known_engine = engine(egress.engine)
    for gap in known_engine.gaps if known_engine else ():
        for path in gap.used(egress.listed):
            yield Problem(
                Where(egress.file, path),
                f"{egress.engine} cannot say {gap.name}; this entry becomes {gap.becomes}",
                Severity.ERROR if egress.strict else Severity.WARNING,
            )


def entry_has_not_expired(egress: Egress) -> Iterator[Problem]:
    """An entry's `expires` is in the future, by more than 14 days.

    After its `expires`, a day in UTC that counts until it is over or a moment, an entry opens nothing: the render
    leaves it out. Whoever relies on it should know before. Ask the owner, and set another date or remove the
    entry. Where nothing but a render closes it (entry-ends-by-itself), the message says so.
    """
    for entry in egress.listed.items:
        name = entry.name if isinstance(entry, ListEntry) else ", ".join(entry.cidrs)
        owner = f"; ask {entry.owner}" if entry.owner else ""
        where = Where(egress.file, f"{entry.path}.expires")
        try:
            end = expiry.end(entry.expires) if entry.expires else None
        except ValueError as error:
            yield Problem(where, str(error))
            continue
        if end and end <= egress.now:
            message = f"{name} expired on {entry.expires} and opens nothing: remove it, or set a new date{owner}"
            yield Problem(where, message, Severity.WARNING)
        elif end and end - egress.now <= NOTICE:
            left = (end - egress.now).days
            when = f"in {left} day{'s' * (left != 1)}" if left else "within a day"
            since = "then" if _closed_by_envoy(egress, entry) else "the first upgrade after it"
            message = (
                f"{name} expires {when}, on {entry.expires}, and opens nothing from {since} on: set a new date{owner}"
            )
            yield Problem(where, message, Severity.WARNING)


def entry_ends_by_itself(egress: Egress) -> Iterator[Problem]:
    """An entry with `expires` is closed at its end by what enforces it.

    Envoy closes names at their end, to the second, tunnels included. Nothing does that for a peer of `egress.external`,
    which NetworkPolicies open, nor with another engine, nor for a name of `egress.internal` in mode audit, which lets
    public names through anyway: what has ended there is open until the chart is rendered again. Upgrade the release at
    that time, or have what syncs it from Git do so; where the end matters to the hour, use a name in `egress.domains`
    or `egress.internal`.
    """
    for entry in egress.listed.at(egress.now).items:
        if not entry.expires or _closed_by_envoy(egress, entry):
            continue
        name = entry.name if isinstance(entry, ListEntry) else ", ".join(entry.cidrs)
        by = "in mode audit" if egress.engine == "proxy" and isinstance(entry, ListEntry) else "of egress.external"
        if egress.engine != "proxy":
            by = f"with engine {egress.engine}"
        message = f"{name} ends on {entry.expires}, and {by} nothing closes it but the next upgrade: upgrade then"
        yield Problem(Where(egress.file, f"{entry.path}.expires"), message, Severity.NOTE)


def _closed_by_envoy(egress: Egress, entry: ListEntry | ExternalPeer) -> bool:
    """Whether its end takes effect at that second; otherwise the first upgrade after it leaves the entry out."""
    return egress.engine == "proxy" and isinstance(entry, ListEntry) and (egress.mode != "audit" or not entry.cidrs)


def internal_cidrs_are_private(egress: Egress) -> Iterator[Problem]:
    """The CIDRs of egress.internal are inside private ranges (RFC 1918, RFC 4193).

    `egress.internal` is for names that resolve to private addresses; a public name belongs to egress.domains, where
    the proxy dials whatever public address it has. A CIDR that reaches beyond a private range opens more than it
    says.
    """
    for entry in egress.listed.entries:
        for index, cidr in enumerate(entry.cidrs):
            if not _inside_private(cidr):
                message = f"{cidr} is not inside a private range; list {entry.name} in egress.domains instead"
                yield Problem(Where(egress.file, f"{entry.path}.cidrs[{index}]"), message, Severity.WARNING)


def proxy_refuses_private_addresses(egress: Egress) -> Iterator[Problem]:
    """Envoy connects to no private address for a name of egress.domains, whatever its DNS says.

    A listed name whose DNS answer is the metadata service or a database is a way in (DNS rebinding). The chart's own
    list of ranges (templates/_addresses.tpl) must cover all of them; egress.internal is the way to a private address.
    """
    chosen = engine(egress.engine)
    if chosen and chosen.refused:
        blocks = [block for cidr in chosen.refused(egress.manifests) if (block := network(cidr))]
        for refused in _REFUSED:
            if not any(within(refused, block) for block in blocks):
                message = f"the proxy connects to {refused} when a listed name says so"
                yield Problem(Where(egress.file, "egress"), message)


CHECKS = (
    rendered_list_is_the_list,
    proxy_refuses_private_addresses,
    engine_can_say_the_list,
    entry_has_not_expired,
    entry_ends_by_itself,
    internal_cidrs_are_private,
)
SEVERITIES: Severities = {
    engine_can_say_the_list: (Severity.ERROR, Severity.WARNING),
    entry_has_not_expired: (Severity.ERROR, Severity.WARNING),
    entry_ends_by_itself: (Severity.NOTE,),
    internal_cidrs_are_private: (Severity.WARNING,),
}


def _expected(egress: Egress) -> frozenset[AllowRule]:
    open_now = egress.listed.at(egress.now).rules
    workloads = {rule.workload for rule in open_now} | {"gateway"}
    extra: Iterable[AllowRule] = map(everything, workloads) if egress.mode == "audit" else ()
    return open_now | frozenset(extra)


def _place(egress: Egress, rule: AllowRule) -> Where:
    entry: ListEntry | None = next((entry for entry in egress.listed.entries if rule in entry.rules()), None)
    return Where(egress.file, entry.path if entry else "egress")


def _rule_text(rule: AllowRule) -> str:
    if rule == everything(rule.workload):
        return f"{rule.workload} everything"
    at = f" at {', '.join(rule.cidrs)}" if rule.cidrs else ""
    return f"{rule.workload} {rule.name} on port {rule.port} ({rule.protocol}){at}"


def _inside_private(cidr: str) -> bool:
    net = network(cidr)
    return net is None or any(within(net, block) for block in _PRIVATE)
