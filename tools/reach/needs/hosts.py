"""Hosts outside the cluster: whether a workload may reach one, itself or by the proxy, and what would open it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tools.egress.allowlist import AllowRule, everything, matches
from tools.egress.envoy.decide import Proxy
from tools.manifests.node import Node
from tools.manifests.pods import Pod
from tools.policies.matching import labelled
from tools.policies.model import Policy, PolicyRule
from tools.reach.connections import NUMBERS, common, of
from tools.reach.judge.evaluate import Answer
from tools.reach.needs.endpoints import HostCall, is_address, url
from tools.reach.needs.environment import config_maps
from tools.reach.needs.known import Caller, Known
from tools.reach.peers import naming
from tools.reach.peers.services import Service, ServiceTarget

# The protocols of a list that are open to a client of a URL's scheme.
SPOKEN = {"http": ("http", "tcp"), "https": ("tls", "tcp")}
PROXY_KEYS = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


@dataclass(frozen=True)
class Hosts:
    """The ways out of the cluster: policies, and the proxy with its lists."""

    known: Known

    @cached_property
    def proxy(self) -> Proxy:
        """The proxy's own configuration, read on first use."""
        return Proxy.of(self.known.cluster.manifests)

    def reachable(self, caller: Caller, host: str, call: HostCall) -> bool:
        """Whether a workload may reach a host outside; where that is not known, it counts as open."""
        side, place = self.known.world.table.sides["Egress"], caller.place
        if place not in side.by_class:
            return True
        domains = tuple(self._domains(caller.pod))
        return (
            self._directly(side.of(place), host, call, certain=bool(domains))
            or any(_names(name, host) and _on(ports, call) for name, ports in domains)
            or any(_allows(rule, host, call) for rule in self._listed(place))
        )

    def _directly(self, answer: Answer, host: str, call: HostCall, *, certain: bool) -> bool:
        """Whether the host's address is open, or, for a name, any address outside.

        `certain`: policies name domains, so that an address which they open counts only where it is open for certain.
        """
        universe = self.known.world.universe
        number = NUMBERS[call.protocol]
        conns = of(number, call.port, call.port) if call.port else of(number)
        bits = universe.outside
        if is_address(host):
            bits = sum(1 << bit for bit in naming.bits(self.known.world.peer(host), universe))
        return any(bits & own and common(bounds[0 if certain else 1], conns) for bounds, own in answer.items())

    def _domains(self, pod: Pod) -> Iterator[tuple[str, tuple[tuple[int, int], ...]]]:
        """The domain names that Calico's policies open to a pod, with their ranges of ports."""
        cluster = self.known.cluster
        for policy, rules in self._naming:
            for rule in rules if labelled(cluster, policy, pod) else ():
                ports = tuple((port.first, port.last) for port in rule.ports)
                for name in rule.node["destination"]["domains"].texts():
                    yield name, ports

    @cached_property
    def _naming(self) -> tuple[tuple[Policy, tuple[PolicyRule, ...]], ...]:
        """The policies that open domain names, with the rules that do."""
        naming = ((policy, tuple(_naming(policy))) for policy in self.known.cluster.policies if policy.calico)
        return tuple((policy, rules) for policy, rules in naming if rules)

    def workloads(self, place: int) -> tuple[str, ...]:
        """The lists of the proxy that a workload may use."""
        lists = (name for port, name in self.proxy.listeners.items() if self._reaches_listener(place, port))
        return tuple(dict.fromkeys(lists))

    def _listed(self, place: int) -> Iterator[AllowRule]:
        lists = self.workloads(place)
        return (rule for rule in self.proxy.listed if rule.workload in lists)

    def _reaches_listener(self, place: int, port: int) -> bool:
        return any(not self.known.closed(place, proxy, ServiceTarget(name, port)) for name, proxy in self._proxies)

    @cached_property
    def _proxies(self) -> tuple[tuple[str, int], ...]:
        """The proxy's pods, as names and places: those whose containers listen where its configuration says."""
        listening = set(self.proxy.listeners)
        own = {id(manifest) for manifest in self.known.cluster.manifests}
        return tuple(
            (name, place)
            for name, class_ in self.known.classes.items()
            for place, pod in class_
            if listening and id(pod.manifest) in own and listening <= {number for _, _, number in pod.ports}
        )

    def entry(self, caller: Caller, host: str, call: HostCall) -> str:
        """Advice on what to write so that a workload reaches a host."""
        ports = f"ports: [{call.port}]" if call.port else "ports: […]"
        if not self.known.charted:
            return f"write an egress rule for it, {call.protocol} {call.port or 'and its port'}"
        chosen = self.workloads(caller.place) or ("…",)
        whom = "" if chosen == ("gateway",) else f", workloads: [{chosen[0]}]"
        if is_address(host):
            cidr = f"{host}/{128 if ':' in host else 32}"
            protocol = ", protocol: udp" if call.protocol == "UDP" else ""
            return f"add to egress.external: {{cidrs: [{cidr}], {ports}{protocol}{whom}, owner: …, reason: …}}"
        if call.scheme == "http":
            entry = f"{{name: {host}, cidrs: […], {ports}, protocol: http{whom}}}"
            return f"add to egress.internal: {entry}, or call it by https"
        if call.scheme in ("https", "wss", ""):
            return f"add to egress.domains: {{name: {host}, {ports}{whom}}}"
        return f"add to egress.external its addresses: {{cidrs: […], {ports}{whom}, owner: …, reason: …}}"

    def meant_for(self, caller: Caller) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The ConfigMaps that name a proxy for a workload: it is in their namespace, and may reach the proxy."""
        for (space, name), body in self._environments:
            if space == caller.pod.namespace and self._may_use_proxy(body, caller.place):
                yield f"ConfigMap {space}/{name}", {key: node.text() for key, node in body["data"].fields()}

    @cached_property
    def _environments(self) -> tuple[tuple[tuple[str, str], Node], ...]:
        maps = config_maps(self.known.cluster.manifests, self.known.namespace)
        return tuple((key, body) for key, body in maps.items() if any(body["data"][name].text() for name in PROXY_KEYS))

    def _may_use_proxy(self, body: Node, place: int) -> bool:
        """Whether a workload may reach the proxy that a ConfigMap names."""
        for name in PROXY_KEYS:
            call = url(body["data"][name].text())
            service = self.known.names.meaning(call.host, "") if call else None
            if call and isinstance(service, Service):
                targets = self.known.targets(service, call.port, "TCP")
                return any(
                    not self.known.closed(place, proxy, target)
                    for target in targets
                    for proxy, _ in self.known.classes[target.pod]
                )
        return False


def _naming(policy: Policy) -> Iterator[PolicyRule]:
    for rule in policy.towards("Egress"):
        if rule.action == "Allow" and not rule.node["destination"]["domains"].empty:
            yield rule


def _names(name: str, host: str) -> bool:
    return name == "*" or matches(name, host)


def _on(ports: tuple[tuple[int, int], ...], call: HostCall) -> bool:
    return not ports or call.port is None or any(first <= call.port <= last for first, last in ports)


def _allows(rule: AllowRule, host: str, call: HostCall) -> bool:
    if rule == everything(rule.workload):
        return True
    speaks = SPOKEN.get(call.scheme)
    fits = call.port in (None, rule.port) and (speaks is None or rule.protocol in speaks)
    return fits and matches(rule.name, host)
