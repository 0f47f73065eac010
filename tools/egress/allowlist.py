"""What a domain means, decided once for every engine.

Names are lower case. `*.d` is one or more labels before `d`, never `d` itself; any other name is exact. Ports
default to 443, workloads to the gateway. values.schema.json refuses the same forms with the same words (tests keep
the two equal), and the chart's _allowlist.tpl the same suffixes and repeats.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, TypeVar

from tools.egress import expiry
from tools.findings.model import Problem, Severity, Where
from tools.manifests.addresses import network
from tools.manifests.paths import value_at

DEFAULT_PORTS = (443,)
DEFAULT_WORKLOADS = ("gateway",)

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# The name of a part, as the schema has it.
PART = re.compile(r"[a-z]([A-Za-z0-9-]{0,13}[A-Za-z0-9])?")
NAME = re.compile(rf"^(\*\.)?({_LABEL}\.)+[A-Za-z]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?$")

_AN_ADDRESS = "a name, not an address; the addresses of an internal server go into egress.internal[].cidrs"
_METADATA_NAMES = (
    r"(metadata\.)?google\.internal|metadata\.goog|(instance-data\.)?ec2\.internal|instance-data"
    r"|metadata\.azure\.(com|internal|net)|metadata\.(platformequinix|packet)\.(com|net)"
    r"|metadata\.tencentyun\.com|metadata"
)

# The refused forms, in the order in which they are tried: (the schema definition's id, the form, what to write).
FORMS: tuple[tuple[str, str, str], ...] = (
    ("no-whitespace", r"[\s,;\"'\\]", "one-name-in-each-entry-without-spaces-commas-or-quotes"),
    (
        "no-unicode",
        r"[^\x00-\x7F]",
        "the punycode form of this name, such as xn--mnchen-3ya.example; python -m tools.egress check NAME prints it",
    ),
    (
        "no-url",
        r"://|[@?#]|^[^/]*[G-Zg-z_-][^/]*/|^[^/:]*/[^0-9]",
        "the host name alone, such as api.example.com: no scheme, no user, no path; a port goes into ports",
    ),
    ("no-cidr", r"/", "a name, not a CIDR; the addresses of an internal server go into egress.internal[].cidrs"),
    ("no-ipv6", r"^\[|:[^:]*:", _AN_ADDRESS),
    ("no-port", r":", "the name without its port; write {name: api.example.com, ports: [8443]}"),
    ("no-ipv4", r"(^|\.)([0-9]+|0[xX][0-9A-Fa-f]*)\.?$", _AN_ADDRESS),
    (
        "not-everything",
        r"^[*.]*$",
        "the names that you mean, such as *.example.com; an allowlist of everything is none",
    ),
    (
        "no-cluster-name",
        r"(?i)(^|\.)(svc|local|localhost)\.?$",
        "no name of the cluster or the host: a server in the cluster goes into gateway.egress.mcpServers, "
        "by its labels",
    ),
    (
        "no-reverse-name",
        r"(?i)\.(in-addr|ip6)\.arpa\.?$",
        "a host name: in-addr.arpa and ip6.arpa hold reverse names, and no server is called by one",
    ),
    (
        "no-metadata-name",
        rf"(?i)^(\*\.)?({_METADATA_NAMES})\.?$",
        "no name of a metadata service: it hands out the node's credentials to whoever asks",
    ),
    (
        "no-top-level-wildcard",
        r"^\*\.[^.*]+\.?$",
        "a wildcard under a name of your own, such as *.example.com; "
        "this one would allow every name under a public suffix",
    ),
    (
        "star-is-first-label",
        r"^\*[^.]|^.+\*",
        "`*` as the whole first label and nowhere else, such as *.example.com",
    ),
    (
        "no-leading-dot",
        r"^\.",
        "*.example.com for the names below example.com; a leading dot is another product's spelling",
    ),
    ("no-trailing-dot", r"[^.]\.$", "the name without its trailing dot"),
    ("no-empty-label", r"\.\.", "a name without empty labels, such as api.example.com"),
    ("no-underscore", r"_", "a host name: letters, digits and hyphens; host names have no underscore"),
    ("labels-fit", r"[^.]{64}", "labels of 63 characters or fewer between the dots (RFC 1035)"),
    ("no-outer-hyphen", r"(^|\.)-|-(\.|$)", "labels that neither start nor end with a hyphen (RFC 1123)"),
    ("no-single-label", r"^[^.]+$", "the full name, such as api.example.com; a single label is no public name"),
)
_FORMS = tuple((form, re.compile(pattern), write) for form, pattern, write in FORMS)
# A log may hold a megabyte in place of a name, on which the forms would be tried from every character of it.
LONGEST_ASKED = 1024
TOO_LONG = "a name of 253 characters or fewer (RFC 1035)"


@dataclass(frozen=True)
class Suffixes:
    """The Public Suffix List's rules: names under which anyone can register one (https://publicsuffix.org/list)."""

    rules: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Suffixes:
        """Read the chart's files/public-suffixes.txt: one rule a line, `#` comments."""
        return cls(frozenset(line.strip() for line in text.splitlines() if line and not line.startswith("#")))

    def covers(self, name: str) -> bool:
        """Whether `name` is a public suffix. A name of one label always is (the list's default rule, `*`)."""
        _, _, parent = name.partition(".")
        return not parent or name in self.rules or (f"*.{parent}" in self.rules and f"!{name}" not in self.rules)

    @cached_property
    def parents(self) -> Mapping[str, str]:
        """Names of two labels or more that are no suffix and have suffixes below them, each with the first of those."""
        first: dict[str, str] = {}
        for rule in sorted((rule for rule in self.rules if not rule.startswith("!")), key=_stars_last):
            labels = rule.split(".")
            for index in range(1, len(labels) - 1):
                first.setdefault(".".join(labels[index:]), rule)
        return {name: rule for name, rule in first.items() if not self.covers(name)}

    def opened(self, base: str) -> str:
        """What is too much about `*.base`: a sentence's end, or "" when no public suffix is in it."""
        if self.covers(base):
            return (
                f"would allow every name under the public suffix {base}, where anyone can register one; "
                f"list the names that you mean, such as *.example.{base}"
            )
        if below := self.parents.get(base):
            return (
                f"would allow every name under {below}, a public suffix below {base}, where anyone can register one; "
                "list the names that you mean, or write {name, allowSuffixes: true, reason}"
            )
        return ""


