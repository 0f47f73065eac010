"""One Calico rule against one packet.

Written from libcalico-go updateprocessors/rules.go (what selectors become), felix/calc/rule_scanner.go (sets of
addresses, named ports), and felix/rules/policy.go (what is rendered). Only the parser of selectors is the project's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.reach.oracle.facts import Address, Body, Cluster, Endpoint, Labels, Packet, family, protocol_number, within
from tools.policies.calico_expression import All, And, Comparison, Expression, Global, Has, Not, Or
from tools.policies.calico_selector import parse

Test = Callable[[Labels], bool]
NAMESPACE = "projectcalico.org/namespace"
ACCOUNT = "projectcalico.org/serviceaccount"


def selects(text: str, labels: Labels, prefix: str = "") -> bool:
    """Whether a selector matches labels, each of its labels with a prefix; an empty one matches everything."""
    return _holds(parse(text), labels, prefix)


def _holds(expression: Expression, labels: Labels, prefix: str) -> bool:
    match expression:
        case Comparison(label):
            return replace(expression, label=prefix + label).matches(labels)
        case Has(label):
            return prefix + label in labels
        case Not(part):
            return not _holds(part, labels, prefix)
        case And(parts):
            return all(_holds(part, labels, prefix) for part in parts)
        case Or(parts):
            return any(_holds(part, labels, prefix) for part in parts)
        # In a namespaceSelector these two become has(projectcalico.org/namespace) and its contrary.
        case All():
            return prefix != "pcns." or NAMESPACE in labels
        case Global():
            return prefix != "pcns." or NAMESPACE not in labels


def positive(entity: Body, namespace: str) -> Test | None:
    """What an entity's selector, namespaceSelector and serviceAccounts ask of labels together; None: nothing.

    Source: GetEntityRuleSelector. A namespaced policy is confined to its namespace as soon as one of selector,
    notSelector and serviceAccounts is there and namespaceSelector is not.
    """
    tests: list[Test] = []
    accounts = entity.get("serviceAccounts") or {}
    if accounts.get("selector"):
        tests.append(lambda labels: selects(accounts["selector"], labels, "pcsa."))
    if accounts.get("names"):
        tests.append(lambda labels: labels.get(ACCOUNT) in accounts["names"])
    if entity.get("selector"):
        tests.append(lambda labels: selects(entity["selector"], labels))
    if entity.get("namespaceSelector"):
        tests.append(lambda labels: selects(entity["namespaceSelector"], labels, "pcns."))
    elif namespace and (tests or entity.get("notSelector")):
        tests.append(lambda labels: labels.get(NAMESPACE) == namespace)
    return (lambda labels: all(test(labels) for test in tests)) if tests else None


def in_set(cluster: Cluster, address: Address, test: Test) -> bool:
    """Whether an address is in the set that a selector stands for: of pods and of network sets, by their addresses."""
    pods = any(address in endpoint.addresses and test(endpoint.calico) for endpoint in cluster.endpoints)
    return pods or any(
        test(netset.calico) and any(within(address, net) for net in netset.nets) for netset in cluster.netsets
    )


def matches(cluster: Cluster, namespace: str, rule: Body, packet: Packet) -> bool:
    """Whether a rule of a policy in a namespace, or of a global one (""), matches a packet."""
    source, destination = rule.get("source") or {}, rule.get("destination") or {}
    return (
        _rendered(rule, source, destination, family(packet.source_address))
        and _protocol(rule, packet)
        and _icmp(rule, packet)
        and (packet.http or not rule.get("http"))
        and _entity(cluster, namespace, source, packet.source_address, packet.protocol, packet.source_port)
        and _entity(cluster, namespace, destination, packet.destination_address, packet.protocol, packet.port)
        and _service_to(cluster, namespace, destination, packet)
        and _service_from(cluster, namespace, source, packet)
    )


def _rendered(rule: Body, source: Body, destination: Body, version: int) -> bool:
    """Whether a rule exists for a family at all (FilterRuleToIPVersion, ipVersionToProtoIPVersion)."""
    by_name = {"ICMP": 4, "ICMPv6": 6}.get(str(rule.get("protocol")))
    if (rule.get("ipVersion") or by_name or version) != version:
        return False
    for entity in (source, destination):
        for key in ("nets", "notNets"):
            nets = entity.get(key) or []
            if nets and not any((":" in net) == (version == 6) for net in nets):
                return False
    return True


def _protocol(rule: Body, packet: Packet) -> bool:
    expected, refused = rule.get("protocol"), rule.get("notProtocol")
    if expected is not None and protocol_number(expected) != packet.protocol:
        return False
    return refused is None or protocol_number(refused) != packet.protocol


def _icmp(rule: Body, packet: Packet) -> bool:
    expected, refused = rule.get("icmp") or {}, rule.get("notICMP") or {}
    return _icmp_fits(expected, packet) and not (refused.get("type") is not None and _icmp_fits(refused, packet))


def _icmp_fits(fields: Body, packet: Packet) -> bool:
    kind, code = fields.get("type"), fields.get("code")
    return kind in (None, packet.port >> 8) and code in (None, packet.port & 255)


def _entity(cluster: Cluster, namespace: str, entity: Body, address: Address, protocol: int, port: int) -> bool:
    nets, not_nets = entity.get("nets") or [], entity.get("notNets") or []
    if nets and not any(within(address, net) for net in nets):
        return False
    if any(within(address, net) for net in not_nets):
        return False
    test, refused = positive(entity, namespace), entity.get("notSelector")
    if test and refused:
        test = _both(test, refused)
    elif refused and in_set(cluster, address, lambda labels: selects(refused, labels)):
        return False
    return _ports(cluster, entity, test, address, protocol, port)


def _both(test: Test, refused: str) -> Test:
    return lambda labels: test(labels) and not selects(refused, labels)


def _ports(cluster: Cluster, entity: Body, test: Test | None, address: Address, protocol: int, port: int) -> bool:
    """The ports, and the selector: felix leaves the set of the selector out where only names of ports are given.

    A named port is looked for on the pods that the selector matches themselves, not through a network set.
    """
    numbers, names = _split(entity.get("ports") or [])
    if test and (numbers or not names) and not in_set(cluster, address, test):
        return False
    if (numbers or names) and not (
        any(first <= port <= last for first, last in numbers)
        or any(_named(cluster, name, test, address, protocol, port) for name in names)
    ):
        return False
    numbers, names = _split(entity.get("notPorts") or [])
    return not (
        any(first <= port <= last for first, last in numbers)
        or any(_named(cluster, name, test, address, protocol, port) for name in names)
    )


def _named(cluster: Cluster, name: str, test: Test | None, address: Address, protocol: int, port: int) -> bool:
    def fits(endpoint: Endpoint) -> bool:
        return (
            address in endpoint.addresses
            and (test is None or test(endpoint.calico))
            and endpoint.has_port(name, protocol, port)
        )

    return any(fits(endpoint) for endpoint in cluster.endpoints)


def _split(ports: list[object]) -> tuple[list[tuple[int, int]], list[str]]:
    """The ranges and the names of a list of ports: `80`, `"80:90"`, `web`."""
    numbers, names = [], []
    for port in ports:
        ends = str(port).split(":")
        if all(end.isdigit() for end in ends):
            numbers.append((int(ends[0]), int(ends[-1])))
        else:
            names.append(str(port))
    return numbers, names


def _service_to(cluster: Cluster, namespace: str, entity: Body, packet: Packet) -> bool:
    service = entity.get("services")
    return not service or (packet.destination_address, packet.protocol, packet.port) in cluster.targets(
        service.get("namespace") or namespace, service["name"]
    )


def _service_from(cluster: Cluster, namespace: str, entity: Body, packet: Packet) -> bool:
    service = entity.get("services")
    return not service or packet.source_address in cluster.members(
        service.get("namespace") or namespace, service["name"]
    )
