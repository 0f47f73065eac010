"""What Calico refuses in a policy although each field by itself is right: fields that do not go together.

Source: libcalico-go lib/validator/v3 (validateRule, validateEntityRule, validateNetworkPolicySpec,
validateGlobalNetworkPolicySpec) and the tags of the v3 API's types. tests/reach/validation.yaml has a row for each.
"""

from __future__ import annotations

from collections.abc import Iterable

from tools.manifests.addresses import address
from tools.manifests.fields import BrokenError, cidr, items, mapping, number, text, texts_by_key
from tools.manifests.names import key_fault, subdomain_fault
from tools.manifests.node import Node
from tools.policies.model import Direction

GLOBAL = "global()"
HINTS = ("AssumeNeededOnEveryNode",)
ENTITIES = ("source", "destination")
NETS = ("nets", "notNets")
BESIDE_SERVICES = ("namespaceSelector", "selector", "notSelector", "serviceAccounts", *NETS)
FAMILIES = {"ICMP": 4, "ICMPv6": 6}
# Where a Service may be named: the side that is not the selected pods'.
FAR: dict[Direction, str] = {"Ingress": "source", "Egress": "destination"}


def check_policy(spec: Node, *, clusterwide: bool) -> None:
    """Raises BrokenError for a policy that is refused by what stands outside of its rules."""
    if fault := subdomain_fault(text(spec["tier"])) if text(spec["tier"]) else "":
        raise BrokenError(spec["tier"], fault)
    _once(spec["types"], "type")
    _hints(spec["performanceHints"])
    for key in ("selector", "serviceAccountSelector", *(("namespaceSelector",) if clusterwide else ())):
        if GLOBAL in text(spec[key]):
            raise BrokenError(spec[key], f"{GLOBAL} is for a rule's namespaceSelector; take it out of here")
    if clusterwide:
        _flags(spec)


def check_rule(rule: Node, way: Direction, *, clusterwide: bool) -> None:
    """Raises BrokenError for a rule that is refused."""
    for side in ENTITIES:
        _selectors(rule[side])
        _services(rule, way, side, clusterwide=clusterwide)
    _ports_have_a_protocol(rule)
    _icmp(rule)
    _families(rule)
    _http(rule, way)
    for key in texts_by_key(rule["metadata"]["annotations"]):
        if fault := key_fault(key.lower()):
            raise BrokenError(rule["metadata"]["annotations"][key], fault)


def calico_cidr(node: Node) -> None:
    """Raises BrokenError for a network of a rule with host bits set, which Kubernetes takes and Calico does not."""
    net = cidr(node)
    if address(node.text()) != net.network_address:
        raise BrokenError(node, f"{node.text()} has host bits set, which Calico refuses; write {net}")


def _once(node: Node, noun: str) -> None:
    known: set[str] = set()
    for item in items(node):
        if text(item) in known:
            raise BrokenError(item, f"{noun} {item.text()} is written twice; write it once")
        known.add(item.text())


def _hints(node: Node) -> None:
    _once(node, "hint")
    for item in items(node):
        if text(item) not in HINTS:
            raise BrokenError(item, f"{item.text()!r} is no hint; there is {', '.join(HINTS)}")


def _flags(spec: Node) -> None:
    untracked, early = (spec[key].value is True for key in ("doNotTrack", "preDNAT"))
    if untracked and early:
        raise BrokenError(spec["preDNAT"], "preDNAT stands beside doNotTrack; only one of them may be true")
    if early and items(spec["egress"]):
        raise BrokenError(spec["egress"], "a policy with preDNAT has no egress rules; write them into another policy")
    if early and (leaving := [item for item in items(spec["types"]) if item.value == "Egress"]):
        raise BrokenError(leaving[0], "a policy with preDNAT is of type Ingress alone; take Egress out")
    if (untracked or early) and spec["applyOnForward"].value is not True:
        raise BrokenError(spec, "doNotTrack and preDNAT need applyOnForward: true beside them")


def _selectors(entity: Node) -> None:
    if GLOBAL in text(entity["selector"]):
        raise BrokenError(entity["selector"], f"{GLOBAL} is for namespaceSelector; write it there")
    spaces = text(entity["namespaceSelector"])
    if "global(" in spaces and spaces.strip(" \t").replace(" ", "").replace("\t", "") != GLOBAL:
        raise BrokenError(entity["namespaceSelector"], f"{GLOBAL} stands alone; take the rest out, or write two rules")


