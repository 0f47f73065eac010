"""What Calico refuses in a policy although each field by itself is right: fields that do not go together.

Source: libcalico-go lib/validator/v3 (validateRule, validateEntityRule, validateNetworkPolicySpec,
validateGlobalNetworkPolicySpec) and the tags of the v3 API's types. tests/reach/validation.yaml has a row for each.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.manifests.addresses import Net, address, network
from tools.manifests.fields import BrokenError, Topic, cidr, flag, items, mapping, number, text
from tools.manifests.names import key_fault, subdomain_fault
from tools.manifests.node import Node
from tools.policies.faults import Faults, host_bits
from tools.policies.model import Direction

HINTS = ("AssumeNeededOnEveryNode",)
FLAGS = ("doNotTrack", "preDNAT", "applyOnForward")
ENTITIES = ("source", "destination")
NETS = ("nets", "notNets")
BESIDE_SERVICES = ("namespaceSelector", "selector", "notSelector", "serviceAccounts", *NETS)
FAMILIES = {"ICMP": 4, "ICMPv6": 6}
# Where a Service may be named: the side that is not the selected pods'.
FAR: dict[Direction, str] = {"Ingress": "source", "Egress": "destination"}


class CombinationError(BrokenError):
    """Fields of a policy that do not go together."""

    def __init__(self, node: Node, message: str, topic: Topic = Topic.CALICO) -> None:
        super().__init__(node, message, topic)


def check_policy(spec: Node, faults: Faults, *, clusterwide: bool) -> None:
    """Collect why a policy is refused by what stands outside of its rules."""
    faults.check(_name, spec["tier"])
    _once(spec["types"], faults, "type", Topic.TYPES)
    _once(spec["performanceHints"], faults, "hint")
    for item in spec["performanceHints"].items():
        faults.check(_hint, item)
    if clusterwide:
        for key in FLAGS:
            faults.check(flag, spec[key])
        for check in (_one_flag, _no_egress, _ingress_alone):
            faults.check(check, spec)
        for key in ("doNotTrack", "preDNAT"):
            faults.check(_forwarding, spec, key)


def check_rule(rule: Node, way: Direction, faults: Faults, *, clusterwide: bool) -> None:
    """Collect why a rule is refused although each of its fields is right."""
    sides = {side: rule[side] for side in ENTITIES if _has(rule, side)}
    for side, entity in sides.items():
        if _has(entity, "services"):
            faults.check(_named_service, entity, way, side, clusterwide)
            for node in _beside_services(entity, side):
                faults.check(_no_field_beside_services, node)
        for key in ("ports", "notPorts"):
            if _has(entity, key):
                faults.check(_ports_have_a_protocol, rule, entity[key], key)
    _check_icmp(rule, faults)
    faults.check(_families, rule["ipVersion"].number(), tuple(sides.values()))
    if _has(rule, "http"):
        faults.known(rule["http"], ("methods", "paths"))
        faults.check(_http, rule, way)
        _once(rule["http"]["methods"], faults, "method")
        for path in rule["http"]["paths"].items():
            faults.known(path, ("exact", "prefix"))
            faults.check(_path, path)
    if _has(rule, "metadata"):
        for key, value in rule["metadata"]["annotations"].fields():
            faults.check(_annotation, value, key)


def _has(node: Node, key: str) -> bool:
    """Whether a field is written: rules come by the thousand, and most have few fields."""
    return isinstance(node.value, dict) and key in node.value


def _check_icmp(rule: Node, faults: Faults) -> None:
    faults.check(_icmp_has_its_protocol, rule)
    for key in ("icmp", "notICMP"):
        if _has(rule, key):
            faults.check(_icmp, rule[key])
    for key in ("protocol", "notProtocol") if _has(rule, "ipVersion") else ():
        faults.check(_version_of_icmp, rule, key)


def calico_cidr(node: Node) -> Net:
    """A network of a rule: with host bits set Kubernetes takes it, and Calico does not."""
    net = cidr(node)
    if address(node.text()) != net.network_address:
        raise BrokenError(node, host_bits(node, net, "Calico refuses it"), Topic.CIDR)
    return net


def _name(node: Node) -> None:
    if text(node) and (fault := subdomain_fault(node.text())):
        raise CombinationError(node, fault)


def _annotation(value: Node, key: str) -> None:
    text(value)
    if fault := key_fault(key.lower()):
        raise CombinationError(value, fault)


def _once(node: Node, faults: Faults, noun: str, topic: Topic = Topic.CALICO) -> None:
    """Every text of a list is written once."""
    known: set[str] = set()
    for item in faults.items(node):
        faults.check(_first, item, known, noun, topic)
        known.add(item.text())


def _first(item: Node, known: set[str], noun: str, topic: Topic) -> None:
    if text(item) in known:
        raise CombinationError(item, f"{noun} {item.text()} is written twice; write it once", topic)


def _hint(node: Node) -> None:
    if text(node) not in HINTS:
        raise CombinationError(node, f"{node.text()!r} is not a hint; write {' or '.join(HINTS)}")


def _is_true(spec: Node, key: str) -> bool:
    return spec[key].value is True


def _one_flag(spec: Node) -> None:
    if _is_true(spec, "doNotTrack") and _is_true(spec, "preDNAT"):
        raise CombinationError(spec["preDNAT"], "preDNAT stands beside doNotTrack; only one of them may be true")


def _no_egress(spec: Node) -> None:
    if _is_true(spec, "preDNAT") and items(spec["egress"]):
        message = "a policy with preDNAT has no egress rules; write them into another policy"
        raise CombinationError(spec["egress"], message)


def _ingress_alone(spec: Node) -> None:
    leaving = [item for item in items(spec["types"]) if item.value == "Egress"]
    if _is_true(spec, "preDNAT") and leaving:
        raise CombinationError(leaving[0], "a policy with preDNAT is of type Ingress alone; take Egress out")


def _forwarding(spec: Node, key: str) -> None:
    if _is_true(spec, key) and not _is_true(spec, "applyOnForward"):
        raise CombinationError(spec[key], f"{key} needs applyOnForward: true beside it; write it")


def _named_service(entity: Node, way: Direction, side: str, clusterwide: bool) -> None:
    node = mapping(entity["services"])
    if not node.present:
        return
    if side != FAR[way]:
        raise CombinationError(node, f"services are for the {FAR[way]} of {way.lower()} rules; write them there")
    if not text(node["name"]):
        raise CombinationError(node, "services name no Service; write its name")
    for key in ("name", "namespace"):
        _name(node[key])
    if clusterwide and not text(node["namespace"]):
        message = "a GlobalNetworkPolicy must say in which namespace the Service is; write namespace"
        raise CombinationError(node, message)


def _beside_services(entity: Node, side: str) -> Iterator[Node]:
    """What an entity says beside services; an empty list or text is as none to Calico, an empty mapping is not."""
    ports = ("ports", "notPorts") if side == "destination" else ()
    for key in (*BESIDE_SERVICES, *ports) if entity["services"].present else ():
        if entity[key].present and entity[key].value not in ("", []):
            yield entity[key]


def _no_field_beside_services(node: Node) -> None:
    key = node.path.rpartition(".")[2]
    raise CombinationError(node, f"{key} cannot stand beside services, which say it all; take out one of them")


def _ports_have_a_protocol(rule: Node, ports: Node, key: str) -> None:
    with_ports = str(rule["protocol"].value) in ("TCP", "UDP", "SCTP", "6", "17", "132")
    if items(ports) and not with_ports:
        raise BrokenError(ports, f"{key} need protocol: TCP, UDP or SCTP in their rule; write it", Topic.PORT)


def _icmp_has_its_protocol(rule: Node) -> None:
    if _has(rule, "icmp") and mapping(rule["icmp"]).present and str(rule["protocol"].value) not in FAMILIES:
        raise CombinationError(rule["icmp"], "icmp needs protocol: ICMP or ICMPv6 beside it, by its name; write it")


def _icmp(node: Node) -> None:
    kind, code = number(node["type"]), number(node["code"])
    if code is not None and kind is None:
        raise CombinationError(node, "has a code and no type; write the number of an ICMP type too")
    if not 0 <= (kind or 0) <= 254 or not 0 <= (code or 0) <= 255:
        raise CombinationError(node, "types are numbers from 0 to 254, and codes from 0 to 255")


def _version_of_icmp(rule: Node, key: str) -> None:
    version, protocol = rule["ipVersion"].number(), rule[key].value
    family = FAMILIES.get(protocol) if isinstance(protocol, str) else None
    if family and version not in (None, family):
        raise CombinationError(rule["ipVersion"], f"{key} is {protocol}, which is IPv{family}; write {family}")


def _families(version: int | None, sides: tuple[Node, ...]) -> None:
    """All the networks of a rule are of one family, and of the one that it is for."""
    seen = set[int]()
    for item in (item for side in sides for key in NETS if _has(side, key) for item in side[key].items()):
        net = network(item.text())
        if net is None:
            continue
        if version in (4, 6) and version != net.version:
            raise CombinationError(
                item, f"{net} is IPv{net.version}, and the rule says ipVersion: {version}; write two rules"
            )
        if seen and net.version not in seen:
            message = f"{net} is IPv{net.version}, and others of the rule's networks are not"
            raise CombinationError(item, f"{message}; write two rules")
        seen.add(net.version)


def _http(rule: Node, way: Direction) -> None:
    node = mapping(rule["http"])
    if not node.present:
        return
    if way == "Egress":
        raise CombinationError(node, "http is for ingress rules; take it out")
    if rule["action"].value != "Allow":
        raise CombinationError(node, "http is for rules that allow; take it out")
    if rule["protocol"].present and rule["protocol"].value != "TCP":
        raise CombinationError(node, "http needs protocol: TCP beside it; write that, or leave protocol out")


def _path(node: Node) -> None:
    written = [path for key in ("exact", "prefix") if (path := text(mapping(node)[key]))]
    if not written:
        raise CombinationError(node, "a path says nothing; write exact or prefix")
    if len(written) > 1:
        raise CombinationError(node, "exact stands beside prefix; write two paths")
    if not written[0].startswith("/") or any(char in written[0] for char in "? #"):
        raise CombinationError(node, f"{written[0]!r} is not a path; it starts with / and holds no '?', '#' or space")
