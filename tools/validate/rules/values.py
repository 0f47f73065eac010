"""Checks of an environment's values: the schema, Helm's verdict on it, and the allowlist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property

from tools.egress.allowlist import Allowlist, Suffixes, parse_values
from tools.egress.promises import broken, dns_ranges, external, extra_egress, inside_the_cluster, ranges, resolvers
from tools.findings.model import Problem, Severities, Severity, Where
from tools.manifests.addresses import address, private
from tools.render.values import Values

# What the proxy's configuration needs, and the version in an image's tag: distroless-v1.40.0, v1.40-latest, 1.40.0.
_ENVOY = (1, 39)
_VERSION = re.compile(r"(?:^|[^0-9.])v?([0-9]+)\.([0-9]+)(?![0-9])")


@dataclass(frozen=True)
class Listed(Values):
    """The values of one environment with the allowlist that is in them, which opens none of the public suffixes.

    `now`: what `expires` is compared with; none: nothing has ended.
    """

    suffixes: Suffixes = field(kw_only=True)
    now: datetime | None = field(kw_only=True, default=None)

    @classmethod
    def of(cls, values: Values, suffixes: Suffixes, now: datetime | None = None) -> Listed:
        """The same values, read with these suffixes in mind."""
        return cls(**{item.name: getattr(values, item.name) for item in fields(values)}, suffixes=suffixes, now=now)

    @cached_property
    def allowlist(self) -> tuple[Allowlist, tuple[Problem, ...]]:
        """The allowlist in the values, and what is wrong with it."""
        return parse_values(self.body, suffixes=self.suffixes, parts=self.parts, now=self.now)


def schema_is_valid(values: Listed) -> Iterator[Problem]:
    """The chart's values.schema.json is itself a schema of draft-07.

    A wrong keyword in it checks nothing, and Helm says so only when it renders. Source: JSON Schema draft-07, the
    newest that every Helm 3 reads.
    """
    if values.schema_fault:
        yield Problem(Where(values.schema_file), f"not a draft-07 schema: {values.schema_fault}")


def environments_are_there(values: Listed) -> Iterator[Problem]:
    """A chart without environments is judged only with its own values, and installations have others.

    `ci/NAME-values.yaml` is an environment, as for `ct lint`; `--values` names the files of an installation.
    """
    if len(values.layers) == 1 and not values.environment:
        message = "the chart has no environment (ci/NAME-values.yaml), so it is judged by its own values; --values FILE"
        yield Problem(Where(values.file), f"{message} names others", Severity.NOTE)


def values_match_schema(values: Listed) -> Iterator[Problem]:
    """The values are what values.schema.json allows: known keys, right types, names and CIDRs of the right form.

    An unknown key is refused because a template would ignore it: `egress.domain` for `egress.domains` would allow
    nothing, and `enabeld: true` would switch nothing on. The message says what to write.
    """
    if values.schema_fault:
        return
    if not values.schema_file:
        message = "the chart has no values.schema.json, so nothing says which values are right, and they are not judged"
        yield Problem(Where(values.layers[0].file if values.layers else ""), message, Severity.NOTE)
    listed = {problem.where.path for problem in (*values.allowlist[1], *proxy_runs_no_old_envoy(values))}
    listed |= {path for path, _ in broken(values.body, values.parts)}
    for rejection in values.rejections:
        # The allowlist, and the rules about addresses and Envoy's version, say the same of a value, and say it better.
        if rejection.path not in listed and rejection.path.removesuffix(".name") not in listed:
            yield Problem(values.where(rejection.path), f"{rejection.path or 'values'}: {rejection.message}")


def schema_verdicts_agree(values: Listed) -> Iterator[Problem]:
    """Helm's own schema check and this toolkit's come to one verdict.

    They use different validators. Where they differ, the schema says something that only one of them understands (a
    `format`, a keyword after draft-07, a pattern outside RE2), and what CI passes may fail to install, or the
    reverse.
    Say it with `pattern` and draft-07's keywords. Where the chart has no schema of its own, Helm's refusal is that of a
    chart among its dependencies, whose values stand below its name.
    """
    if values.helm is None or values.schema_fault:
        return
    ours, theirs = values.rejections, values.helm
    if ours and not theirs:
        yield Problem(
            values.where(ours[0].path),
            f"Helm's schema check lets pass what is refused here, at {ours[0].path or 'values'}",
        )
    if theirs and not ours:
        refused = "; ".join(f"{item.path or 'values'}: {item.message}" for item in theirs)
        what = (
            "Helm's schema check refuses what passes here" if values.schema_file else "a chart below refuses its values"
        )
        yield Problem(values.where(theirs[0].path), f"{what}: {refused}")


def proxy_runs_no_old_envoy(values: Listed) -> Iterator[Problem]:
    """The tag of `proxy.image` names an Envoy of version 1.39 or newer.

    An older one does not know `resolved_address_filter`, which keeps listed names from private addresses: it refuses
    the configuration, and denies everything. It also has known vulnerabilities. Envoy's advisories name many more;
    these are in parts of it that the proxy uses, or that any Envoy has:

    - CVE-2026-26309: writing JSON, as the log does, writes beyond its end; fixed in 1.37.1, 1.36.5, 1.35.8, 1.34.13
    - CVE-2026-26311: a filter of an HTTP stream runs after the stream is gone, and Envoy may crash; fixed in the same
    - CVE-2026-47220: a log format of the server name crashes Envoy where a header is missing; fixed in 1.37.5, 1.38.3

    Newer ones have faults too, in parts that the proxy does not use (as of 2026-11-28): certificates take up too much
    memory when they are parsed, CVE-2026-35189, fixed in 1.39.2; the filters ext_proc, oauth2 and api_key_auth crash,
    fixed in 1.39.1 and 1.39.3. For 1.40.0 no advisory was known; 1.40.1 and 1.40.2 remove compromised authorities from
    the image's certificates, which the proxy does not read, because it neither terminates nor originates TLS.

    Write the chart's own tag, or another that is 1.39 or newer. A tag that has no version in it, as a mirror's may, is
    not judged.
    Source: Envoy's security advisories, and its version history.
    """
    proxy = values.body.get("proxy")
    image = proxy.get("image") if isinstance(proxy, Mapping) else None
    tag = image.get("tag") if isinstance(image, Mapping) else None
    version = _VERSION.search(tag) if isinstance(tag, str) else None
    if version and (int(version[1]), int(version[2])) < _ENVOY:
        message = (
            f"proxy.image.tag: {tag} is an Envoy before 1.39, which does not know resolved_address_filter and has "
            "known vulnerabilities; write distroless-v1.40.0, or another that is 1.39 or newer"
        )
        yield Problem(values.where("proxy.image.tag"), message)


def allowlist_is_sound(values: Listed) -> Iterator[Problem]:
    """Each name of the allowlist is one that can be enforced and that allows no more than it says.

    Refused: everything, public suffixes (`*.com`, `*.co.uk`) and names above some (`*.amazonaws.com`), addresses, URLs,
    ports inside a name, names of the cluster or of a metadata service, repeated entries, workloads that are no part.
    `allowSuffixes: true` with a reason says that suffixes are meant. An entry that a wildcard covers too is a warning:
    it may be there for its owner and reason. So is one for a part that is switched off while default-deny holds its
    pods: the list would open what the policies close. An address in egress.external needs a reason, because it has
    no name. What has ended by its `expires` repeats and covers nothing. The message says what to write instead.
    Sources: RFC 1035 and 1123 (names), the Public Suffix List.
    """
    for problem in values.allowlist[1]:
        path = problem.where.path
        yield Problem(values.where(path), f"{path}: {problem.message}", problem.severity)


def addresses_keep_promises(values: Listed) -> Iterator[Problem]:
    """Addresses that the values open are not ones that the values, or the chart, promise never to reach.

    `egress.internal`, `egress.external` and `externalCidrs` may not overlap `cluster.cidrs`, `cluster.podCidrs`,
    `cluster.serviceCidrs` or `egress.deniedCidrs`, nor a metadata service, loopback, link-local or multicast, in any
    spelling of IPv4 inside IPv6. `extraEgress` may not open all of such a range, and a part of `cluster.cidrs` in it is
    a warning: pods and Services are better selected by labels. No server of `proxy.resolvers`, `dns.cidrs`,
    `proxy.push.apiServer.cidrs`, `dnsGuard.addresses` and `proxy.service.clusterIP` is loopback, multicast or a
    metadata service. Ranges that close every address of a family leave nothing that the list could reach.
    Networks are compared as numbers. Narrow one of the two that the message names.
    Source: the clouds' documentation of their metadata services; RFC 6890, 6052, 3056 and 4291.
    """
    for path, message in broken(values.body, values.parts):
        yield Problem(values.where(path), f"{path}: {message}")
    for path, message in inside_the_cluster(values.body, values.parts):
        yield Problem(values.where(path), f"{path}: {message}", Severity.WARNING)


def ranges_are_networks(values: Listed) -> Iterator[Problem]:
    """Each range of the values is a network: no bit is set after its prefix length.

    `10.0.0.0/6` is all of `8.0.0.0/6` to every router, which is more than it seems to say; the chart renders that. A
    range in `cluster.cidrs` that is wider than its writer thinks closes addresses that SARK needs, and one in
    `externalCidrs` opens others' addresses. Write the network, or `/32` (`/128`) for the one address.
    Source: RFC 4632, 3.1.
    """
    for path, text, net in ranges(values.body, values.parts):
        alone = address(text)
        if alone is not None and alone != net.network_address:
            message = (
                f"{text} has host bits set, and means all of {net}; "
                f"write {net}, or {alone}/{net.max_prefixlen} for the one address"
            )
            yield Problem(values.where(path), f"{path}: {message}", Severity.WARNING)


def public_addresses_are_meant(values: Listed) -> Iterator[Problem]:
    """Addresses that are opened past the allowlist, and DNS servers that learn every name, are private.

    `externalCidrs` and the blocks of `extraEgress` let a part reach every server at a public address, whoever has it by
    then, and no name is checked. A resolver of `proxy.resolvers` or `dns.cidrs` at a public address learns every name
    that is queried. List names in egress.domains, name the managed service's own address in egress.external with a
    reason, and use a DNS server of your own.
    """
    known = {path for path, _ in broken(values.body, values.parts)} | {item.path for item in values.rejections}
    for path, text, net in external(values.body, values.parts):
        if not private(net) and path not in known:
            message = (
                f"{text} is not inside a private range; list names in egress.domains, "
                "or the address in egress.external with its reason"
            )
            yield Problem(values.where(path), f"{path}: {message}", Severity.WARNING)
    for path, text, net, _ in extra_egress(values.body, values.parts):
        if not private(net) and net.prefixlen and path not in known:
            message = f"{text} lets the part out to public addresses past the allowlist; list names in egress.domains"
            yield Problem(values.where(path), f"{path}: {message}", Severity.WARNING)
    for path, text, net in (*resolvers(values.body), *dns_ranges(values.body)):
        if not private(net) and path not in known:
            message = (
                f"{text} is a public DNS server, which is told every name; "
                "write one of your own, or none for cluster DNS"
            )
            yield Problem(values.where(path), f"{path}: {message}", Severity.WARNING)


CHECKS = (
    environments_are_there,
    schema_is_valid,
    values_match_schema,
    schema_verdicts_agree,
    proxy_runs_no_old_envoy,
    allowlist_is_sound,
    addresses_keep_promises,
    ranges_are_networks,
    public_addresses_are_meant,
)
SEVERITIES: Severities = {
    environments_are_there: (Severity.NOTE,),
    values_match_schema: (Severity.ERROR, Severity.NOTE),
    allowlist_is_sound: (Severity.ERROR, Severity.WARNING),
    addresses_keep_promises: (Severity.ERROR, Severity.WARNING),
    ranges_are_networks: (Severity.WARNING,),
    public_addresses_are_meant: (Severity.WARNING,),
}
