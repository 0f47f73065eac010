"""Whether a name goes past the proxy by NO_PROXY.

Programs read NO_PROXY each in their own way. A name counts as left out when curl, Go, Python's requests and httpx, and
Node's fetch all leave it out: an entry is the name itself, or a dot and the end of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from tools.needs.endpoints import Call, is_address

PROXIES = {"http": ("http_proxy", "HTTP_PROXY"), "https": ("https_proxy", "HTTPS_PROXY")}


def proxy_of(call: Call, values: Mapping[str, str]) -> str:
    """The variable that sends a call to a proxy, or "": the scheme's own, where it is set and not empty."""
    names = PROXIES.get(call.scheme, ())
    return next((name for name in names if values.get(name, "").strip()), "")


def past(host: str, values: Mapping[str, str]) -> bool:
    """Whether NO_PROXY leaves a host out."""
    name = host.lower().removesuffix(".")
    written = next((values[key] for key in ("no_proxy", "NO_PROXY") if values.get(key)), "")
    entries = [entry.strip().lower() for entry in written.split(",")]
    if is_address(name):
        return any(entry == "*" or _holds(entry, name) for entry in entries)
    return any(_leaves_out(entry, name) for entry in entries)


def _leaves_out(entry: str, name: str) -> bool:
    if entry in ("*", name):
        return True
    ending = entry.removeprefix("*")
    return len(ending) > 1 and ending.startswith(".") and name.endswith(ending) and name != ending


def _holds(entry: str, address: str) -> bool:
    try:
        net = ip_network(entry, strict=False)
    except ValueError:
        return False
    return ip_address(address) in net
