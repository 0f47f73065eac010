"""What a hostile workload asks a name server for, to get data out in the questions themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

UNLISTED = "evil.test"
TYPES = {"A": 1, "NS": 2, "NULL": 10, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "HTTPS": 65, "ANY": 255, "4711": 4711}
INTERNET, CHAOS = 1, 3


@dataclass(frozen=True, slots=True)
class DnsQuestion:
    """One way to carry data in a question. `name` is what arrives where somebody serves it, in lower case."""

    way: str
    name: str
    kind: int = 1
    tcp: bool = False
    spelt: str = ""

    def asked(self, server: str, seconds: float) -> dict[str, Any]:
        """As in_pods/names.py takes it; without a server the pod's own resolver is asked."""
        return {
            "id": self.way,
            "name": self.spelt or self.name,
            "server": server,
            "type": self.kind,
            "class": INTERNET,
            "tcp": self.tcp,
            "timeout": seconds,
        }

    def arrived(self, event: Mapping[str, Any]) -> bool:
        """Whether a line of the authoritative server's log is this question."""
        return event.get("event") == "query" and event.get("name") == self.name


def hostile(number: int) -> Iterator[DnsQuestion]:
    """Every way, each with a name of its own: `number` makes those of one round unlike another's."""
    for name, kind in TYPES.items():
        yield DnsQuestion(f"type {name}", f"t{kind}-{number}.{UNLISTED}", kind)
        yield DnsQuestion(f"type {name}, TCP", f"c{kind}-{number}.{UNLISTED}", kind, tcp=True)
    long = ".".join(["k" * 63] * 3)
    yield DnsQuestion("labels of 63 octets", f"l{number}.{long}.{UNLISTED}")
    yield DnsQuestion("many labels", f"m{number}.{'.'.join('abcdefghijklmnopqrstuvwxyz')}.{UNLISTED}")
    yield DnsQuestion("upper case", f"u{number}.{UNLISTED}", spelt=f"U{number}.EVIL.Test")
    yield DnsQuestion("in-addr.arpa", f"{number % 250}.{number // 250}.0.203.in-addr.arpa", 12)
    yield DnsQuestion("in-addr.arpa of a pod", f"{number % 250}.{250 + number % 5}.168.192.in-addr.arpa", 12)
    nibbles = ".".join(f"{number:016x}")
    yield DnsQuestion("ip6.arpa", f"{nibbles}.8.b.d.0.1.0.0.2.ip6.arpa", 12)


def by_resolver(number: int) -> DnsQuestion:
    """What a program asks its own resolver for, which tries the search domains too."""
    return DnsQuestion("the pod's resolver", f"r{number}.{UNLISTED}")
