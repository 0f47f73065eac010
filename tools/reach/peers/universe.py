"""Everybody who may take part, as bits: alike pods as one class, a controller of Ingresses, the nodes, and addresses.

Bits 0 to `classes - 1` are classes of pods, then comes the controller, then the nodes, then one bit a block of
addresses outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tools.manifests.addresses import Net, left
from tools.manifests.label_selector import Selector
from tools.manifests.pods import Pod
from tools.policies.calico_labels import Unknown, seen
from tools.policies.network_sets import NetworkSet
from tools.reach.connections import NONE, NUMBERS, Conns, of, union
from tools.reach.peers.address_blocks import Blocks
from tools.reach.peers.label_index import Labelled
from tools.reach.peers.services import Service
from tools.reach.sets import NOBODY, Match, all_of, bit_set, certainly

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PortName:
    """A port by its name; `protocol` None takes the name in any protocol."""

    name: str
    protocol: int | None


@dataclass(frozen=True)
class Universe:
    """Who takes part. `classes` are pods that no policy tells apart; `spaces` are the labels of every namespace."""

    classes: tuple[tuple[Pod, ...], ...]
    spaces: Mapping[str, Labels]
    accounts: Mapping[tuple[str, str], Labels]
    sets: tuple[NetworkSet, ...]
    blocks: Blocks
    pod_cidrs: tuple[Net, ...]
    services: Mapping[tuple[str, str], Service] = field(default_factory=dict)
    speaks_ipv6: bool = False

    @cached_property
    def ingress(self) -> int:
        """The bit of whatever serves the Ingresses."""
        return 1 << len(self.classes)

    @cached_property
    def node(self) -> int:
        """The bit of the nodes."""
        return 2 << len(self.classes)

    @cached_property
    def first_block(self) -> int:
        """The index of the first block's bit."""
        return len(self.classes) + 2

    @cached_property
    def outside(self) -> int:
        """Every block of addresses."""
        return ((1 << len(self.blocks.nets)) - 1) << self.first_block

    @cached_property
    def everyone(self) -> int:
        """Every bit there is."""
        return (1 << self.count) - 1

    @cached_property
    def count(self) -> int:
        """How many bits there are."""
        return self.first_block + len(self.blocks.nets)

    @cached_property
    def pods(self) -> int:
        """The classes that policies can select."""
        return bit_set(index for index, pods in enumerate(self.classes) if not pods[0].host)

    @cached_property
    def hosts(self) -> int:
        """The classes on the nodes' network, which policies cannot select."""
        return ((1 << len(self.classes)) - 1) & ~self.pods

    @cached_property
    def kubernetes(self) -> Labelled:
        """The classes by the pods' own labels."""
        return Labelled(len(self.classes), lambda index, key: self.classes[index][0].labels.get(key))

    @cached_property
    def calico(self) -> Labelled:
        """The classes by every label that Calico sees on them."""
        return Labelled(len(self.classes), self._calico_label)

    @cached_property
    def networks(self) -> Labelled:
        """The network sets by every label that Calico sees on them."""
        return Labelled(len(self.sets), self._set_label)

    @cached_property
    def namespaces(self) -> Labelled:
        """The namespaces, in order of `spaces`, by their labels."""
        labels = tuple(self.spaces.values())
        return Labelled(len(labels), lambda index, key: labels[index].get(key))

    @cached_property
    def by_namespace(self) -> dict[str, int]:
        """The classes of each namespace."""
        found: dict[str, int] = dict.fromkeys(self.spaces, 0)
        for index, pods in enumerate(self.classes):
            for name in {pod.namespace for pod in pods}:
                found[name] = found.get(name, 0) | 1 << index
        return found

    def in_spaces(self, selector: Selector) -> int:
        """The classes of the namespaces that a Kubernetes selector matches."""
        chosen = self.namespaces.selected(selector)
        names = tuple(self.spaces)
        return all_of(self.by_namespace[name] for index, name in enumerate(names) if chosen >> index & 1)

    def _calico_label(self, index: int, key: str) -> str | None:
        pod = self.classes[index][0]
        return self._label(key, pod.labels, pod.namespace, pod.account)

    def _set_label(self, index: int, key: str) -> str | None:
        members = self.sets[index]
        return self._label(key, members.labels, members.namespace, "")

    def _label(self, key: str, labels: Labels, namespace: str, account: str) -> str | None:
        spaces, accounts = self.spaces.get(namespace, {}), self.accounts.get((namespace, account), {})
        value = seen(key, labels, namespace, account, spaces, accounts)
        return None if isinstance(value, Unknown) else value

    def at(self, net: Net, holes: tuple[Net, ...] = ()) -> Match:
        """Who is at the addresses of a network that policies name, without those of some holes."""
        blocks = self.blocks.within(net)
        for hole in holes:
            blocks &= ~self.blocks.within(hole)
        outside = certainly(blocks << self.first_block)
        return outside.either(self._placed(blocks)).either(self._somewhere(net, holes))

    def outside_all(self, nets: Iterable[Net]) -> Match:
        """Who is at no address of several networks, as far as packets of the networks' own IP version go.

        A rule with such networks holds no packets of the other version, so where a pod of both has its other address
        does not make it one that may be outside.
        """
        match = NOBODY
        for net in nets:
            blocks = self.blocks.within(net)
            cidrs = [cidr for cidr in self.pod_cidrs if cidr.version == net.version]
            family = self.blocks.ipv4 if net.version == 4 else self.blocks.ipv6
            inside = certainly(blocks << self.first_block).either(self._placed(blocks, family))
            match = match.either(inside.either(self._somewhere(net, (), cidrs)))
        return match.outside(self.everyone)

    def at_any(self, nets: Iterable[Net]) -> Match:
        """Who is at the addresses of several networks."""
        match = NOBODY
        for net in nets:
            match = match.either(self.at(net))
        return match

    def _placed(self, blocks: int, among: int = -1) -> Match:
        """The classes with known addresses: for certain when all of a class's are there, or all of those `among`."""
        must = may = 0
        for bit, every in self._addressed:
            own = every & among
            may |= bit if own & blocks else 0
            must |= bit if own and own & blocks == own else 0
        return Match(must, may)

    @cached_property
    def _addressed(self) -> tuple[tuple[int, int], ...]:
        known = ((index, pods[0].addresses) for index, pods in enumerate(self.classes) if pods[0].addresses)
        return tuple((1 << index, bit_set(map(self.blocks.holding, addresses))) for index, addresses in known)

    @cached_property
    def unaddressed(self) -> int:
        """Those in the cluster of whom nobody knows the address."""
        unknown = bit_set(index for index, pods in enumerate(self.classes) if not pods[0].addresses)
        return unknown | self.ingress | self.node

    def _somewhere(self, net: Net, holes: tuple[Net, ...], cidrs: Sequence[Net] | None = None) -> Match:
        """The others, whose address is in one of the pods' networks, or of those given."""
        shares = [_share(net, holes, cidr) for cidr in (self.pod_cidrs if cidrs is None else cidrs)]
        may = self.unaddressed if any(shares) else 0
        return Match(may if shares and all(share == "all" for share in shares) else 0, may)

    def named(self, port: PortName) -> dict[Conns, int]:
        """The classes by what a port's name means in them; those that do not know it are left out."""
        name, protocol = port.name, port.protocol
        found: dict[Conns, int] = {}
        for index, pods in enumerate(self.classes):
            conns = NONE
            for known, own, number in pods[0].ports:
                if known == name and protocol in (None, NUMBERS.get(own)) and own in NUMBERS:
                    conns = union(conns, of(NUMBERS[own], number, number))
            if conns:
                found[conns] = found.get(conns, 0) | 1 << index
        return found

    def of_family(self, version: int) -> Match:
        """Who speaks IPv4, or IPv6: blocks by their addresses, pods by theirs or by the pods' networks."""
        blocks = self.blocks.ipv4 if version == 4 else self.blocks.ipv6
        match = certainly(blocks << self.first_block).either(self._placed(blocks))
        families = {cidr.version for cidr in self.pod_cidrs}
        may = self.unaddressed if version in families else 0
        return match.either(Match(may if families == {version} else 0, may))


def _share(net: Net, holes: tuple[Net, ...], cidr: Net) -> str:
    """How much of `cidr` is in a network without its holes: all, some, or "" for nothing."""
    if net.version != cidr.version or not net.overlaps(cidr):
        return ""
    part = net if net.prefixlen > cidr.prefixlen else cidr
    remaining = left(part, (hole for hole in holes if hole.version == part.version))
    if not remaining:
        return ""
    return "all" if part == cidr and remaining == (cidr,) else "some"
