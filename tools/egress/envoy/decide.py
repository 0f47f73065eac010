"""What the egress proxy does with a request, by its own configuration: the step between the two hops of a tunnel.

Envoy's listeners, routes and address filters are read back by `tools.egress.envoy.decode`; what each decides is
measured against Envoy itself in tests/proxy, whose tables the tests of this module share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tools.egress.allowlist import AllowRule, deciding, everything
from tools.egress.envoy.decode import Config, Tree, read, refused, rules
from tools.findings.model import Manifest, Where
from tools.manifests.addresses import Net, address, network, within

Word = Literal["allowed", "denied", "conditional"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the proxy.

    `host`: a name, or an address in its place. `address`: that address, or the one that the name has. `speak`: tls or
    anything else, said inside a tunnel; http, asked for by an absolute URL without one. `sni`: the name in TLS, or "".
    """

    host: str
    port: int
    address: str
    speak: str = "tls"
    sni: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether Envoy connects to the request's address, and why; `where`: the file of the workload's routes."""

    verdict: Word
    why: str
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy's configuration. `listeners`: the workload whose list a port serves; `resolvers`: their addresses and
    ports, none when it asks the cluster's.
    """

    listed: frozenset[AllowRule]
    refused: tuple[Net, ...]
    listeners: Mapping[int, str]
    resolvers: tuple[tuple[str, int], ...]
    places: Mapping[str, Where]

    @classmethod
    def of(cls, manifests: tuple[Manifest, ...]) -> Proxy:
        """Read the ConfigMaps among the manifests."""
        config = read(manifests)
        return cls(
            listed=rules(config),
            refused=tuple(net for text in refused(config) if (net := network(text))),
            listeners=dict(_listeners(config)),
            resolvers=tuple(dict.fromkeys(_resolvers([*config.listeners.values(), *config.clusters.values()]))),
            places=dict(_places(manifests, config)),
        )

    def decide(self, port: int, request: Request) -> Decision:
        """What becomes of a request on one of the proxy's own ports."""
        workload = self.listeners.get(port)
        if workload is None:
            return Decision("denied", f"Envoy has no listener on port {port}")
        decision = _Workload(self, workload).decide(request)
        return Decision(decision.verdict, decision.why, self.places.get(workload))


@dataclass(frozen=True, slots=True)
class _Workload:
    """One workload's list."""

    proxy: Proxy
    name: str

    def decide(self, request: Request) -> Decision:
        rule = self._rule(request.host, request.port)
        asked = f"{request.host}:{request.port}"
        if request.speak == "http":
            if rule and rule.protocol == "http":
                return self._dial(rule, request)
            return self._unlisted(request, f"{asked} is asked for by plain HTTP, which no entry of {self.name} allows")
        if rule is None:
            return self._unlisted(request, f"{asked} is not in the list of {self.name}")
        if rule.protocol == "http":
            return Decision("denied", f"{asked} is listed for plain HTTP, and {request.speak} is not that")
        if rule.protocol == "tcp" or (request.speak == "tls" and request.sni.lower() == request.host.lower()):
            return self._dial(rule, request)
        if request.speak != "tls" or not request.sni:
            return self._unlisted(request, "what is said in the tunnel has no server name")
        other = self._rule(request.sni, request.port)
        if other and other.protocol == "tls":
            return Decision("conditional", f"the server name {request.sni} is listed too, and the tunnel leads there")
        return self._unlisted(request, f"the server name {request.sni} is not in the list of {self.name}")

    def _rule(self, host: str, port: int) -> AllowRule | None:
        """The entry that decides on a name; none does on an address."""
        own = (rule for rule in self.proxy.listed if rule.workload == self.name and rule.port == port)
        return None if address(host) else deciding(own, host)

    def _dial(self, rule: AllowRule, request: Request) -> Decision:
        listed = f"{request.host}:{request.port} is listed as {rule.name}"
        if not rule.cidrs:
            return self._public(request, listed)
        if any(_holds(text, request.address) for text in rule.cidrs):
            return Decision("allowed", f"{listed}, and {request.address} is in {', '.join(rule.cidrs)}")
        return Decision("denied", f"{listed}, and {request.address} is not in {', '.join(rule.cidrs)}")

    def _unlisted(self, request: Request, why: str) -> Decision:
        if everything(self.name) not in self.proxy.listed:
            return Decision("denied", why)
        return self._public(request, f"{why}, and is let through: mode audit, or a way around the list")

    def _public(self, request: Request, why: str) -> Decision:
        for net in self.proxy.refused:
            if _holds(str(net), request.address):
                return Decision("denied", f"{why}, and {request.address} is in {net}, where no public name may lead")
        return Decision("allowed", why)


def _holds(cidr: str, host: str) -> bool:
    outer, inner = network(cidr), network(host)
    return bool(outer and inner and within(inner, outer))


def _listeners(config: Config) -> Iterator[tuple[int, str]]:
    for name, listener in config.listeners.items():
        for socket in _subtrees(listener.get("address"), "socket_address"):
            if isinstance(port := socket.get("port_value"), int):
                yield port, name


def _resolvers(trees: list[Tree]) -> Iterator[tuple[str, int]]:
    for resolver in _subtrees(trees, "typed_dns_resolver_config"):
        for socket in _subtrees(resolver, "socket_address"):
            yield str(socket.get("address")), int(socket.get("port_value", 53))


def _subtrees(tree: Any, key: str) -> Iterator[Tree]:
    """Every mapping under a key, however deep."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            if name == key and isinstance(value, Mapping):
                yield value
            yield from _subtrees(value, key)
    elif isinstance(tree, list):
        for item in tree:
            yield from _subtrees(item, key)


def _places(manifests: tuple[Manifest, ...], config: Config) -> Iterator[tuple[str, Where]]:
    """The key of a ConfigMap that holds a workload's routes."""
    for manifest in manifests:
        data = manifest.body.get("data") if manifest.kind == "ConfigMap" else None
        for key in data if isinstance(data, Mapping) else ():
            for workload in config.routes:
                if key == f"routes-{workload}.yaml":
                    yield workload, manifest.where(f'data["{key}"]')
