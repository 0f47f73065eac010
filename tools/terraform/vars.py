"""An environment's chart values as the variables of this project's Terraform modules.

Every cloud's module takes the same inputs: ports, domains, and peers where the values name addresses outside the
cluster. What the values cannot know (a VPC, a subnet, the load balancer's group) is left to you.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.egress.allowlist import ListEntry
from tools.manifests.paths import value_at

# The module's port and the value that it comes from; of a list the first.
PORTS = {
    "gateway": "gateway.ports.http",
    "metrics": "gateway.ports.metrics",
    "postgresql": "database.ports.postgresql",
    "redis": "cache.ports.redis",
    "opa": "opa.ports.http",
    "dns": "dns.ports",
    "proxy": "proxy.ports.gateway",
}
# The role, the value that lists its addresses, and the value that switches it off.
PEERS = {
    "database": ("database.externalCidrs", "database.enabled"),
    "cache": ("cache.externalCidrs", "cache.enabled"),
    "opa": ("opa.externalCidrs", "opa.enabled"),
}


def variables(values: Mapping[str, Any], entries: Sequence[ListEntry]) -> dict[str, Any]:
    """The variables for merged values and their egress.domains, in normal form."""
    inputs: dict[str, Any] = {
        "ports": {name: port for name, path in PORTS.items() if isinstance(port := _first(_at(values, path)), int)},
        "domains": [{"name": entry.name, "ports": sorted(entry.ports)} for entry in entries if not entry.cidrs],
    }
    peers = {role: {"cidrs": list(cidrs)} for role, cidrs in _peers(values)}
    return {**inputs, "peers": peers} if peers else inputs


def _peers(values: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    for role, (path, switch) in PEERS.items():
        if _at(values, switch) and (cidrs := _at(values, path)):
            yield role, cidrs


def _at(values: Mapping[str, Any], path: str) -> Any:
    return value_at(values, *path.split("."))


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
