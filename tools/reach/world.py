"""The facade of the judge: manifests in, answers out."""

from __future__ import annotations

from collections.abc import Iterable

from tools.addresses import Net, network
from tools.model import Manifest, Problem
from tools.reach.model import Explanation, Matrix, Peer, Verdict

# Where a pod's address is taken to be, when nobody says: IPv4 as private clusters and the clouds give it out.
POD_CIDRS: tuple[Net, ...] = tuple(
    net for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10") if (net := network(text))
)


class UnknownPeerError(LookupError):
    """Nobody, or more than one, has that name; the message says who is there."""


class World:
    """A cluster as manifests describe it.

    `peers`: every workload, in order of name, and {ingress-controller} where there are Ingresses. `problems`: objects
    that are broken, and so are left out, each with its place. `notes`: what could change an answer and is not modelled,
    and what was assumed.
    """

    peers: tuple[Peer, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]

    def __init__(
        self, manifests: Iterable[Manifest], *, pod_cidrs: tuple[Net, ...] = POD_CIDRS, namespace: str = "default"
    ) -> None:
        raise NotImplementedError

    def peer(self, name: str) -> Peer:
        """A workload by `namespace/name[Kind]`, `namespace/name`, or `name`; `{node}`; `{ingress-controller}`; or an
        address or a CIDR, outside or a known pod's. Raises UnknownPeerError.
        """
        raise NotImplementedError

    def matrix(self) -> Matrix:
        """Who reaches whom."""
        raise NotImplementedError

    def verdict(self, src: Peer, dst: Peer) -> Verdict:
        """Every connection between two. Two replicas of one workload when both are the same."""
        raise NotImplementedError

    def explain(self, src: Peer, dst: Peer, port: int, protocol: str = "TCP") -> Explanation:
        """Why one may or may not reach the other on a port. `protocol`: TCP, UDP, SCTP, ICMP, ICMPv6 or a number."""
        raise NotImplementedError
