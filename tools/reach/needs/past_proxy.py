"""Whether a name goes past the proxy by NO_PROXY.

Programs read NO_PROXY each in their own way. A name counts as left out when curl, Go, Python's requests and httpx, and
Node's fetch all leave it out: an entry is the name itself, or a dot and the end of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from tools.reach.needs.endpoints import HostCall

PROXIES = {"http": ("http_proxy", "HTTP_PROXY"), "https": ("https_proxy", "HTTPS_PROXY")}


def proxy_of(call: HostCall, values: Mapping[str, str]) -> str:
    """The variable that sends a call to a proxy, or "": the scheme's own, where it is set and not empty."""
    names = PROXIES.get(call.scheme, ())
    return next((name for name in names if values.get(name, "").strip()), "")


def past(host: str, values: Mapping[str, str]) -> bool:
    """Whether NO_PROXY leaves a name out. Most programs do not take a root's dot off the name."""
    name = host.lower()
    written = next((values[key] for key in ("no_proxy", "NO_PROXY") if values.get(key)), "")
    return any(_leaves_out(entry.strip().lower(), name) for entry in written.split(","))


def _leaves_out(entry: str, name: str) -> bool:
    if entry in ("*", name):
        return True
    ending = entry.removeprefix("*")
    return len(ending) > 1 and ending.startswith(".") and name.endswith(ending) and name != ending
