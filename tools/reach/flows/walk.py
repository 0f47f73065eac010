"""The steps of one row: by policies from peer to peer, and by Envoy in between."""

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
    """One step. `what`: who calls whom, and on which port, or who decides; `why`: what decided, in words.

    `explanation`: of a step by policies, both sides of it with their rules; None where nobody asked for it.
    """

    what: str
    verdict: Word
    why: str
    where: Where | None = None
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """A state of the cluster to walk in. `envoy_alone`: no policy has a say; `explain`: ask why, which takes longer."""

    scenery: ClusterState
    proxy_runs: bool = True
    envoy_alone: bool = False
    explain: bool = False

    def along(self, flow: Flow) -> tuple[Word, tuple[Hop, ...]]:
        """The verdict on a row, and the steps up to the one that decided: the first that is denied, or all of them.

        With several workloads behind the proxy's Service, each way must come to the same; else it is conditional.
        """
        if flow.via != "proxy" and flow.target.kind != "proxy":
            return _verdict(self._direct(flow))
        port = flow.proxy_port if flow.via == "proxy" else flow.port
        doors = self.scenery.doors(port) if self.proxy_runs else ()
        if not doors:
            return "denied", (Hop("the proxy", "denied", "no pod of the proxy runs"),)
        ways = [_verdict(self._through(flow, door)) for door in doors]
        if len({verdict for verdict, _ in ways}) == 1:
            return ways[0]
        return "conditional", tuple(hop for _, hops in ways for hop in hops)

    def _direct(self, flow: Flow) -> Iterator[Hop]:
        target, port = self.scenery.place(flow.target, flow.port, flow.protocol)
        yield self._hop(self.scenery.pod(flow.source), target, port, flow.protocol)

    def _through(self, flow: Flow, door: ProxyEndpoint) -> Iterator[Hop]:
        yield self._hop(self.scenery.pod(flow.source), door.peer, door.port, flow.protocol)
        if door.missing:
            yield Hop("the proxy's Service", "denied", door.missing)
        if flow.via != "proxy":
            return
        host, address = flow.target.name, self.scenery.address(flow.target)
        own = host if flow.target.kind == "internet" else ""
        request = Request(host, flow.port, address, flow.speak, own if flow.sni is None else flow.sni)
        decision = self.scenery.proxy.decide(door.port, request)
        yield Hop("the proxy", decision.verdict, decision.why, decision.where)
        if own:
            for resolver, port in self.scenery.resolvers():
                yield self._hop(door.peer, resolver, port, "UDP")
        yield self._hop(door.peer, self.scenery.world.peer(address), flow.port, flow.protocol)

    def _hop(self, src: NamedPeer, dst: NamedPeer, port: int, protocol: str) -> Hop:
        what = f"{src.name} to {dst.name}, {protocol} {port}"
        if self.envoy_alone:
            return Hop(what, "allowed", "without policies")
        if self.explain:
            notices = self.scenery.world.explain(src, dst, port, protocol)
            return Hop(what, notices.verdict, "by policies", explanation=notices)
        verdict = self.scenery.world.verdict(src, dst)
        number = NUMBERS[protocol]
        if includes(verdict.allowed, number, port):
            return Hop(what, "allowed", "by policies")
        if includes(verdict.conditional, number, port):
            return Hop(what, "conditional", "; ".join(verdict.reasons))
        return Hop(what, "denied", "by policies")


def _verdict(hops: Iterator[Hop]) -> tuple[Word, tuple[Hop, ...]]:
    """The first denied step ends the walk; a conditional one does not, for a later one may be denied anyway."""
    walked: list[Hop] = []
    for hop in hops:
        walked.append(hop)
        if hop.verdict == "denied":
            return "denied", tuple(walked)
    return ("conditional" if any(hop.verdict == "conditional" for hop in walked) else "allowed"), tuple(walked)
