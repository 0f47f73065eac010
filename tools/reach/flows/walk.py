"""Walks the steps of one row: policies decide from peer to peer, and Envoy in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.egress.envoy.decide import Request
from tools.findings.model import Where
from tools.reach.connections import NUMBERS, includes
from tools.reach.flows.model import Flow
from tools.reach.flows.state import ClusterState, ProxyEndpoint
from tools.reach.model import Explanation, NamedPeer, Word


@dataclass(frozen=True, slots=True)
class Hop:
    """One step. `what`: who calls whom on which port, or who decides; `why`: the reason in words.

    `explanation`: both directions of a step by policies, with their rules; None unless it was asked for.
    """

    what: str
    verdict: Word
    why: str
    where: Where | None = None
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through the cluster in one state. `envoy_alone`: policies do not count; `explain`: explain each step,
    which takes longer.
    """

    cluster: ClusterState
    proxy_runs: bool = True
    envoy_alone: bool = False
    explain: bool = False

    def follow(self, flow: Flow) -> tuple[Word, tuple[Hop, ...]]:
        """The verdict on a row, and its steps up to the first one that is denied, or all of them.

        Where several workloads are behind the proxy's Service and their verdicts differ, the verdict is conditional.
        """
        if flow.via != "proxy" and flow.target.kind != "proxy":
            return _verdict(self._direct(flow))
        port = flow.proxy_port if flow.via == "proxy" else flow.port
        endpoints = self.cluster.proxy_endpoints(port) if self.proxy_runs else ()
        if not endpoints:
            return "denied", (Hop("the proxy", "denied", "no pod of the proxy runs"),)
        routes = [_verdict(self._through(flow, endpoint)) for endpoint in endpoints]
        if len({verdict for verdict, _ in routes}) == 1:
            return routes[0]
        return "conditional", tuple(hop for _, hops in routes for hop in hops)

    def _direct(self, flow: Flow) -> Iterator[Hop]:
        target, port = self.cluster.place(flow.target, flow.port, flow.protocol)
        yield self._hop(self.cluster.pod(flow.source), target, port, flow.protocol)

    def _through(self, flow: Flow, endpoint: ProxyEndpoint) -> Iterator[Hop]:
        yield self._hop(self.cluster.pod(flow.source), endpoint.peer, endpoint.port, flow.protocol)
        if endpoint.missing:
            yield Hop("the proxy's Service", "denied", endpoint.missing)
        if flow.via != "proxy":
            return
        host, address = flow.target.name, self.cluster.address(flow.target)
        own = host if flow.target.kind == "internet" else ""
        request = Request(host, flow.port, address, flow.speak, own if flow.sni is None else flow.sni)
        decision = self.cluster.proxy.decide(endpoint.port, request)
        yield Hop("the proxy", decision.verdict, decision.why, decision.where)
        if own:
            for resolver, port in self.cluster.resolvers():
                yield self._hop(endpoint.peer, resolver, port, "UDP")
        yield self._hop(endpoint.peer, self.cluster.world.peer(address), flow.port, flow.protocol)

    def _hop(self, src: NamedPeer, dst: NamedPeer, port: int, protocol: str) -> Hop:
        what = f"{src.name} to {dst.name}, {protocol} {port}"
        if self.envoy_alone:
            return Hop(what, "allowed", "without policies")
        if self.explain:
            explanation = self.cluster.world.explain(src, dst, port, protocol)
            return Hop(what, explanation.verdict, "by policies", explanation=explanation)
        verdict = self.cluster.world.verdict(src, dst)
        number = NUMBERS[protocol]
        if includes(verdict.allowed, number, port):
            return Hop(what, "allowed", "by policies")
        if includes(verdict.conditional, number, port):
            return Hop(what, "conditional", "; ".join(verdict.reasons))
        return Hop(what, "denied", "by policies")


def _verdict(hops: Iterator[Hop]) -> tuple[Word, tuple[Hop, ...]]:
    """Walk up to the first denied step. A conditional step does not end the walk, because a later one may be denied."""
    walked: list[Hop] = []
    for hop in hops:
        walked.append(hop)
        if hop.verdict == "denied":
            return "denied", tuple(walked)
    return ("conditional" if any(hop.verdict == "conditional" for hop in walked) else "allowed"), tuple(walked)
