"""A judged cluster as explanations and proposals use it, and the connection that they are about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tools.findings.model import Manifest
from tools.policies.model import Direction
from tools.reach.judge.table import Table
from tools.reach.model import NamedPeer, Verdict
from tools.reach.peers.universe import Universe


class JudgedCluster(Protocol):
    """A cluster as manifests describe it, with the table of who reaches whom in it."""

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """The objects that it was read from."""

    @property
    def universe(self) -> Universe:
        """The peers."""

    @property
    def table(self) -> Table:
        """Who reaches whom."""

    def bits(self, peer: NamedPeer) -> tuple[int, ...]:
        """The bits of a peer: a single one, or every block that shares an address with a network."""

    def alone(self, peer: NamedPeer) -> bool:
        """Whether a peer is a single pod, which no policy can keep from reaching itself."""

    def verdict(self, src: NamedPeer, dst: NamedPeer) -> Verdict:
        """Every connection from one peer to another."""

    def of(self, manifests: Iterable[Manifest]) -> JudgedCluster:
        """A cluster of other objects, with the same pod networks and default namespace."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection in question. `protocol`: its number; `port`: for ICMP `type << 8 | code`."""

    src: NamedPeer
    dst: NamedPeer
    port: int
    protocol: int

    def peers(self, way: Direction) -> tuple[NamedPeer, NamedPeer]:
        """The peer whose policies are tried in a direction, and the other one."""
        return (self.src, self.dst) if way == "Egress" else (self.dst, self.src)
