"""The hosts that settings call: environment variables and a command's options, by their names and values.

A setting means a call when its value is a URL, `host:port`, or a list of these, or when a host has a port beside it
(`POSTGRES_HOST` and `POSTGRES_PORT`). Many values that look like this are not calls: the address on which a process
listens, the origins that a browser may come from, the name under which a site is served. The words of the key tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from tools.reach.needs.endpoints import HostCall, endpoints, is_host, port_number

# A key with one of these words says who may call, or where the process listens.
NOT_CALLED = frozenset(
    (
        *("CORS", "ORIGIN", "ORIGINS", "ALLOW", "ALLOWED", "TRUSTED", "ACCEPTED", "REFERER", "REFERERS", "REFERRER"),
        *("CALLBACK", "CALLBACKS", "REDIRECT", "REDIRECTS", "RETURN", "LOGOUT", "AUDIENCE", "AUD", "CSP", "COOKIE"),
        *("LISTEN", "LISTENER", "LISTENERS", "LISTENING", "BIND", "ADVERTISE", "ADVERTISED", "ANNOUNCE", "VHOST"),
        *("IMAGE", "NOPROXY", "NAMESPACE", "VERSION", "SCHEMA", "XMLNS", "ENTITY", "ACS"),
    )
)
# A key with one of these may give the workload's own public name, and not a server that it calls.
SHOWN = frozenset(
    (
        *("PUBLIC", "CANONICAL", "ROOT", "WEBSITE", "HOMEPAGE", "DOMAIN", "DOMAINS", "DOCS", "DOCUMENTATION"),
        *("SUPPORT", "TERMS", "PRIVACY", "LOGO", "CONTACT", "SHARE"),
    )
)
# The same for a key that begins with one of these: settings of the server itself or of a page in a browser.
SHOWN_FIRST = frozenset(
    (
        *("NGINX", "APACHE", "SERVER", "VIRTUAL", "WEB", "APP", "SITE", "FRONTEND", "EXTERNAL", "INGRESS"),
        *("LETSENCRYPT", "VITE", "REACT", "NEXT", "NUXT", "DASHBOARD"),
    )
)
SHOWN_KEYS = ("BASE_URL", "URL")
HOSTS = ("HOSTNAME", "HOST", "ADDRESS", "ADDR", "ENDPOINT", "SERVER")


@dataclass(frozen=True, slots=True)
class ConfiguredCall:
    """A call that settings mean. `keys`: those of the settings; `shown`: it may only be the workload's own name.

    `alone`: a host without a port, which counts as a call only if it is a Service's name.
    """

    keys: tuple[str, ...]
    call: HostCall
    shown: bool = False
    alone: bool = False


def settings(values: Mapping[str, str], own_ports: Set[int] = frozenset()) -> Iterator[ConfiguredCall]:
    """The calls of some settings. `own_ports`: the ports on which the process itself listens."""
    for key, value in values.items():
        words = key_words(key)
        if NOT_CALLED.intersection(words) or {"NO", "PROXY"} <= set(words):
            continue
        shown = bool(SHOWN.intersection(words) or SHOWN_FIRST.intersection(words[:1])) or key.upper() in SHOWN_KEYS
        calls = tuple(endpoints(value))
        yield from (ConfiguredCall((key,), call, shown) for call in calls)
        if not calls and is_host(value):
            yield from _pair(key, value, values, own_ports, shown)


def key_words(key: str) -> tuple[str, ...]:
    """The words of a key in upper case; the same for `POSTGRES_HOST`, `postgres.host`, `postgresHost` and
    `--postgres-host`.
    """
    words: list[str] = []
    before = ""
    for sign in key:
        if not sign.isalnum():
            words.append("")
        elif not words or (sign.isupper() and before.islower()):
            words.append(sign)
        else:
            words[-1] += sign
        before = sign
    return tuple(word.upper() for word in words if word)


def _pair(key: str, host: str, values: Mapping[str, str], own: Set[int], shown: bool) -> Iterator[ConfiguredCall]:
    """A host with the port beside it. A key of a single word (`HOST`) is where the process listens, and no call."""
    upper = key.upper()
    ending = next((word for word in HOSTS if upper.endswith(word)), "")
    stem = key[: len(key) - len(ending)]
    if not ending or not stem.strip("_.-"):
        return
    beside = next((name for name in (f"{stem}PORT", f"{stem}port", f"{stem}Port") if name in values), "")
    port = port_number(values[beside].strip()) if beside else None
    if port:
        yield ConfiguredCall((key, beside), HostCall(host, port), shown or port in own)
    elif not beside:
        yield ConfiguredCall((key,), HostCall(host), shown, alone=True)
