"""Resolves policies in a universe: selectors, networks, Services and port names become sets of peers, here only.

Sources: felix calc/rule_scanner.go and rules/policy.go for Calico; k8s.io/api networking/v1;
sigs.k8s.io/network-policy-api apis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from tools.findings.model import Problem, Severity
from tools.manifests.label_selector import Selector
from tools.manifests.node import Node
from tools.policies.calico import of_hosts
from tools.policies.calico_entity import SELECTORS
from tools.policies.endpoints import Endpoints
from tools.policies.model import (
    BOTH_FAMILIES,
    DIRECTIONS,
    EVERY_PORT,
    Message,
    Pods,
    Policy,
    PolicyRule,
    Port,
    RulePeer,
    Traffic,
)
from tools.reach.compiled import CompiledPolicy, CompiledRule, Ports, RulePart, title
from tools.reach.connections import ALL, NONE, NUMBERS, Conns, common, merged, minus, of
from tools.reach.peers.services import ServicePort
from tools.reach.peers.universe import PortName, Universe
from tools.reach.sets import NOBODY, Match, certainly, indexes

SELECTING = ("selector", "namespaceSelector", "serviceAccountSelector")
SETS = "the API means the pods of these namespaces, but Calico, which this input has, includes their network sets too"
UNSERVED = "the Service has no selector, so its endpoints are not in the input"
MOST_IDLE = 20


@dataclass(frozen=True, slots=True)
class CollectedNotes:
    """Notes collected while policies are resolved. `idle`: selectors that match nothing in the input, by place."""

    notes: list[Problem] = field(default_factory=list)
    idle: dict[str, Problem] = field(default_factory=dict)

    def matches_nobody(self, node: Node, shown: object, things: str, near: str = "") -> None:
        """Note a selector that matches none of some things, because of a misspelt label for example."""
        suggestion = f"; did you mean {near}?" if near else ""
        message = f"{shown} matches no {things} in the input{suggestion}"
        place = f"{node.manifest.file} {node.manifest.namespace}/{node.manifest.name} {node.path}"
        self.idle.setdefault(place, node.problem(message, Severity.NOTE))

    def idle_notes(self) -> Iterator[Problem]:
        """The first notes on idle selectors, and how many more there are: a cluster may have thousands."""
        idle = tuple(self.idle.values())
        yield from idle[:MOST_IDLE]
        if len(idle) > MOST_IDLE:
            more = f"{len(idle) - MOST_IDLE:,} more selectors match nothing in the input; the last of them is here"
            yield replace(idle[-1], message=more)


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves policies in a universe. `namespace`: that of objects which do not name one."""

    universe: Universe
    namespace: str
    collected: CollectedNotes = field(default_factory=CollectedNotes)

    def policy(self, policy: Policy) -> CompiledPolicy:
        """Compile a policy, which must not be broken."""
        self.collected.notes.extend(policy.notes)
        space = policy.space(self.namespace)
        subjects = self._subjects(policy, space)
        rules = {
            way: tuple(self._rule(policy, rule, space) for rule in policy.rules if rule.direction == way)
            for way in DIRECTIONS
        }
        return CompiledPolicy(
            manifest=policy.manifest,
            title=title(policy.manifest, space),
            tier=policy.tier,
            order=policy.order,
            subjects=subjects,
            types=frozenset() if policy.calico and of_hosts(policy.spec) else policy.types,
            rules=rules,
        )

    def _subjects(self, policy: Policy, space: str) -> int:
        match policy.subject:
            case Pods():
                # Pods on the host's network carry labels, but no policy selects them.
                return self._pods(policy.subject, space).must & self.universe.pods
            case Endpoints():
                return self._endpoints(policy, policy.subject, space)

    def _endpoints(self, policy: Policy, subject: Endpoints, space: str) -> int:
        bits = self.universe.pods & self.universe.calico.matched(subject.expression(space))
        written = [text for key in SELECTING if (text := policy.spec[key].text())]
        if not bits and self.universe.calico.count and written:
            things = f"workload in {space}" if space else "workload"
            self.collected.matches_nobody(policy.spec[SELECTING[0]], " and ".join(written), things)
        return bits

    def _rule(self, policy: Policy, rule: PolicyRule, space: str) -> CompiledRule:
        near = self._meant_by(rule.near, space) if rule.near is not None else None
        parts, doubt = self._parts(policy, rule, space)
        if rule.doubt and policy.calico:
            parts = [RulePart(Match(0, part.far.may), part.ports) for part in parts]
        action = rule.action
        return CompiledRule(rule.node, rule.label, action, tuple(parts), near, rule.doubt or doubt)  # type: ignore[arg-type]

    def _parts(self, policy: Policy, rule: PolicyRule, space: str) -> tuple[list[RulePart], str]:
        ports = _ports(rule)
        if not policy.calico:
            return self._alternatives(policy, rule, space, ports), ""
        (peer,) = rule.peers
        called = peer if rule.direction == "Egress" else rule.near
        part = RulePart(self._meant_by(peer, space).both(self._family(rule)), self._named_by(called, space, ports))
        return ([part], "") if peer.service is None else self._served(peer, rule, space, part)

    def _alternatives(self, policy: Policy, rule: PolicyRule, space: str, ports: Ports) -> list[RulePart]:
        """The peers of a rule of Kubernetes' own kinds, of which any may match.

        Where Calico enforces the policy API, some peers include network sets; port names are looked up in pods only.
        """
        if policy.kind.dialect == "admin" and self.universe.sets and ports.by_name and rule.direction == "Egress":
            return [
                RulePart(
                    self._admin(rule, peer, space),
                    replace(ports, only=self._meant_by(peer, space).may if peer.pods else None),
                )
                for peer in rule.peers
            ]
        far = NOBODY
        for peer in rule.peers:
            far = far.either(
                self._admin(rule, peer, space) if policy.kind.dialect == "admin" else self._meant_by(peer, space)
            )
        return [RulePart(far, ports)]

    def _admin(self, rule: PolicyRule, peer: RulePeer, space: str) -> Match:
        """Whom a peer of the policy API means.

        Where there are network sets, and so Calico, `namespaces` in a ClusterNetworkPolicy includes the network sets of
        those namespaces; a note says so. Source: libcalico-go k8s/conversion/clusternetworkpolicy.go, which adds no
        selector that would leave only pods.
        """
        if peer.domains:
            # Where names are not supported, a Deny or Pass of them fails closed, and denies everything.
            return Match(0, self.universe.outside if rule.action == "Allow" else self.universe.everyone)
        match = self._meant_by(peer, space)
        spaces = peer.pods.spaces if isinstance(peer.pods, Pods) and peer.node["namespaces"].present else None
        if spaces is None or peer.node.manifest.kind != "ClusterNetworkPolicy":
            return match
        # An empty selector is all() and matches whatever is in a namespace; others may match a set outside namespaces.
        sets = (item for item in self.universe.sets if item.namespace or spaces.requirements)
        own = [item for item in sets if spaces.matches(self.universe.namespace_labels(item))]
        if own:
            message = f"{SETS}: {', '.join(item.name for item in own)}"
            self.collected.notes.append(peer.node["namespaces"].problem(message, Severity.NOTE))
        return match.either(self.universe.at_any(net for item in own for net in item.nets))

    def _meant_by(self, peer: RulePeer, space: str) -> Match:
        """Whom a peer means, its Service aside."""
        universe = self.universe
        match = certainly(universe.everyone)
        if isinstance(peer.pods, Pods):
            match = self._pods(peer.pods, space)
        elif peer.pods is not None:
            match = self._labelled(peer, peer.pods, space)
        if peer.nodes:
            match = Match(0, universe.node | universe.hosts)
        if peer.nets:
            addressed = NOBODY
            for block in peer.nets:
                addressed = addressed.either(universe.at(block.net, block.holes))
            match = match.both(addressed)
        if peer.not_nets:
            match = match.both(universe.outside_all(peer.not_nets))
        return Match(0, match.may) if peer.domains else match

    def _pods(self, pods: Pods, space: str) -> Match:
        """The pods that Kubernetes' selectors mean.

        Pods on the host's network match only perhaps: network plugins may see them as their node.
        """
        universe, spaces = self.universe, pods.spaces
        in_spaces = universe.by_namespace.get(space, 0) if spaces is None else universe.in_spaces(spaces)
        bits = universe.kubernetes.selected(pods.chosen) & in_spaces
        if spaces is not None and spaces.requirements and not universe.namespaces.selected(spaces):
            self._idle(pods.spaces_at, spaces, "namespace")
        elif not bits and pods.chosen.requirements:
            self._idle(pods.chosen_at, pods.chosen, "workload" if spaces is not None else f"workload in {space}")
        anybody = spaces is not None and not spaces.requirements and not pods.chosen.requirements
        return Match(bits & universe.pods | (universe.ingress if anybody else 0), bits | universe.ingress)

    def _idle(self, node: Node, selector: Selector, things: str) -> None:
        """Note a selector that matches none of the input's workloads or namespaces, if the input has any."""
        known = self.universe.namespaces if things == "namespace" else self.universe.kubernetes
        if known.count:
            # No more notes than these are shown, and a suggestion takes a look at every pod.
            near = self._near(selector, things) if len(self.collected.idle) < MOST_IDLE else ""
            self.collected.matches_nobody(node, selector, things, near)

    def _near(self, selector: Selector, things: str) -> str:
        """An existing label similar to one that the selector asks for and that nothing has; "" where there is none."""
        pods = (pod.labels for pods in self.universe.classes for pod in pods)
        labels = tuple(self.universe.spaces.values() if things == "namespace" else pods)
        for part in selector.requirements:
            values = {value for own in labels if (value := own.get(part.key)) is not None}
            if part.operator == "In" and not values & set(part.values):
                alike = [match for value in part.values for match in get_close_matches(value, sorted(values), 1)]
                return f"{part.key}={alike[0]}" if alike else ""
        return ""

    def _labelled(self, peer: RulePeer, endpoints: Endpoints, space: str) -> Match:
        """The pods and network sets that a Calico peer means, by every label that Calico sees on them."""
        universe = self.universe
        if not endpoints.positive and endpoints.excluded:
            excluded = Endpoints(chosen=endpoints.excluded)
            return self._matched(excluded, space).outside(universe.everyone)
        match = self._matched(endpoints, space)
        if not match.may & ~universe.ingress and universe.classes:
            written = " and ".join(text for key in SELECTORS if (text := peer.node[key].text()))
            self.collected.matches_nobody(peer.node, written or "serviceAccounts", "workload and no network set")
        return match

    def _matched(self, endpoints: Endpoints, space: str) -> Match:
        """The pods whose labels match, and the addresses of the network sets whose labels match."""
        universe, expression = self.universe, endpoints.expression(space)
        chosen = universe.networks.matched(expression)
        match = universe.at_any(net for index in indexes(chosen) for net in universe.sets[index].nets)
        pods = universe.calico.matched(expression) & universe.pods
        controller = universe.ingress
        return match.either(Match(pods | (controller if endpoints.every_pod else 0), pods | controller))

    def _named_by(self, called: RulePeer | None, space: str, ports: Ports) -> Ports:
        """The ports, with names looked up only in the pods that the called entity's selectors match by label.

        The port names of a pod that is meant only by its address in a network set do not count.
        Source: felix calc/rule_scanner.go, namedPortsToIPSets.
        """
        endpoints = called.pods if called is not None else None
        if not ports.by_name or not isinstance(endpoints, Endpoints) or not endpoints.positive:
            return ports
        return replace(ports, only=self.universe.calico.matched(endpoints.expression(space)))

    def _family(self, rule: PolicyRule) -> Match:
        if rule.families == BOTH_FAMILIES:
            return certainly(self.universe.everyone)
        return self.universe.of_family(*rule.families) if rule.families else NOBODY

    def _served(self, peer: RulePeer, rule: PolicyRule, space: str, part: RulePart) -> tuple[list[RulePart], str]:
        """The pods behind a Service and, for egress, their target ports. A Service that does not exist means nobody."""
        namespace, name = peer.service or ("", "")
        if not namespace:
            message = "without a namespace the API takes the policy's own, but some versions of Calico match nothing"
            advice = f"{message}; write namespace: {space}"
            self.collected.notes.append(peer.node["services"].problem(advice, Severity.NOTE))
        universe = self.universe
        behind = universe.services.get((namespace or space, name))
        if behind is None:
            return [], ""
        if not behind.selector:
            return [RulePart(Match(0, part.far.may), part.ports)], UNSERVED
        pods = universe.kubernetes.selected(behind.selector) & universe.by_namespace.get(behind.namespace, 0)
        far = part.far.both(Match(pods & universe.pods, pods))
        if rule.direction == "Ingress":
            return [RulePart(far, part.ports)], ""
        fixed = part.ports.fixed
        return [RulePart(far, _target(port, fixed)) for port in behind.ports if port.protocol in NUMBERS], ""


