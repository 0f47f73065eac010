"""Reads the hosts that a text calls: a URL, `host:port`, or a list of these.

The texts are not trusted: each is read once, from left to right, and a text that is not an endpoint yields nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from string import ascii_letters, digits

LAST_PORT = 65535
# Longer values are files and not settings.
LONGEST = 4096
LONGEST_HOST = 253
_HOST_CHARACTERS = frozenset(ascii_letters + digits + "-_.")
_SCHEME_CHARACTERS = frozenset(ascii_letters + digits + "+-.:")

# The schemes that lead to a server, by their default port; 0 for those without one.
_BY_PORT = (
    *((80, "http ws"), (443, "https wss"), (5432, "postgres postgresql timescaledb"), (3306, "mysql mariadb")),
    *((6379, "redis rediss valkey valkeys"), (27017, "mongodb"), (11211, "memcached"), (1433, "sqlserver")),
    *((5672, "amqp"), (5671, "amqps"), (4222, "nats"), (9092, "kafka"), (1883, "mqtt"), (8883, "mqtts")),
    *((389, "ldap"), (636, "ldaps"), (25, "smtp"), (465, "smtps"), (21, "ftp"), (22, "sftp ssh")),
    (0, "tcp tls ssl udp grpc grpcs syslog"),
)
SCHEMES: dict[str, int | None] = {scheme: port or None for port, named in _BY_PORT for scheme in named.split()}
UDP_SCHEMES = ("udp", "syslog")


@dataclass(frozen=True, slots=True)
class HostCall:
    """A call to a host, by name or address. `port`: None where the text does not say.

    `scheme`: the URL's scheme, or "" where there is none.
    """

    host: str
    port: int | None = None
    scheme: str = ""
    protocol: str = "TCP"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        place = host if self.port is None else f"{host}:{self.port}"
        return f"{self.scheme}://{place}" if self.scheme in ("http", "https") else place


def endpoints(text: str) -> Iterator[HostCall]:
    """The calls in a text: URLs and `host:port`, alone or in a list with commas."""
    if len(text) > LONGEST or "\n" in text:
        return
    for item in text.split(","):
        bare = item.strip().strip("\"'").removeprefix('["').removesuffix('"]').strip()
        call = url(bare) if "://" in bare else host_and_port(bare)
        if call:
            yield call


def url(text: str) -> HostCall | None:
    """The call that a URL means. A leading `jdbc:` and a driver (`postgresql+asyncpg`) are ignored."""
    written, _, rest = text.partition("://")
    if not written or not _SCHEME_CHARACTERS.issuperset(written):
        return None
    # The port comes from an SRV record, so the URL does not tell it.
    scheme = "" if written.endswith("+srv") else written.lower().rpartition(":")[2].partition("+")[0]
    authority = rest
    for end in "/?#;":
        authority = authority.partition(end)[0]
    host, port = _split(authority.rpartition("@")[2])
    if not is_host(host) or port == -1 or (port is None and scheme not in SCHEMES):
        return None
    return HostCall(host, port or SCHEMES.get(scheme), scheme, "UDP" if scheme in UDP_SCHEMES else "TCP")


def host_and_port(text: str) -> HostCall | None:
    """The call that `host:port` means."""
    host, port = _split(text)
    return HostCall(host, port) if is_host(host) and port not in (None, -1) else None


def is_host(text: str) -> bool:
    """Whether a text is an address or may be a host's name."""
    if not text or len(text) > LONGEST_HOST:
        return False
    if is_address(text):
        return True
    fits = _HOST_CHARACTERS.issuperset(text) and text[0] not in "-." and ".." not in text
    # If the last label is digits, it is not a name but a broken address, a version or a time.
    return fits and not text.removesuffix(".").rpartition(".")[2].isdecimal()


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def port_number(text: str) -> int | None:
    """A port from 1 to 65535, or None."""
    fits = text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) <= LAST_PORT
    return int(text) if fits else None


def _split(text: str) -> tuple[str, int | None]:
    """The host and the port; the port is None where there is none, and -1 where it is invalid."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or not is_address(host) or (rest and not rest.startswith(":")):
            return "", None
        return host, _port(rest[1:]) if rest else None
    host, colon, written = text.partition(":")
    return host, _port(written) if colon else None


def _port(text: str) -> int:
    return port_number(text) or -1
