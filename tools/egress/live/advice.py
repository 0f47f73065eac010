"""What to write into values so that a blocked name is allowed, or why no line of values would do it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address

from tools.egress.allowlist import Suffixes, refusal
from tools.egress.live.tally import Blocked
from tools.manifests.addresses import network, private

_PART = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_LISTED = ("not-in-egress.domains", "sni-not-in-egress.domains", "expired")
_OTHERWISE = {
    "plain-http": "use https; plain HTTP is for private servers alone, in egress.internal with protocol: http",
    "no-sni": "the client must speak TLS and say the server's name (SNI); what speaks no TLS goes into egress.internal "
    "with protocol: tcp, or by address into egress.external",
    "host-not-in-egress.internal": "a request in a tunnel must be for the host that the tunnel was asked for",
    "bad-request": "no entry would help: the client does not speak to a proxy (CONNECT name:port)",
}


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
        fields = []
        if self.cidrs:
            fields.append(f"cidrs: {json.dumps(list(self.cidrs))}")
        if self.ports != (443,):
            fields.append(f"ports: [{', '.join(map(str, self.ports))}]")
        if self.workloads != ("gateway",):
            fields.append(f"workloads: [{', '.join(self.workloads)}]")
        return f"{{name: {self.name}, {', '.join(fields)}}}" if fields else self.name


def advice(item: Blocked, suffixes: Suffixes) -> Advice:
    """What would allow it."""
    if item.reason not in (*_LISTED, "no-address"):
        return Advice(sentence=_OTHERWISE.get(item.reason, "no entry would help"))
    if write := refusal(item.name):
        return Advice(sentence=f"the list can hold no `{item.name}`: {write}")
    if not 0 < item.port < 65536:
        return Advice(sentence="no port was asked for; a proxy is asked for name:port")
    if suffixes.covers(item.name):
        return Advice(sentence=f"{item.name} is a public suffix, under which anyone can register a name")
    if not _PART.fullmatch(item.workload):
        return Advice(sentence=f"{item.workload or 'nobody'} is no part of SARK")
    if item.reason == "no-address":
        return _without_address(item)
    return Advice("domains", item.name, (item.port,), (item.workload,))


def _without_address(item: Blocked) -> Advice:
    """It does not resolve, or leads where no public name may: the log cannot tell, a look-up can."""
    known = item.addresses if item.looked_up is None else item.looked_up
    cidrs = tuple(filter(None, map(_cidr, known)))
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
        return f"{address}/{ip_address(address).max_prefixlen}"
    except ValueError:
        return ""


def merged(advices: Iterable[Advice]) -> tuple[Advice, ...]:
    """One entry for a name where that opens no more than was asked: its ports together, then its workloads."""
    ports: dict[tuple[object, ...], Advice] = {}
    for advice in advices:
        if advice.key:
            same = ports.setdefault((advice.key, advice.name, advice.cidrs, advice.workloads), advice)
            ports[(advice.key, advice.name, advice.cidrs, advice.workloads)] = replace(
                same, ports=tuple(sorted({*same.ports, *advice.ports}))
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
    lines = ["egress:"]
    for key, written in (("domains", "extraDomains"), ("internal", "internal")):
        own = [entry for entry in entries if entry.key == key]
        if own:
            lines += [f"  {written}:", *(f"    - {entry.entry}" for entry in own)]
    return "\n".join(lines) + "\n"
