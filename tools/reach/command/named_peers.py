"""The peers that a word of the command line means: a workload, an address, the nodes, or the pods behind a Service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from tools.findings.model import Manifest
from tools.manifests.addresses import network
from tools.reach.connections import NUMBERS
from tools.reach.model import Matrix, NamedPeer
from tools.reach.peers.ingresses import behind_ingress, is_ingress
from tools.reach.peers.services import Note, Resolved, Service, behind, is_service, running, services
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


class PeerNameError(Exception):
    """A word that means no peer, or several; the message says which names exist."""


@dataclass(frozen=True, slots=True)
class PortArgument:
    """The argument PORT[/PROTO]: a number, or the name of a Service's port, and the protocol's name."""

    value: int | str
    protocol: str


@dataclass(frozen=True, slots=True)
class CalledPeer:
    """A peer, and the port and protocol on which it is called."""

    peer: NamedPeer
    port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class CalledPeers:
    """The peers that are called. `several`: they are behind a Service or an Ingress, as `notes` say."""

    targets: tuple[CalledPeer, ...]
    several: bool = False
    notes: tuple[Note, ...] = ()


def port(word: str) -> PortArgument:
    """Read PORT, PORT/PROTO, or TYPE/ICMP. Raises PeerNameError."""
    match = _PORT.fullmatch(word)
    protocol = _protocol((match["protocol"] or "TCP") if match else "")
    if match is None or not protocol:
        raise PeerNameError(
            f"{word} is not a port; write a number from 1 to 65535, alone or as 53/UDP, 132/SCTP or 8/ICMP"
        )
    text = match["port"]
    if not text.isascii() or not text.isdecimal():
        return PortArgument(text, protocol)
    number = int(text[:10])
    lowest, highest = (0, 255) if protocol in ICMP else (0 if protocol not in ("TCP", "UDP", "SCTP") else 1, 65535)
    if not lowest <= number <= highest:
        raise PeerNameError(f"{text} is out of range for {protocol}; write {lowest} to {highest}")
    # An ICMP type and code are one number here; a type alone means code 0.
    return PortArgument(number << 8 if protocol in ICMP else number, protocol)


def _protocol(word: str) -> str:
    if word.isascii() and word.isdecimal():
        return str(int(word)) if len(word) < 4 and int(word) < 256 else ""
    return _NAMES.get(word.upper(), "")


def peer_named(world: World, word: str) -> NamedPeer:
    """The peer that a word means. Raises PeerNameError, whose message suggests a similar name."""
    if kind := _PREFIXES.get(word.partition("/")[0]) if "/" in word and not _exists(world, word) else None:
        article = "an" if kind == "Ingress" else "a"
        raise PeerNameError(f"{word} is {article} {kind}, which calls nobody; name a workload, an address or {{node}}")
    try:
        return world.peer(word)
    except UnknownPeerError as error:
        names = [peer.name for peer in world.peers]
        several = any(word in _forms(name) for name in names)
        near = "" if several else _near(word, names)
        raise PeerNameError(f"no workload {word}; did you mean {near}?" if near else str(error)) from None


def shown(matrix: Matrix, asked: Iterable[NamedPeer]) -> Iterator[str]:
    """The names that peers have in a matrix: an address has those of the ranges that it overlaps.

    Raises PeerNameError for a peer that the matrix does not have.
    """
    names = [peer.name for group in matrix.groups for peer in group.peers]
    for peer in asked:
        rows = [name for name in names if about([peer], name)]
        if not rows:
            raise PeerNameError(_missing(peer))
        yield from rows


def _missing(peer: NamedPeer) -> str:
    if peer.kind == "address":
        return f"{peer.name} is not in any range of the matrix, because only pods have these addresses; name the pods"
    return f"{peer.name} has no row in the matrix; use explain for it"


def about(asked: Iterable[NamedPeer], *names: str) -> bool:
    """Whether a name is that of a peer in `asked`, or of a range that overlaps such a peer's addresses."""
    return any(peer.name == name or _overlap(peer, name) for peer in asked for name in names)


