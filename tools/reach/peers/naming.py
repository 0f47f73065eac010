"""The names of peers, and the peer that a name means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address, summarize_address_range

from tools.findings.model import Manifest
from tools.manifests.addresses import Net, network
from tools.manifests.pods import Pod
from tools.reach.model import NamedPeer
from tools.reach.peers.address_blocks import written
from tools.reach.peers.ingresses import is_ingress
from tools.reach.peers.universe import Universe
from tools.reach.sets import indexes

INGRESS = NamedPeer("{ingress-controller}", "ingress")
NODE = NamedPeer("{node}", "node")
_KIND = re.compile(r"\[[^\]]*\]$")


class UnknownPeerError(LookupError):
    """No peer, or more than one, has a name; the message says which names exist."""


def places(universe: Universe, manifests: Iterable[Manifest]) -> dict[NamedPeer, int]:
    """Every workload with its bit, in order of name, and the ingress controller where there are Ingresses.

    Pods of one owner are one peer as long as no policy tells them apart.
    """
    by_name: dict[str, dict[int, Pod]] = {}
    for index, pods in enumerate(universe.classes):
        for pod in pods:
            by_name.setdefault(pod.name, {}).setdefault(index, pod)
    placed: dict[NamedPeer, int] = {}
    for name, classes in by_name.items():
        for index, pod in classes.items():
            if len(classes) == 1:
                placed[_peer(name, pod)] = index
            else:
                members = (member for member in universe.classes[index] if member.name == name)
                placed.update({_peer(member.own_name, member): index for member in members})
    ordered = dict(sorted(placed.items(), key=lambda item: item[0].name))
    if any(map(is_ingress, manifests)):
        ordered[INGRESS] = universe.ingress.bit_length() - 1
    return ordered


def _peer(name: str, pod: Pod) -> NamedPeer:
    return NamedPeer(name, "workload", pod.namespace, pod.manifest.where())


def find(name: str, peers: Sequence[NamedPeer], universe: Universe) -> NamedPeer:
    """The peer that a name means. Raises UnknownPeerError."""
    if name == NODE.name:
        return NODE
    if name == INGRESS.name:
        return INGRESS
    workloads = [peer for peer in peers if peer.kind == "workload"]
    for form in (_whole, _without_kind, _last):
        matching = [peer for peer in workloads if form(peer.name) == name]
        if len(matching) == 1:
            return matching[0]
        if matching:
            several = ", ".join(peer.name for peer in matching[:5])
            raise UnknownPeerError(
                f"{name} could mean {len(matching)} workloads ({several}); write the full name of one"
            )
    if nets(name):
        return _at(name, peers, universe)
    raise UnknownPeerError(f"no peer is called {name}; there are {_known(workloads)}")


def _whole(name: str) -> str:
    return name


def _without_kind(name: str) -> str:
    return _KIND.sub("", name)


def _last(name: str) -> str:
    return _without_kind(name).rpartition("/")[2]


def _known(workloads: Sequence[NamedPeer]) -> str:
    some = ", ".join(peer.name for peer in workloads[:8])
    return (f"{some}, and {len(workloads) - 8} more" if len(workloads) > 8 else some) or "no workloads at all"


def nets(name: str) -> tuple[Net, ...]:
    """The networks that an address, a CIDR or a range `first-last` covers; none for other names."""
    first, dash, last = name.partition("-")
    if not dash:
        net = network(name)
        return (net,) if net else ()
    try:
        ends = ip_address(first), ip_address(last)
        return tuple(summarize_address_range(*ends))
    except (ValueError, TypeError):
        return ()


def _at(name: str, peers: Sequence[NamedPeer], universe: Universe) -> NamedPeer:
    """The workload that is known to have an address, or a peer for the addresses."""
    networks = nets(name)
    if len(networks) == 1 and networks[0].num_addresses == 1:
        address = networks[0].network_address
        for pods in universe.classes:
            for pod in pods:
                if address in pod.addresses:
                    names = (pod.name, pod.own_name)
                    return next((peer for peer in peers if peer.name in names), _peer(pod.own_name, pod))
        return NamedPeer(str(address), "address")
    if len(networks) == 1:
        net = networks[0]
        name = written(net.version, (int(net.network_address), int(net.broadcast_address)))
    return NamedPeer(name, "address")


def bits(peer: NamedPeer, universe: Universe) -> tuple[int, ...]:
    """The bits of a peer that is not a workload. Raises UnknownPeerError."""
    if peer.kind == "node":
        return (universe.node.bit_length() - 1,)
    if peer.kind == "ingress":
        return (universe.ingress.bit_length() - 1,)
    blocks = 0
    for net in nets(peer.name):
        blocks |= universe.blocks.overlapping(net)
    if not blocks:
        raise UnknownPeerError(f"{peer.name} is not a peer of this world; World.peer gives one")
    return tuple(indexes(blocks << universe.first_block))