def _services(rule: Node, way: Direction, side: str, *, clusterwide: bool) -> None:
    entity = mapping(rule[side])
    node = mapping(entity["services"])
    if not node.present:
        return
    if side != FAR[way]:
        raise BrokenError(node, f"services are for the {FAR[way]} of {way.lower()} rules; write them there")
    if not text(node["name"]):
        raise BrokenError(node, "services name no Service; write its name")
    for key in ("name", "namespace"):
        if text(node[key]) and (fault := subdomain_fault(node[key].text())):
            raise BrokenError(node[key], fault)
    if clusterwide and not text(node["namespace"]):
        raise BrokenError(node, "a GlobalNetworkPolicy must say in which namespace the Service is; write namespace")
    ports = ("ports", "notPorts") if side == "destination" else ()
    for key in (*BESIDE_SERVICES, *ports):
        if _says(entity[key]):
            raise BrokenError(entity[key], f"{key} stands beside services, which say it all; drop one of them")


def _says(node: Node) -> bool:
    """Whether a field says anything to Calico: an empty list or text is as none; an empty mapping is something."""
    return node.present and node.value not in ("", [])


def _ports_have_a_protocol(rule: Node) -> None:
    if str(rule["protocol"].value) in ("TCP", "UDP", "SCTP", "6", "17", "132"):
        return
    for side in ENTITIES:
        for key in ("ports", "notPorts"):
            if items(rule[side][key]):
                raise BrokenError(rule[side][key], f"{key} need protocol: TCP, UDP or SCTP in their rule; write it")


def _icmp(rule: Node) -> None:
    if mapping(rule["icmp"]).present and str(rule["protocol"].value) not in FAMILIES:
        raise BrokenError(rule["icmp"], "icmp needs protocol: ICMP or ICMPv6 beside it, by its name; write it")
    for key in ("icmp", "notICMP"):
        kind, code = number(rule[key]["type"]), number(rule[key]["code"])
        if code is not None and kind is None:
            raise BrokenError(rule[key], "has a code and no type; write the number of an ICMP type too")
        if not 0 <= (kind or 0) <= 254 or not 0 <= (code or 0) <= 255:
            raise BrokenError(rule[key], "types are numbers from 0 to 254, and codes from 0 to 255")
    version = rule["ipVersion"].number()
    for key in ("protocol", "notProtocol"):
        family = FAMILIES.get(rule[key].value) if isinstance(rule[key].value, str) else None
        if family and version not in (None, family):
            raise BrokenError(rule["ipVersion"], f"{key} is {rule[key].value}, which is of IPv{family}; write {family}")


def _families(rule: Node) -> None:
    """All the networks of a rule are of one family, and of the one that it is for."""
    version, seen = rule["ipVersion"].number(), set[int]()
    for side in ENTITIES:
        for key in NETS:
            for item in items(rule[side][key]):
                calico_cidr(item)
                family = cidr(item).version
                if version not in (None, family):
                    raise BrokenError(item, f"{item.text()} is of IPv{family}, and the rule says ipVersion: {version}")
                if seen and family not in seen:
                    message = f"{item.text()} is of IPv{family}, and others of the rule's networks are not"
                    raise BrokenError(item, f"{message}; write two rules")
                seen.add(family)


def _http(rule: Node, way: Direction) -> None:
    node = mapping(rule["http"])
    if not node.present:
        return
    if way == "Egress":
        raise BrokenError(node, "http is for ingress rules; take it out")
    if rule["action"].value != "Allow":
        raise BrokenError(node, "http is for rules that allow; take it out")
    if rule["protocol"].present and rule["protocol"].value != "TCP":
        raise BrokenError(node, "http needs protocol: TCP beside it, or none; write it so")
    _once(node["methods"], "method")
    for path in items(node["paths"]):
        _path(path)


def _path(node: Node) -> None:
    written: Iterable[str] = filter(None, (text(mapping(node)[key]) for key in ("exact", "prefix")))
    match tuple(written):
        case (path,):
            if not path.startswith("/") or any(char in path for char in "? #"):
                raise BrokenError(node, f"{path!r} is no path; it starts with / and holds no '?', '#' or space")
        case ():
            raise BrokenError(node, "a path says nothing; write exact or prefix")
        case _:
            raise BrokenError(node, "exact stands beside prefix; write two paths")
