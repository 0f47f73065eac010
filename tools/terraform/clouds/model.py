"""What the firewall rules of the three clouds say, in one form, so that a check is written once.

One Traffic is one rule, or one block of a rule that has several: a direction, an action, a protocol, ports and peers.
What is not known stays an UnknownValue in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tools.findings.model import Where
from tools.manifests.addresses import Net, network, within
from tools.manifests.scalars import of_digits
from tools.terraform.language.model import Body, ResourceInstance, UnknownValue, Value

Ports = tuple[tuple[int, int], ...]


ALL_PORTS: Ports = ((0, 65535),)


WITH_PORTS = ("tcp", "udp", "sctp")


# The addresses that are in use on the public IPv6 internet (RFC 4291, 2.4).
GLOBAL_UNICAST = network("2000::/3")


# Firewall policies of Google Cloud that have their rules as blocks.
WITH_RULES = tuple(f"google_compute_{scope}firewall_policy_with_rules" for scope in ("", "network_", "region_network_"))


AZURE_WORLD = ("*", "any", "internet")


@dataclass(frozen=True, slots=True)
class FirewallPeer:
    """A source or a destination of a rule. `nets` is empty for a group, a tag or a list that is kept elsewhere."""

    value: Value
    nets: tuple[Net, ...] = ()
    unknown: UnknownValue | None = None

    @property
    def text(self) -> str:
        """As it is written."""
        return str(self.value.data)

    @property
    def world(self) -> bool:
        """Whether it is every address of IPv4 or of IPv6."""
        return any(everywhere(net) for net in self.nets)


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """A rule, in one form. `direction` is "in", "out" or "", `action` "allow", "deny" or ""; "" is not known.

    `group` is what it is a rule of: a security group, a network, a policy. `protocol` is lower case, "all" for every
    one, "" when none is given.
    """

    resource: ResourceInstance
    body: Body
    where: Where
    cloud: str
    group: str
    direction: str
    action: str
    protocol: str | UnknownValue
    ports: Ports | UnknownValue
    peers: tuple[FirewallPeer, ...]
    port_where: Where
    priority: Value | None = None

    @property
    def protocol_where(self) -> Where:
        """Where its protocol is written; the rule itself when nowhere."""
        value = self.body.value("ip_protocol") or self.body.value("protocol")
        return value.where if value else self.where

    @property
    def allows(self) -> bool:
        """Whether it is known to allow."""
        return self.action == "allow"

    def carries(self, protocol: str, port: int) -> bool:
        """Whether it is known to be about that port."""
        if isinstance(self.protocol, UnknownValue) or isinstance(self.ports, UnknownValue):
            return False
        return self.protocol in ("all", protocol) and any(first <= port <= last for first, last in self.ports)

    def only(self, *ports: int) -> bool:
        """Whether it is known to be about no other ports than these."""
        if isinstance(self.ports, UnknownValue) or not self.ports:
            return False
        return all(first == last and first in ports for first, last in self.ports)

    @property
    def order(self) -> int | None:
        """Its priority as a number; for a firewall rule of Google Cloud without one, Google's default."""
        if self.priority is None:
            return 1000 if self.resource.type == "google_compute_firewall" else None
        return number(self.priority.data)

    @property
    def off(self) -> bool:
        """Whether it is, or may be, switched off."""
        return self.resource.body.data("disabled") not in (None, False)

    @property
    def service(self) -> str:
        """Its protocol and ports, as a message names them: `TCP 22`."""
        if isinstance(self.protocol, UnknownValue) or isinstance(self.ports, UnknownValue):
            return "a port that is not known"
        if self.protocol == "all":
            return "every protocol" if self.ports == ALL_PORTS else f"every protocol, {_ports(self.ports)}"
        if self.protocol not in WITH_PORTS:
            return self.protocol.upper() or "a protocol that is not given"
        return f"{self.protocol.upper()} {_ports(self.ports)}"


def _ports(ports: Ports) -> str:
    if ports == ALL_PORTS:
        return "on every port"
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ports) or "without ports"


def everywhere(net: Net) -> bool:
    """Whether a network holds every address of its family that is in public use."""
    return net.prefixlen == 0 or (GLOBAL_UNICAST is not None and within(GLOBAL_UNICAST, net))


def owner(value: Value | None, default: str = "") -> str:
    """What a rule belongs to: the address of another resource, or its name when only that is known."""
    if value is None:
        return default
    if isinstance(value.data, UnknownValue):
        if value.data.bare and len(value.data.refs) == 1:
            (reference,) = value.data.refs
            return reference if input_of(reference) else reference.rpartition(".")[0]
        return f"? {value.where.path}"
    return str(value.data)


def input_of(reference: str) -> bool:
    """Whether a reference is to a variable, of the root or of a module."""
    return reference.startswith("var.") or ".var." in reference


def may_be_null(value: Value) -> bool:
    """Whether the value may turn out to be null: a variable may, an attribute of a resource may not."""
    if not isinstance(value.data, UnknownValue):
        return False
    return not value.data.bare or not value.data.refs or any(map(input_of, value.data.refs))


def number(data: Any) -> int | None:
    """The whole number that is written, as a number or as a string; None for anything else."""
    if isinstance(data, bool):
        return None
    if isinstance(data, int | float):
        return int(data)
    return of_digits(data) if isinstance(data, str) and re.fullmatch(r"-?\d+", data) else None
