"""The names that peers have, and who is meant by a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address, summarize_address_range

from tools.findings.model import Manifest
from tools.manifests.addresses import Net, network
from tools.manifests.pods import Pod
from tools.reach.model import Peer
from tools.reach.peers.address_blocks import written
from tools.reach.peers.ingresses import KINDS as INGRESSES
from tools.reach.peers.universe import Universe
from tools.reach.sets import indexes

INGRESS = Peer("{ingress-controller}", "ingress")
NODE = Peer("{node}", "node")
_KIND = re.compile(r"\[[^\]]*\]$")


class UnknownPeerError(LookupError):
    """Nobody, or more than one, has that name; the message says who is there."""


def places(universe: Universe, manifests: Iterable[Manifest]) -> dict[Peer, int]:
    """Every workload with its bit, in order of name, and the controller where there are Ingresses.

    Pods of one owner are one peer while no policy tells them apart.
    """
    by_name: dict[str, dict[int, Pod]] = {}
    for index, pods in enumerate(universe.classes):
        for pod in pods:
            by_name.setdefault(pod.name, {}).setdefault(index, pod)
    found: dict[Peer, int] = {}
    for name, classes in by_name.items():
        for index, pod in classes.items():
            if len(classes) == 1:
                found[_peer(name, pod)] = index
            else:
                apart = (class_ for class_ in universe.classes[index] if class_.name == name)
                found.update({_peer(one.own_name, one): index for one in apart})
    ordered = dict(sorted(found.items(), key=lambda item: item[0].name))
    if any(manifest.kind in INGRESSES for manifest in manifests):
        ordered[INGRESS] = universe.ingress.bit_length() - 1
    return ordered


def _peer(name: str, pod: Pod) -> Peer:
    return Peer(name, "workload", pod.namespace, pod.manifest.where())


def find(name: str, peers: Sequence[Peer], universe: Universe) -> Peer:
    """Who is meant by a name. Raises UnknownPeerError."""
    if name == NODE.name:
        return NODE
    if name == INGRESS.name:
        return INGRESS
    workloads = [peer for peer in peers if peer.kind == "workload"]
    for alike in (_whole, _without_kind, _last):
        found = [peer for peer in workloads if alike(peer.name) == name]
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(peer.name for peer in found[:5])
            raise UnknownPeerError(f"{name} is {len(found)} workloads ({several}); write one of these names in full")
    if nets(name):
        return _at(name, peers, universe)
    raise UnknownPeerError(f"nobody is called {name}; there are {_known(workloads)}")


def _whole(name: str) -> str:
    return name


def _without_kind(name: str) -> str:
    return _KIND.sub("", name)


def _last(name: str) -> str:
    return _without_kind(name).rpartition("/")[2]


def _known(workloads: Sequence[Peer]) -> str:
    some = ", ".join(peer.name for peer in workloads[:8])
    return (f"{some}, and {len(workloads) - 8} more" if len(workloads) > 8 else some) or "no workloads at all"


def nets(name: str) -> tuple[Net, ...]:
    """The networks of an address, a CIDR or a range `first-last`; none when it is none of these."""
    first, dash, last = name.partition("-")
    if not dash:
        net = network(name)
        return (net,) if net else ()
    try:
        ends = ip_address(first), ip_address(last)
        return tuple(summarize_address_range(*ends))
    except (ValueError, TypeError):
        return ()


def _at(name: str, peers: Sequence[Peer], universe: Universe) -> Peer:
    """The workload that has a known address, or those addresses as a peer."""
    found = nets(name)
    if len(found) == 1 and found[0].num_addresses == 1:
        own = found[0].network_address
        for pods in universe.classes:
            for pod in pods:
                if own in pod.addresses:
                    names = (pod.name, pod.own_name)
                    return next((peer for peer in peers if peer.name in names), _peer(pod.own_name, pod))
        return Peer(str(own), "address")
    if len(found) == 1:
        net = found[0]
        name = written(net.version, (int(net.network_address), int(net.broadcast_address)))
    return Peer(name, "address")


def bits(peer: Peer, universe: Universe) -> tuple[int, ...]:
    """The bits of a peer that is no workload."""
    if peer.kind == "node":
        return (universe.node.bit_length() - 1,)
    if peer.kind == "ingress":
        return (universe.ingress.bit_length() - 1,)
    found = 0
    for net in nets(peer.name):
        found |= universe.blocks.overlapping(net)
    if not found:
        raise UnknownPeerError(f"{peer.name} is no peer of this world; ask World.peer for one")
    return tuple(indexes(found << universe.first_block))
