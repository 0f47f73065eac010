"""What a chart's values open, as a cloud's firewall sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.egress.allowlist import ListEntry, Suffixes, parse_values
from tools.manifests.addresses import Net, network
from tools.terraform.language.model import Module

DNS = 53


NTP = 123


Service = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Layers:
    """The evaluated root of each cloud (aws, gcp, azure), and an environment's values, merged as Helm does.

    `file` is the values file, as the user types it.
    """

    roots: Mapping[str, Module]
    values: Mapping[str, Any]
    environment: str = ""
    file: str = ""

    def value(self, path: str, default: Any = None) -> Any:
        """The value at a dotted path."""
        values: Any = self.values
        for key in path.split("."):
            if not isinstance(values, Mapping) or key not in values:
                return default
            values = values[key]
        return values

    @property
    def entries(self) -> tuple[ListEntry, ...]:
        """The entries of egress.domains and of what is added to it, in normal form; none when egress is off."""
        listed, _ = parse_values(self.values, suffixes=Suffixes(frozenset()), file=self.file)
        return tuple(entry for entry in listed.entries if not entry.cidrs) if self.value("egress.enabled", True) else ()


@dataclass(frozen=True, slots=True)
class ChartPort:
    """A port of the chart that a cloud's firewall may see: its direction, and the paths of its numbers, of its switch
    and of its addresses.
    """

    direction: str
    ports: str
    enabled: str
    peers: str = ""


CHART_PORTS = (
    ChartPort("in", "gateway.ports.http", "gateway.enabled"),
    ChartPort("in", "gateway.ports.metrics", "monitoring.enabled"),
    ChartPort("out", "database.ports.postgresql", "database.enabled", "database.externalCidrs"),
    ChartPort("out", "cache.ports.redis", "cache.enabled", "cache.externalCidrs"),
    ChartPort("out", "opa.ports.http", "opa.enabled", "opa.externalCidrs"),
    ChartPort("out", "proxy.ports.gateway", "egress.enabled"),
    ChartPort("out", "dns.ports", "dns.enabled", "dns.cidrs"),
)


def needed_openings(layers: Layers) -> Iterator[tuple[str, Service, list[Net]]]:
    """What a cloud must open: the path in the values that asks for it, the service, and its addresses where listed."""
    if layers.value("gateway.enabled") and layers.value("ingressController.enabled"):
        for port in port_numbers(layers, "gateway.ports.http"):
            yield "gateway.ports.http", ("in", "tcp", port), []
    for part in CHART_PORTS:
        if part.peers and part.peers != "dns.cidrs" and layers.value(part.enabled) and layers.value(part.peers):
            nets = [net for text in layers.value(part.peers) if (net := network(str(text)))]
            for port in port_numbers(layers, part.ports):
                yield part.peers, ("out", "tcp", port), nets
    seen: set[int] = set()
    for entry in layers.entries:
        for port in entry.ports:
            if port not in seen:
                seen.add(port)
                yield entry.path, ("out", "tcp", port), []


def chart_ports(layers: Layers, direction: str, enabled: bool = True) -> set[int]:
    """The chart's ports of a direction: of the parts that are enabled, or of those that are not."""
    ports = {
        port
        for part in CHART_PORTS
        if part.direction == direction and bool(layers.value(part.enabled)) is enabled
        for port in port_numbers(layers, part.ports)
    }
    if direction == "out" and enabled:
        ports |= {DNS, NTP} | {port for entry in layers.entries for port in entry.ports}
        servers = layers.value("gateway.egress.mcpServers") or ()
        ports |= {port for server in servers for port in server.get("ports", ()) if isinstance(port, int)}
    return ports


def port_numbers(layers: Layers, path: str) -> list[int]:
    """The ports at a path of the values: one, or a list."""
    value = layers.value(path)
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, int)]


def in_environment(layers: Layers) -> str:
    """The words of a message that name the environment, "" when none is known."""
    return f" in {layers.environment}" if layers.environment else ""
