"""Who is meant by a word of a command line: a workload, an address, the nodes, or what is behind a Service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from tools.findings.model import Manifest
from tools.reach.connections import NUMBERS
from tools.reach.model import Matrix, NamedPeer
from tools.reach.peers.ingresses import KINDS, behind_ingress
from tools.reach.peers.services import Note, Resolved, behind, running, services
from tools.reach.ranges import overlap, read
from tools.reach.world import UnknownPeerError, World

_PREFIXES = {
    "svc": "Service",
    "service": "Service",
    "services": "Service",
    "ing": "Ingress",
    "ingress": "Ingress",
    "ingresses": "Ingress",
    "route": "Route",
}
_PORT = re.compile(r"(?P<port>[^/]+)(/(?P<protocol>[A-Za-z0-9]+))?")
_KIND = re.compile(r"\[[^\]]*\]$")
_NAMES = {name.upper(): name for name in NUMBERS}
ICMP = ("ICMP", "ICMPv6")


class PickError(Exception):
    """A word that means nobody, or several; the message says who is there."""


@dataclass(frozen=True, slots=True)
class PortArgument:
    """What was written for PORT[/PROTO]: a number, or the name of a Service's port, and the protocol's name."""

    wanted: int | str
    protocol: str


@dataclass(frozen=True, slots=True)
class Called:
    """Who is called, on which port."""

    peer: NamedPeer
    port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Picked:
    """Everybody who is called. `several`: by way of a Service or an Ingress, as `notes` say."""

    called: tuple[Called, ...]
    several: bool = False
    notes: tuple[Note, ...] = ()


def port(word: str) -> PortArgument:
    """PORT, PORT/PROTO, or TYPE/ICMP. Raises PickError."""
    match = _PORT.fullmatch(word)
    protocol = _protocol((match["protocol"] or "TCP") if match else "")
    if match is None or not protocol:
        raise PickError(f"{word} is no port; write a number from 1 to 65535, alone or as 53/UDP, 132/SCTP or 8/ICMP")
    text = match["port"]
    if not text.isascii() or not text.isdecimal():
        return PortArgument(text, protocol)
    number = int(text[:10])
    lowest, highest = (0, 255) if protocol in ICMP else (0 if protocol not in ("TCP", "UDP", "SCTP") else 1, 65535)
    if not lowest <= number <= highest:
        raise PickError(f"{text} is none of {protocol}'s numbers; write {lowest} to {highest}")
    # ICMP's types and codes are one number, and what is asked for by type is asked for with code 0.
    return PortArgument(number << 8 if protocol in ICMP else number, protocol)


def _protocol(word: str) -> str:
    if word.isascii() and word.isdecimal():
        return str(int(word)) if len(word) < 4 and int(word) < 256 else ""
    return _NAMES.get(word.upper(), "")


def one(world: World, word: str) -> NamedPeer:
    """A peer. Raises PickError, with those whose names are near."""
    if kind := _PREFIXES.get(word.partition("/")[0]) if "/" in word and not _exists(world, word) else None:
        raise PickError(f"{word} is a {kind}, which calls nobody; name a workload, an address or {{node}}")
    try:
        return world.peer(word)
    except UnknownPeerError as error:
        names = [peer.name for peer in world.peers]
        several = any(word in _forms(name) for name in names)
        near = "" if several else _near(word, names)
        raise PickError(f"no workload {word}; did you mean {near}?" if near else str(error)) from None


def shown(matrix: Matrix, asked: Iterable[NamedPeer]) -> Iterator[str]:
    """The names that peers have in a matrix: an address has those of the ranges that it lies in. Raises PickError."""
    names = [peer.name for group in matrix.groups for peer in group.peers]
    for peer in asked:
        rows = [name for name in names if about([peer], name)]
        if not rows:
            raise PickError(_nowhere(peer))
        yield from rows


def _nowhere(peer: NamedPeer) -> str:
    if peer.kind == "address":
        return f"{peer.name} is in no range of the matrix: only pods have these addresses; name the pods"
    return f"{peer.name} has no row in the matrix; ask for it with explain"


def about(asked: Iterable[NamedPeer], *names: str) -> bool:
    """Whether one of those names is that of somebody who was asked for, or of addresses that his lie in."""
    return any(peer.name == name or _overlap(peer, name) for peer in asked for name in names)


def _overlap(peer: NamedPeer, name: str) -> bool:
    if peer.kind != "address":
        return False
    span, other = read(peer.name), read(name)
    return bool(span and other and overlap(span, other))


def called(world: World, word: str, port: PortArgument) -> Picked:
    """Who is called by a word, on which port. Raises PickError."""
    prefix, slash, name = word.partition("/")
    kind = _PREFIXES.get(prefix) if slash and not _exists(world, word) else None
    if kind is None:
        if isinstance(port.wanted, str):
            raise PickError(f"{port.wanted} is no number; the name of a port says something of a Service alone")
        return Picked((Called(one(world, word), port.wanted, port.protocol),))
    manifest = _object(world, kind, name)
    resolved = _behind(world, manifest, port)
    if not resolved.targets:
        raise PickError("; ".join(note.text for note in resolved.notes))
    picked = [Called(world.peer(target.pod), target.port, target.protocol) for target in resolved.targets]
    return Picked(tuple(picked), True, resolved.notes)


def _exists(world: World, word: str) -> bool:
    """A namespace may be called svc."""
    return any(word in _forms(peer.name)[:2] for peer in world.peers)


def _object(world: World, kind: str, name: str) -> Manifest:
    there = [manifest for manifest in world.manifests if manifest.kind == kind]
    names = [f"{manifest.namespace or world.namespace}/{manifest.name}" for manifest in there]
    matching = [it for it, full in zip(there, names, strict=True) if name == full]
    matching = matching or [it for it in there if name == it.name]
    if len(matching) == 1:
        return matching[0]
    if matching:
        several = ", ".join(full for full in names if full.endswith(f"/{name}"))
        raise PickError(f"{name} is {len(matching)} of kind {kind} ({several}); write one of these names in full")
    near = _near(name, names)
    known = f"did you mean {near}?" if near else f"there are {', '.join(names[:8]) or 'none'}"
    raise PickError(f"no {kind} {name}; {known}")


def _behind(world: World, manifest: Manifest, port: PortArgument) -> Resolved:
    known = services(world.manifests, world.namespace)
    names = {peer.name for peer in world.peers}
    # Pods of one owner that policies tell apart have names of their own in the world.
    pods = [
        pod if pod.name in names else replace(pod, name=pod.own_name)
        for pod in running(world.manifests, world.namespace)
    ]
    if manifest.kind in KINDS:
        return behind_ingress(manifest, world.namespace, known, pods)
    service = known[manifest.namespace or world.namespace, manifest.name]
    return behind(service, port.wanted, port.protocol, pods)


def _near(word: str, names: Iterable[str]) -> str:
    """The name, as whole as it is written, that is like the word; "" when none is."""
    spoken: dict[str, str] = {}
    for name in names:
        bare = _KIND.sub("", name)
        spoken |= dict.fromkeys((name, bare, bare.rpartition("/")[2]), name)
    matches: Sequence[str] = get_close_matches(word, spoken, 1)
    return spoken[matches[0]] if matches else ""


def _forms(name: str) -> tuple[str, str, str]:
    """What a name may be called by: whole, without its kind, without its namespace too."""
    bare = _KIND.sub("", name)
    return name, bare, bare.rpartition("/")[2]