def _stars_last(rule: str) -> tuple[bool, int, str]:
    return rule.startswith("*"), rule.count("."), rule


@dataclass(frozen=True, slots=True, order=True)
class AllowRule:
    """The allowlist's normal form, one for each workload, port and name. No `cidrs`: any public address."""

    workload: str
    name: str
    port: int
    protocol: str = "tls"
    cidrs: tuple[str, ...] = ()


def everything(workload: str) -> AllowRule:
    """What no list says: the workload may reach any name on any port. It is how audit, or a hole, decodes."""
    return AllowRule(workload, "*", 0)


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One item of egress.domains, extraDomains or (with `cidrs`) internal; defaults filled in, name in lower case."""

    name: str
    path: str
    ports: tuple[int, ...] = DEFAULT_PORTS
    workloads: tuple[str, ...] = DEFAULT_WORKLOADS
    protocol: str = "tls"
    cidrs: tuple[str, ...] = ()
    reason: str = ""
    owner: str = ""
    expires: str = ""
    allow_suffixes: bool = False

    def rules(self) -> Iterator[AllowRule]:
        """The entry in normal form."""
        for workload in self.workloads:
            for port in self.ports:
                yield AllowRule(workload, self.name, port, self.protocol, canonical(self.cidrs))


@dataclass(frozen=True, slots=True)
class ExternalPeer:
    """One item of egress.external: addresses that a workload reaches directly, because no name could be checked."""

    cidrs: tuple[str, ...]
    ports: tuple[int, ...]
    path: str
    protocol: str = "tcp"
    workloads: tuple[str, ...] = DEFAULT_WORKLOADS
    reason: str = ""
    owner: str = ""
    expires: str = ""

    def connections(self) -> Iterator[tuple[str, str, str, int]]:
        """What it opens, one by one: workload, CIDR, protocol, port."""
        for workload in self.workloads:
            for port in self.ports:
                for cidr in self.cidrs:
                    yield workload, cidr, self.protocol, port


@dataclass(frozen=True, slots=True)
class Allowlist:
    """The whole list; two lists mean the same when their `rules` are equal. `mode` is enforce or audit.

    `external`: what is reached by address, beside the names. `ended`: what `at` left out, since it has expired.
    """

    entries: tuple[ListEntry, ...] = ()
    mode: str = "enforce"
    external: tuple[ExternalPeer, ...] = ()
    ended: tuple[ListEntry | ExternalPeer, ...] = field(default=(), compare=False)

    @property
    def rules(self) -> frozenset[AllowRule]:
        """The list in normal form."""
        return frozenset(rule for entry in self.entries for rule in entry.rules())

    @property
    def items(self) -> tuple[ListEntry | ExternalPeer, ...]:
        """Everything that is listed, by name and by address, in the order of values."""
        return (*self.entries, *self.external)

    def at(self, now: datetime) -> Allowlist:
        """The list without what has expired by then."""
        return replace(
            self,
            entries=tuple(entry for entry in self.entries if not expiry.over(entry.expires, now)),
            external=tuple(peer for peer in self.external if not expiry.over(peer.expires, now)),
            ended=tuple(item for item in self.items if expiry.over(item.expires, now)),
        )

    def find_ended(self, host: str, port: int, workload: str) -> ListEntry | None:
        """The entry that decided on `host` while it lasted."""
        return _asked((item for item in self.ended if isinstance(item, ListEntry)), host, port, workload)

    def find(self, host: str, port: int, workload: str = "gateway") -> ListEntry | None:
        """The entry that decides on `host`."""
        return _asked(self.entries, host, port, workload)

    def peer(self, address: str, port: int, protocol: str, workload: str = "gateway") -> ExternalPeer | None:
        """The item of egress.external that opens an address; the first of several."""
        return _opening(self.external, address, port, protocol, workload)

    def peer_ended(self, address: str, port: int, protocol: str, workload: str) -> ExternalPeer | None:
        """The item that opened it while it lasted."""
        peers = (item for item in self.ended if isinstance(item, ExternalPeer))
        return _opening(peers, address, port, protocol, workload)


def _asked(entries: Iterable[ListEntry], host: str, port: int, workload: str) -> ListEntry | None:
    return deciding((it for it in entries if port in it.ports and workload in it.workloads), host)


def _opening(
    peers: Iterable[ExternalPeer], address: str, port: int, protocol: str, workload: str
) -> ExternalPeer | None:
    asked = ipaddress.ip_address(address)
    for peer in peers:
        nets = (ipaddress.ip_network(cidr, strict=False) for cidr in peer.cidrs if is_cidr(cidr))
        fits = port in peer.ports and protocol == peer.protocol and workload in peer.workloads
        if fits and any(asked in net for net in nets):
            return peer
    return None


def canonical(cidrs: Iterable[str]) -> tuple[str, ...]:
    """The CIDRs each once in one spelling, that of RFC 5952 without host bits, and sorted."""
    return tuple(sorted({str(network(cidr) or cidr) for cidr in cidrs}))


def is_cidr(text: str) -> bool:
    """Whether it is a network in CIDR notation, of either family."""
    try:
        return "/" in text and bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return False


def matches(name: str, host: str) -> bool:
    """Whether the listed `name` allows `host`. Case does not matter, nor does one trailing dot of `host`."""
    host = host.lower().removesuffix(".")
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1 and not host.startswith(".")
    return host == name


class Named(Protocol):
    """What has a name of the list: an entry, or a rule that was made of one."""

    @property
    def name(self) -> str:
        """A host name, or `*.` and one, for every name below it."""


ListedName = TypeVar("ListedName", bound=Named)


def deciding(listed: Iterable[ListedName], host: str) -> ListedName | None:
    """What decides on `host`: an exact name before wildcards, the longer wildcard before the shorter."""
    fitting = (item for item in listed if matches(item.name, host))
    return max(fitting, key=lambda item: (not item.name.startswith("*."), len(item.name)), default=None)


def punycode(name: str) -> str:
    """The name in ASCII (RFC 3490), or "" when it has no such form."""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return ""


def refusal(name: str) -> str:
    """What to write instead of `name`, or "" when its form is one that the list takes."""
    if not name:
        return "a name, such as api.example.com"
    if len(name) > LONGEST_ASKED:
        return TOO_LONG
    for form, pattern, write in _FORMS:
        if pattern.search(name):
            ascii_form = punycode(name) if form == "no-unicode" else ""
            return f"{ascii_form}, its punycode form" if ascii_form else write
    if len(name) > 253:
        return TOO_LONG
    return "" if NAME.fullmatch(name) else "a host name, such as api.example.com or *.example.com"


def parse_values(
    values: Mapping[str, Any],
    *,
    suffixes: Suffixes,
    parts: Sequence[str] = (),
    file: str = "",
    now: datetime | None = None,
) -> tuple[Allowlist, tuple[Problem, ...]]:
    """Read `egress` of a chart's values. What is not of the schema's shape is left to the schema and left out here.

    `parts`: the parts that an entry may name as its workloads; none: they are not looked at. `now`: what has ended by
    then opens nothing, so it is no repeat; none: every entry counts.
    """
    egress = values.get("egress")
    entries = tuple(_entries(egress)) if isinstance(egress, Mapping) else ()
    external = tuple(_external(egress)) if isinstance(egress, Mapping) else ()
    mode = egress.get("mode") if isinstance(egress, Mapping) else None
    listed = Allowlist(entries, "audit" if mode == "audit" else "enforce", external)
    current = listed.at(now) if now else listed
    faults = (
        *_refused(entries, suffixes),
        *_repeated(current.entries),
        *(_strangers((*entries, *external), parts) if parts else ()),
        *_of_the_cluster(entries, values),
        *_without_reason(external),
        *_opened_twice(current.external),
        *(_unexplained((*entries, *external)) if _asks_for_reasons(egress) else ()),
        *_without_an_end((*entries, *external)),
    )
    problems = (
        *(Problem(Where(file, path), message) for path, message in faults),
        *(Problem(Where(file, path), message, Severity.WARNING) for path, message in _covered(current.entries)),
        *(
            Problem(Where(file, path), message, Severity.WARNING)
            for path, message in _held((*entries, *external), values)
        ),
    )
    return listed, problems


def _entries(egress: Mapping[str, Any]) -> Iterator[ListEntry]:
    for key in ("domains", "extraDomains", "grants", "internal"):
        items = egress.get(key)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            fields = {"name": item} if isinstance(item, str) else item
            if isinstance(fields, Mapping) and isinstance(fields.get("name"), str):
                yield _entry(fields, f"egress.{key}[{index}]")


def _external(egress: Mapping[str, Any]) -> Iterator[ExternalPeer]:
    items = egress.get("external")
    for index, fields in enumerate(items if isinstance(items, list) else ()):
        if isinstance(fields, Mapping):
            yield _peer(fields, f"egress.external[{index}]")


def _peer(fields: Mapping[str, Any], path: str) -> ExternalPeer:
    return ExternalPeer(
        cidrs=_items(fields, "cidrs", str, ()),
        ports=_items(fields, "ports", int, ()),
        path=path,
        protocol=_text(fields, "protocol") or "tcp",
        workloads=_items(fields, "workloads", str, DEFAULT_WORKLOADS),
        reason=_text(fields, "reason"),
        owner=_text(fields, "owner"),
        expires=_text(fields, "expires"),
    )


def _entry(fields: Mapping[str, Any], path: str) -> ListEntry:
    return ListEntry(
        name=fields["name"].lower(),
        path=path,
        allow_suffixes=fields.get("allowSuffixes") is True,
        ports=_items(fields, "ports", int, DEFAULT_PORTS),
        workloads=_items(fields, "workloads", str, DEFAULT_WORKLOADS),
        protocol=_text(fields, "protocol") or "tls",
        cidrs=_items(fields, "cidrs", str, ()),
        reason=_text(fields, "reason"),
        owner=_text(fields, "owner"),
        expires=_text(fields, "expires"),
    )


def _items(fields: Mapping[str, Any], key: str, kind: type, default: tuple[Any, ...]) -> tuple[Any, ...]:
    value = fields.get(key)
    kept = tuple(item for item in value if type(item) is kind) if isinstance(value, list) else ()
    return kept or default


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    return "" if value is None else str(value)


def _strangers(entries: Iterable[ListEntry | ExternalPeer], parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        for workload in entry.workloads:
            if workload not in parts:
                message = f"{workload} is no part; the parts are {', '.join(parts)}, and extraParts adds your own"
                yield f"{entry.path}.workloads", message


def _of_the_cluster(entries: Iterable[ListEntry], values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    cluster = values.get("cluster")
    domain = _text(cluster, "domain") if isinstance(cluster, Mapping) else ""
    for entry in entries:
        if domain and f".{entry.name.removeprefix('*.')}".endswith(f".{domain}"):
            message = (
                f"{entry.name} is a name of the cluster, whose cluster.domain is {domain}; "
                "a server in the cluster goes into gateway.egress.mcpServers, by its labels"
            )
            yield entry.path, message


def _held(items: Iterable[ListEntry | ExternalPeer], values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Entries for parts without policies, whose pods default-deny holds because they run in the release's namespace."""
    if value_at(values, "defaultDeny", "enabled") is not True:
        return
    own = values.get("extraParts")
    for item in items:
        for workload in item.workloads:
            key = f"extraParts.{workload}" if isinstance(own, Mapping) and workload in own else workload
            if value_at(values, *key.split("."), "enabled") is False and not value_at(
                values, *key.split("."), "namespace"
            ):
                message = (
                    f"{workload} is switched off, and default-deny holds its pods, so this opens nothing for it; "
                    f"set {key}.enabled to true, or take it out of workloads"
                )
                yield item.path, message


