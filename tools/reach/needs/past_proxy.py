"""Decides whether NO_PROXY keeps requests to a name away from the proxy.

Each program reads NO_PROXY in its own way. A name counts as excluded when curl, Go, Python's requests and httpx, and
Node's fetch all exclude it: an entry is the name itself, or a dot and the end of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from tools.reach.needs.endpoints import HostCall

PROXIES = {"http": ("http_proxy", "HTTP_PROXY"), "https": ("https_proxy", "HTTPS_PROXY")}


def proxy_of(call: HostCall, values: Mapping[str, str]) -> str:
    """The scheme's variable that sends a call to a proxy; "" where none is set."""
    names = PROXIES.get(call.scheme, ())
    return next((name for name in names if values.get(name, "").strip()), "")


def past(host: str, values: Mapping[str, str]) -> bool:
    """Whether NO_PROXY excludes a name. A final dot is kept, because most programs do not remove it from the name."""
    name = host.lower()
    written = next((values[key] for key in ("no_proxy", "NO_PROXY") if values.get(key)), "")
    return any(_excludes(entry.strip().lower(), name) for entry in written.split(","))


def _excludes(entry: str, name: str) -> bool:
    if entry in ("*", name):
        return True
    ending = entry.removeprefix("*")
    return len(ending) > 1 and ending.startswith(".") and name.endswith(ending) and name != ending
