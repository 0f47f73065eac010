"""Every peer as a bit: classes of pods that are alike, the ingress controller, the nodes, and blocks of addresses.

The first bits are the classes of pods, then comes the controller, then the nodes, then one bit for each block of
addresses outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tools.manifests.addresses import Net, left
from tools.manifests.label_selector import Selector
from tools.manifests.pods import Pod
from tools.policies.calico_labels import OF_NAMESPACE, Unknown, seen
from tools.policies.network_sets import NetworkSet
from tools.reach.connections import NONE, NUMBERS, Conns, of, union
from tools.reach.peers.address_blocks import AddressBlocks
from tools.reach.peers.label_index import Labelled
from tools.reach.peers.services import Service
from tools.reach.sets import NOBODY, Match, all_of, bit_set, certainly

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PortName:
    """A port by its name. `protocol`: None to match the name in any protocol.

    `serving`: as a Service looks it up, which leaves out init containers that end.
    """

    name: str
    protocol: int | None
    serving: bool = False


@dataclass(frozen=True)
class Universe:
    """The peers. `classes` are pods that no policy tells apart; `spaces` has the labels of every namespace."""

    classes: tuple[tuple[Pod, ...], ...]
    spaces: Mapping[str, Labels]
    accounts: Mapping[tuple[str, str], Labels]
    sets: tuple[NetworkSet, ...]
    blocks: AddressBlocks
    pod_cidrs: tuple[Net, ...]
    services: Mapping[tuple[str, str], Service] = field(default_factory=dict)
    speaks_ipv6: bool = False

    @cached_property
    def ingress(self) -> int:
        """The bit of the controller that serves the Ingresses."""
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
        """The bits of all blocks of addresses."""
        return ((1 << len(self.blocks.nets)) - 1) << self.first_block

    @cached_property
    def everyone(self) -> int:
        """All bits."""
        return (1 << self.count) - 1

    @cached_property
    def count(self) -> int:
        """The number of bits."""
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
        """The classes, indexed by the pods' own labels."""
        return Labelled(len(self.classes), lambda index, key: self.classes[index][0].labels.get(key))

    @cached_property
    def calico(self) -> Labelled:
        """The classes, indexed by every label that Calico sees on the pods."""
        return Labelled(len(self.classes), self._calico_label)

    @cached_property
    def networks(self) -> Labelled:
        """The network sets, indexed by every label that Calico sees on them."""
        return Labelled(len(self.sets), self._set_label)

    @cached_property
    def namespaces(self) -> Labelled:
        """The namespaces, in order of `spaces`, indexed by their labels."""
        labels = tuple(self.spaces.values())
        return Labelled(len(labels), lambda index, key: labels[index].get(key))

    @cached_property
    def by_namespace(self) -> dict[str, int]:
        """The classes of each namespace."""
        by_name: dict[str, int] = dict.fromkeys(self.spaces, 0)
        for index, pods in enumerate(self.classes):
            for name in {pod.namespace for pod in pods}:
                by_name[name] = by_name.get(name, 0) | 1 << index
        return by_name

    def in_spaces(self, selector: Selector) -> int:
        """The classes in the namespaces that a Kubernetes selector matches."""
        chosen = self.namespaces.selected(selector)
        names = tuple(self.spaces)
        return all_of(self.by_namespace[name] for index, name in enumerate(names) if chosen >> index & 1)

    def _calico_label(self, index: int, key: str) -> str | None:
        pod = self.classes[index][0]
        return self._label(key, pod.labels, pod.namespace, pod.account)

    def _set_label(self, index: int, key: str) -> str | None:
        members = self.sets[index]
        return self._label(key, members.labels, members.namespace, "")

    def namespace_labels(self, item: NetworkSet) -> Labels:
        """The labels of the namespace that a network set is in, as Calico's selectors of namespaces see them on it."""
        own = {
            key.removeprefix(OF_NAMESPACE): value for key, value in item.labels.items() if key.startswith(OF_NAMESPACE)
        }
        return {**self.spaces.get(item.namespace, {}), **own}

    def _label(self, key: str, labels: Labels, namespace: str, account: str) -> str | None:
        spaces, accounts = self.spaces.get(namespace, {}), self.accounts.get((namespace, account), {})
        value = seen(key, labels, namespace, account, spaces, accounts)
        return None if isinstance(value, Unknown) else value

    def at(self, net: Net, holes: tuple[Net, ...] = ()) -> Match:
        """The peers with an address in a network that policies name, the addresses of some holes excepted."""
        blocks = self.blocks.within(net)
        for hole in holes:
            blocks &= ~self.blocks.within(hole)
        outside = certainly(blocks << self.first_block)
        return outside.either(self._placed(blocks)).either(self._somewhere(net, holes))

    def outside_all(self, nets: Iterable[Net]) -> Match:
        """The peers with no address in several networks, as far as packets of the networks' own IP version go.

        A rule with such networks matches no packets of the other version. So the other address of a dual-stack pod
        does not make it a peer that may be outside.
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
        """The peers with an address in one of several networks."""
        match = NOBODY
        for net in nets:
            match = match.either(self.at(net))
        return match

    def _placed(self, blocks: int, among: int = -1) -> Match:
        """The classes that are known to have addresses in some blocks.

        A class matches for certain when every block that it is in is one of `blocks`. Blocks not `among` do not count.
        """
        must = may = 0
        for bit, held in self._addressed:
            own = held & among
            may |= bit if own & blocks else 0
            must |= bit if own and own & blocks == own else 0
        return Match(must, may)

    @cached_property
    def _addressed(self) -> tuple[tuple[int, int], ...]:
        known = ((index, pods[0].addresses) for index, pods in enumerate(self.classes) if pods[0].addresses)
        return tuple((1 << index, bit_set(map(self.blocks.holding, addresses))) for index, addresses in known)

    @cached_property
    def unaddressed(self) -> int:
        """The peers inside the cluster whose address is not known."""
        unknown = bit_set(index for index, pods in enumerate(self.classes) if not pods[0].addresses)
        return unknown | self.ingress | self.node

    def _somewhere(self, net: Net, holes: tuple[Net, ...], cidrs: Sequence[Net] | None = None) -> Match:
        """The peers whose address is not known, assumed to be somewhere in `cidrs`, by default the pods' networks."""
        shares = [_share(net, holes, cidr) for cidr in (self.pod_cidrs if cidrs is None else cidrs)]
        may = self.unaddressed if any(shares) else 0
        return Match(may if shares and all(share == "all" for share in shares) else 0, may)

    def named(self, port: PortName) -> dict[Conns, int]:
        """The classes by the connections that a port's name means in them; those without the name are left out."""
        name, protocol = port.name, port.protocol
        by_conns: dict[Conns, int] = {}
        for index, pods in enumerate(self.classes):
            conns = NONE
            for known, own, number in pods[0].serving if port.serving else pods[0].ports:
                if known == name and protocol in (None, NUMBERS.get(own)) and own in NUMBERS:
                    conns = union(conns, of(NUMBERS[own], number, number))
            if conns:
                by_conns[conns] = by_conns.get(conns, 0) | 1 << index
        return by_conns

    def of_family(self, version: int) -> Match:
        """The peers that use an IP version: blocks and pods by their addresses, other pods by the pods' networks."""
        blocks = self.blocks.ipv4 if version == 4 else self.blocks.ipv6
        match = certainly(blocks << self.first_block).either(self._placed(blocks))
        families = {cidr.version for cidr in self.pod_cidrs}
        may = self.unaddressed if version in families else 0
        return match.either(Match(may if families == {version} else 0, may))


def _share(net: Net, holes: tuple[Net, ...], cidr: Net) -> str:
    """How much of `cidr` is in a network minus its holes: "all", "some", or "" for nothing."""
    if net.version != cidr.version or not net.overlaps(cidr):
        return ""
    part = net if net.prefixlen > cidr.prefixlen else cidr
    remaining = left(part, (hole for hole in holes if hole.version == part.version))
    if not remaining:
        return ""
    return "all" if part == cidr and remaining == (cidr,) else "some"