def _without_reason(external: Iterable[ExternalPeer]) -> Iterator[tuple[str, str]]:
    for peer in external:
        if not peer.reason:
            yield (
                f"{peer.path}.reason",
                "is missing; an address says nothing about who is there, so write why it is reached, "
                "such as reason: the company's LDAP",
            )


def _asks_for_reasons(egress: Any) -> bool:
    return isinstance(egress, Mapping) and egress.get("requireReason") is True


def _unexplained(items: Iterable[ListEntry | ExternalPeer]) -> Iterator[tuple[str, str]]:
    for item in items:
        for key in ("owner", "reason"):
            # An address without a reason is refused in any case.
            if not getattr(item, key) and not (key == "reason" and isinstance(item, ExternalPeer)):
                message = "is missing, and egress.requireReason asks for it; write {owner: …, reason: …}"
                yield f"{item.path}.{key}", message


def _without_an_end(items: Iterable[ListEntry | ExternalPeer]) -> Iterator[tuple[str, str]]:
    for item in items:
        try:
            if expiry.FORM.fullmatch(item.expires):
                expiry.end(item.expires)
        except ValueError as error:
            yield f"{item.path}.expires", str(error)


def _opened_twice(external: Iterable[ExternalPeer]) -> Iterator[tuple[str, str]]:
    seen: dict[tuple[str, str, str, int], str] = {}
    for peer in external:
        for connection in peer.connections():
            workload, cidr, protocol, port = connection
            key = (workload, str(network(cidr) or cidr), protocol, port)
            if key in seen:
                place = seen[key]
                message = (
                    f"{cidr}, {protocol} port {port}, for {workload} is in the list already, at {place}; remove one"
                )
                yield peer.path, message
                break
            seen[key] = peer.path


