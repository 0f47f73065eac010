"""What explanations and proposals ask of a cluster that was judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from tools.findings.model import Manifest
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
        """Who takes part."""

    @property
    def table(self) -> Table:
        """Who reaches whom."""

    def bits(self, peer: NamedPeer) -> tuple[int, ...]:
        """The bits of a peer: one, or the blocks that a network reaches into."""

    def alone(self, peer: NamedPeer) -> bool:
        """Whether a peer is one pod by itself, which nothing keeps from itself."""

    def verdict(self, src: NamedPeer, dst: NamedPeer) -> Verdict:
        """Every connection between two."""

    def of(self, manifests: Iterable[Manifest]) -> JudgedCluster:
        """A cluster of other objects, with the same addresses of pods and the same namespace by default."""