def _overlap(peer: NamedPeer, name: str) -> bool:
    if peer.kind != "address":
        return False
    span, other = read(peer.name), read(name)
    return bool(span and other and overlap(span, other))


def called(world: World, word: str, port: PortArgument) -> CalledPeers:
    """The peers that a word means as targets, and their ports. Raises PeerNameError."""
    prefix, slash, name = word.partition("/")
    kind = _PREFIXES.get(prefix) if slash and not _exists(world, word) else None
    if kind is None:
        if isinstance(port.value, str):
            raise PeerNameError(f"{port.value} is not a number; only the port of a Service can be given by name")
        if service := _at(world, word, port):
            return _through(world, service, word, port)
        return CalledPeers((CalledPeer(peer_named(world, word), port.value, port.protocol),))
    return _targets(world, _object(world, kind, name), port)


def _targets(world: World, manifest: Manifest, port: PortArgument) -> CalledPeers:
    resolved = _behind(world, manifest, port)
    if not resolved.targets:
        raise PeerNameError("; ".join(note.text for note in resolved.notes))
    targets = [CalledPeer(world.peer(target.pod), target.port, target.protocol) for target in resolved.targets]
    return CalledPeers(tuple(targets), True, resolved.notes)


def _at(world: World, word: str, port: PortArgument) -> Service | None:
    """The Service that has an address, and such a port: what is sent there arrives at one of its pods."""
    net = network(word)
    if net is None or net.num_addresses > 1 or isinstance(port.value, str):
        return None
    having = (item for item in world.universe.services.values() if net.network_address in item.addresses)
    return next((item for item in having if item.port(port.value, port.protocol)), None)


def _through(world: World, service: Service, word: str, port: PortArgument) -> CalledPeers:
    peers = _targets(world, service.manifest, port)
    return replace(peers, notes=(Note(service.translates(word)), *peers.notes))


def _exists(world: World, word: str) -> bool:
    """Whether a word is a workload's name after all: a namespace may be called svc."""
    return any(word in _forms(peer.name)[:2] for peer in world.peers)


def _object(world: World, kind: str, name: str) -> Manifest:
    manifests = [item for item in world.manifests if item.kind == kind and (is_service(item) or is_ingress(item))]
    names = [f"{manifest.namespace or world.namespace}/{manifest.name}" for manifest in manifests]
    matching = [manifest for manifest, full in zip(manifests, names, strict=True) if name == full]
    matching = matching or [manifest for manifest in manifests if name == manifest.name]
    if len(matching) == 1:
        return matching[0]
    if matching:
        several = ", ".join(full for full in names if full.endswith(f"/{name}"))
        raise PeerNameError(
            f"{name} could mean {len(matching)} objects of kind {kind} ({several}); write the full name of one"
        )
    near = _near(name, names)
    known = f"did you mean {near}?" if near else f"there are {', '.join(names[:8]) or 'none'}"
    raise PeerNameError(f"no {kind} {name}; {known}")


def _behind(world: World, manifest: Manifest, port: PortArgument) -> Resolved:
    known = services(world.manifests, world.namespace)
    names = {peer.name for peer in world.peers}
    # Where policies tell the pods of one owner apart, the world has them by their own names.
    pods = [
        pod if pod.name in names else replace(pod, name=pod.own_name)
        for pod in running(world.manifests, world.namespace)
    ]
    if is_ingress(manifest):
        return behind_ingress(manifest, world.namespace, known, pods)
    service = known[manifest.namespace or world.namespace, manifest.name]
    return behind(service, port.value, port.protocol, pods)


def _near(word: str, names: Iterable[str]) -> str:
    """The full name that is similar to a word; "" where none is."""
    by_form = {form: name for name in names for form in _forms(name)}
    matches: Sequence[str] = get_close_matches(word, by_form, 1)
    return by_form[matches[0]] if matches else ""


def _forms(name: str) -> tuple[str, str, str]:
    """The forms of a name: in full, without its kind, and without its namespace too."""
    bare = _KIND.sub("", name)
    return name, bare, bare.rpartition("/")[2]
