"""Why."""
from __future__ import annotations
from typing import TYPE_CHECKING
from tools.reach.model import Explanation, Peer
if TYPE_CHECKING:
    from tools.reach.world import World
def explanation(world: World, src: Peer, dst: Peer, port: int, protocol: str) -> Explanation:
    raise NotImplementedError
