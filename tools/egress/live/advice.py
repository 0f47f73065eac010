"""What to write into values so that a blocked name is allowed, or why no line of values would do it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

from tools.egress.allowlist import Suffixes, refusal
from tools.egress.live.edit import written
from tools.egress.live.tally import Blocked
from tools.manifests.addresses import METADATA, Net, network, private, within

_PART = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_LISTED = ("not-in-egress.domains", "sni-not-in-egress.domains")
# Where a name of egress.internal cannot lead, besides the metadata services.
_NOBODYS: tuple[Net, ...] = tuple(
    map(ip_network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/127", "fe80::/10"))
)
_OTHERWISE = {
    "expired": "it is on the list, and its entry has ended: give that entry a later `expires`, or grant the name again",
    "plain-http": "use https; plain HTTP is for private servers alone, in egress.internal with protocol: http",
    "no-sni": "the client must speak TLS and say the server's name (SNI); what speaks no TLS goes into egress.internal "
    "with protocol: tcp, or by address into egress.external",
    "host-not-in-egress.internal": "a request in a tunnel must be for the host that the tunnel was asked for",
    "bad-request": "no entry would help: the client does not speak to a proxy (CONNECT name:port)",
}


# What a reader of the values has to know of Helm, and of the chart.
REPLACES = "# Helm replaces lists: where a values file of yours has one of these, add the entries to it."
MOVED = "Take these names out of egress.domains, if it has them: the chart refuses a name that is in both."
_HERE = {False: "it leads to", True: "here it leads to"}


@dataclass(frozen=True, slots=True)
class Advice:
    """An entry for `key` of egress; or a `sentence` where no entry would help."""

    key: str = ""
    name: str = ""
    ports: tuple[int, ...] = ()
    workloads: tuple[str, ...] = ()
    cidrs: tuple[str, ...] = ()
    sentence: str = ""

    @property
    def entry(self) -> str:
        """The entry as YAML, on one line."""
        fields: dict[str, object] = {"name": self.name}
        if self.cidrs:
            fields["cidrs"] = self.cidrs
        if self.ports != (443,):
            fields["ports"] = self.ports
        if self.workloads != ("gateway",):
            fields["workloads"] = self.workloads
        return written(fields)


def advice(item: Blocked, suffixes: Suffixes) -> Advice:
    """What would allow it."""
    if item.reason not in (*_LISTED, "no-address"):
        return Advice(sentence=_OTHERWISE.get(item.reason, "no entry would help"))
    if not item.name:
        return Advice(sentence="no name was asked for; a proxy is asked for name:port")
    if write := refusal(item.name):
        return Advice(sentence=f"the list can hold no `{item.name}`: {write}")
    if item.name.startswith("*"):
        return Advice(
            sentence=f"`{item.name}` is no name of a server; a client asks for a name, and only a list has `*`"
        )
    if not item.port:
        return Advice(sentence="no port was asked for; a proxy is asked for name:port")
    if item.port >= 65536:
        return Advice(sentence=f"{item.port} is no port; a client asks for one from 1 to 65535")
    if suffixes.covers(item.name):
        itself = Advice("domains", item.name, (item.port,), (item.workload,)).entry
        return Advice(
            sentence=f"{item.name} is a public suffix, under which anyone can register a name; if the server of that "
            f"very name is meant, add to egress.domains: - {itself}"
        )
    if not _PART.fullmatch(item.workload):
        return Advice(sentence=f"{item.workload or 'nobody'} is no part of SARK")
    if item.reason == "no-address":
        return _without_address(item)
    return Advice("domains", item.name, (item.port,), (item.workload,))


def _without_address(item: Blocked) -> Advice:
    """It does not resolve, or leads where no public name may: the log cannot tell, a look-up can."""
    known = item.addresses if item.looked_up is None else item.looked_up
    cidrs = tuple(filter(None, map(_cidr, known)))
    nobodys = [text for text in known if (net := network(text)) and _is_nobodys(net)]
    if nobodys:
        return Advice(sentence=f"{_HERE[item.looked_up is not None]} {nobodys[0]}, which no name may lead to")
    if item.looked_up is not None and not cidrs:
        return Advice(sentence="it has no address here either: the name does not resolve")
    if not cidrs:
        return Advice(sentence="it has no address, or a private one, which egress.internal takes with its `cidrs`")
    public = [text for text in known if (net := network(text)) and not private(net)]
    if item.looked_up and public:
        return Advice(sentence=f"here it has the public address {public[0]}; ask cluster DNS what it says")
    return Advice("internal", item.name, (item.port,), (item.workload,), cidrs)


def _cidr(address: str) -> str:
    try:
        return f"{address}/{ip_address(address).max_prefixlen}" if "%" not in address else ""
    except ValueError:
        return ""


def _is_nobodys(net: Net) -> bool:
    """Whether it is the host itself, a neighbour on the link or a metadata service, which the chart never takes."""
    return any(within(net, other) for other in _NOBODYS) or any(ip in net for ip, _ in METADATA)


def merged(advices: Iterable[Advice]) -> tuple[Advice, ...]:
    """One entry for a name where that opens no more than was asked: its ports together, then its workloads.

    A name that leads to a private address is of egress.internal alone: the chart refuses one that is in both lists.
    """
    given = [advice for advice in advices if advice.key]
    addresses: dict[tuple[object, ...], tuple[str, ...]] = {}
    for advice in given:
        target = (advice.name, advice.ports, advice.workloads)
        addresses[target] = tuple(dict.fromkeys((*addresses.get(target, ()), *advice.cidrs)))
    ports: dict[tuple[object, ...], Advice] = {}
    for advice in given:
        if advice.cidrs or not addresses[advice.name, advice.ports, advice.workloads]:
            own = replace(advice, cidrs=addresses[advice.name, advice.ports, advice.workloads])
            same = ports.setdefault((own.key, own.name, own.cidrs, own.workloads), own)
            ports[(own.key, own.name, own.cidrs, own.workloads)] = replace(
                same, ports=tuple(sorted({*same.ports, *own.ports}))
            )
    workloads: dict[tuple[object, ...], Advice] = {}
    for advice in ports.values():
        same = workloads.setdefault((advice.key, advice.name, advice.cidrs, advice.ports), advice)
        workloads[(advice.key, advice.name, advice.cidrs, advice.ports)] = replace(
            same, workloads=tuple(dict.fromkeys((*same.workloads, *advice.workloads)))
        )
    return tuple(sorted(workloads.values(), key=lambda advice: (advice.key, advice.name, advice.ports)))


def fragment(advices: Iterable[Advice]) -> str:
    """A values file that allows all of it; "" when there is nothing that values can allow."""
    entries = merged(advices)
    if not entries:
        return ""
    lines = [REPLACES, "egress:"]
    for key, named, comments in (("domains", "extraDomains", ()), ("internal", "internal", (f"  # {MOVED}",))):
        own = [entry for entry in entries if entry.key == key]
        if own:
            lines += [*comments, f"  {named}:", *(f"    - {entry.entry}" for entry in own)]
    return "\n".join(lines) + "\n"
