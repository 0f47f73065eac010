"""The values that each key of a flow may have, and the message about any other value."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

STATES = ("installed", "allow-all", "proxy-down", "proxy-back", "upgraded", "rolled-back")
SERVICES = ("proxy", "dns", "apiserver", "node", "metadata")
# The walls that can be required to hold by themselves; `X alone` is then a state of the offline judge.
WALLS = ("network-policies", "envoy")
SPEECH = ("line", "tls", "http", "dns", "handshake", "knock")


def is_port(value: Any) -> bool:
    """Whether a value is a number from 1 to 65535. A bool is not one, although Python counts it as an int."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536


def is_text(value: Any) -> bool:
    """Whether a value is text that is not empty."""
    return isinstance(value, str) and value != ""


def is_labels(value: Any) -> bool:
    """Whether a value is a mapping of text to text."""
    return isinstance(value, Mapping) and all(isinstance(item, str) for pair in value.items() for item in pair)


def is_ipv4(value: Any) -> bool:
    """Whether a value is an IPv4 address in its usual notation."""
    try:
        return isinstance(value, str) and bool(ipaddress.IPv4Address(value))
    except ValueError:
        return False


def _one_of(*words: str) -> Callable[[Any], str]:
    return lambda value: "" if value in words else f"{value!r} is not one of {', '.join(words)}"


def _states(value: Any) -> str:
    if isinstance(value, list) and value and all(item in STATES for item in value):
        return ""
    return f"{value!r} is not a list of states; the states are {', '.join(STATES)}"


def _names(value: Any) -> str:
    if isinstance(value, list) and value and all(map(is_text, value)):
        return ""
    return f"{value!r} is not a list of environments; leave the key out to mean all of them"


REQUIRED = ("flow", "source", "target", "port", "expect", "why")
RULES: Mapping[str, Callable[[Any], str]] = {
    "flow": lambda value: "" if is_text(value) else "needs an id",
    "source": lambda value: "" if is_text(value) else "needs the name of a pod",
    "target": lambda value: "" if is_text(value) else "needs a target",
    "port": lambda value: "" if is_port(value) else f"{value!r} is not a port from 1 to 65535",
    "expect": _one_of("allow", "deny"),
    "why": lambda value: "" if is_text(value) else "needs a reason in words",
    "protocol": _one_of("TCP", "UDP"),
    "via": _one_of("direct", "proxy"),
    "proxyPort": lambda value: "" if is_port(value) else f"{value!r} is not a port from 1 to 65535",
    "speak": _one_of(*SPEECH),
    "sni": lambda value: "" if isinstance(value, str) else 'is not text; "" sends no name',
    "during": _states,
    "environments": _names,
    "twin": _one_of("direct", "proxy", "never"),
    "proof": lambda value: "" if is_text(value) else "needs a reason in words",
}