def _refused(entries: Iterable[ListEntry], suffixes: Suffixes) -> Iterator[tuple[str, str]]:
    for entry in entries:
        base = entry.name.removeprefix("*.")
        if write := refusal(entry.name):
            yield entry.path, f"`{entry.name}` is refused: write {write}"
        elif entry.name.startswith("*.") and not entry.allow_suffixes and (excess := suffixes.opened(base)):
            yield entry.path, f"`{entry.name}` {excess}"


def _repeated(entries: Iterable[ListEntry]) -> Iterator[tuple[str, str]]:
    seen: dict[tuple[str, int, str], str] = {}
    for entry in entries:
        for rule in entry.rules():
            key = (rule.workload, rule.port, rule.name)
            if key in seen:
                yield (
                    entry.path,
                    f"`{rule.name}`, port {rule.port}, for {rule.workload} is in the list already, "
                    f"at {seen[key]}; remove one",
                )
                break
            seen[key] = entry.path


def _covered(entries: tuple[ListEntry, ...]) -> Iterator[tuple[str, str]]:
    """Entries that one wildcard allows already for each of their workloads and ports; internal ones are narrower."""
    places = {(r.workload, r.port, r.name): e.path for e in entries if not e.cidrs for r in e.rules()}
    for entry in entries:
        labels = entry.name.removeprefix("*.").split(".")[1:]
        wildcards = ["*." + ".".join(labels[index:]) for index in range(len(labels))] if not entry.cidrs else []
        for wildcard in wildcards:
            covering = [places.get((rule.workload, rule.port, wildcard), "") for rule in entry.rules()]
            if all(covering):
                yield (
                    entry.path,
                    f"`{entry.name}` is covered by {covering[0]} already; remove it, or narrow the wildcard",
                )
                break