def _target(port: ServicePort, within: Conns) -> Ports:
    """The port that a Service's port leads to, by its number, or by its name, which each pod resolves for itself."""
    protocol = NUMBERS[port.protocol]
    if isinstance(port.target, str):
        return Ports(NONE, (PortName(port.target, protocol, serving=True),), (), within)
    return Ports(common(within, of(protocol, port.target, port.target)))


def _ports(rule: PolicyRule) -> Ports:
    """The connections of a rule, from its protocols, its ports and its excluded ports."""
    within = _protocols(rule.traffic)
    numbers, names = _split(rule.ports)
    not_numbers, not_names = _split(rule.not_ports)
    fixed = minus(common(within, numbers) if rule.ports else within, not_numbers)
    # `within` limits included names. Excluded names are subtracted as they are, so nothing beyond `within` can remain.
    return Ports(fixed, names, not_names, minus(within, not_numbers))


def _split(ports: tuple[Port, ...]) -> tuple[Conns, tuple[PortName, ...]]:
    """The ports that are numbers, as connections, and those that are names."""
    # "Every port" of a protocol without ports means every message, including those with number 0.
    numbers = [span for port in ports if not port.name for span in _span(port)]
    return merged(numbers), tuple(PortName(port.name, _number(port) or None) for port in ports if port.name)


def _span(port: Port) -> Conns:
    every_port = (port.first, port.last) == EVERY_PORT
    return of(_number(port)) if every_port else of(_number(port), port.first, port.last)


def _number(port: Port) -> int:
    """The number of a port's protocol; 0 where the port names none."""
    return NUMBERS.get(port.protocol) or (int(port.protocol) if port.protocol else 0)


def _protocols(traffic: Traffic) -> Conns:
    """The connections that a rule's protocol, notProtocol, icmp and notICMP leave."""
    conns = ALL if traffic.protocol is None else of(traffic.protocol)
    if traffic.not_protocol is not None:
        conns = minus(conns, of(traffic.not_protocol))
    if traffic.icmp is not None:
        conns = common(conns, _messages(traffic.protocol or 0, traffic.icmp))
    return minus(conns, _messages(traffic.protocol or 0, traffic.not_icmp)) if traffic.not_icmp is not None else conns


def _messages(protocol: int, message: Message) -> Conns:
    kind, code = message
    first = kind << 8
    return of(protocol, first, first | 255) if code is None else of(protocol, first | code, first | code)
