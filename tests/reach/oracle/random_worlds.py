"""Random clusters for the oracle and the judge: of tools.cluster.fuzz, and what a probe in a live cluster cannot ask.

That is AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy, IPv6, SCTP, ICMP and other protocols,
finished pods whose address another one has, pods without labels, and namespaces without an object.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from tools.cluster.fuzz import selectors
from tools.cluster.fuzz.dice import Dice
from tools.cluster.fuzz.generate import case
from tools.cluster.fuzz.places import Places
from tools.cluster.fuzz.topology import POD_LABELS, PORT_NAMES, PREFIX, SPACE_LABELS, Labels, Object, topology

OUTSIDE = ("8.8.8.8", "203.0.113.7", "9.255.255.255")
ADMIN_API = "policy.networking.k8s.io"
NUMBERS = (80, 53, 5432, 8080, 81)
SPACE_NAMES: Labels = {"kubernetes.io/metadata.name": tuple(f"{PREFIX}{letter}" for letter in "abc")}
OTHER_PROTOCOLS: tuple[Object, ...] = (
    {"protocol": "ICMP"},
    {"protocol": "ICMP", "icmp": {"type": 8}},
    {"protocol": "ICMP", "icmp": {"type": 3, "code": 1}},
    {"protocol": "ICMP", "notICMP": {"type": 3, "code": 1}},
    {"protocol": "ICMP", "icmp": {"type": 3}, "notICMP": {"type": 3, "code": 2}},
    {"protocol": "ICMPv6", "icmp": {"type": 128}},
    {"protocol": "UDPLite"},
    {"protocol": 47},
    {"protocol": 132},
    {"notProtocol": "SCTP"},
    {"notProtocol": "ICMPv6"},
)


@dataclass(frozen=True)
class RandomWorld:
    """`objects`: pods with their addresses among them. `pods`: the running ones with an address of their own, by
    `namespace/name`; `outside`: addresses of nobody, many of them at an edge of some network that the objects name.
    """

    seed: object
    objects: tuple[Object, ...]
    pods: dict[str, str]
    outside: tuple[str, ...]


def random_world(seed: object, policies: int = 4, *, dual: bool = False) -> RandomWorld:
    """The world of a seed. `dual`: every pod has an address of both families, `pods` has the first one, of IPv4."""
    dice = Dice("world", seed)
    given = topology(seed, pods=8, spaces=3)
    # 0: some pods have an address of the one family, some of the other.
    version = 0 if dual else dice.weighted({4: 6, 6: 2, 0: 2})
    v4 = {f"{key(pod)}": f"10.{dice.number(0, 1)}.{dice.number(0, 1)}.{n + 1}" for n, pod in enumerate(given.pods)}
    made = case(str(seed), given, Places(v4, OUTSIDE), dice.number(0, policies), tiers=dice.chance(0.5))
    objects = [deepcopy(body) for body in made.objects]
    sixth = {name for name in v4 if version == 6 or (version == 0 and not dual and dice.chance(0.5))}
    addresses = {name: as_sixth(text) if name in sixth else text for name, text in v4.items()}
    for body in objects:
        if body["kind"] == "Pod":
            _dress(body, addresses[key(body)], dice)
            if dual:
                body["status"]["podIPs"] = [{"ip": v4[key(body)]}, {"ip": as_sixth(v4[key(body)])}]
        elif body["kind"] == "Service" and dice.chance(0.4):
            body["spec"]["ports"][0]["targetPort"] = dice.pick(PORT_NAMES)
        elif "projectcalico" in body["apiVersion"]:
            _spice(body, dice, version)
        elif body["kind"] == "NetworkPolicy" and version != 4:
            _to_sixth(body, dice)
    objects = [body for body in objects if body["kind"] != "Namespace" or not dice.chance(0.2)]
    if dice.chance(0.3):
        objects += _finished(objects, dice)
    objects += _admin_policies(dice, version)
    living = {
        key(body): body["status"]["podIP"]
        for body in objects
        if body["kind"] == "Pod" and not body["spec"].get("hostNetwork") and body["status"]["phase"] == "Running"
    }
    taken = {*living.values(), *addresses.values(), *map(as_sixth, v4.values())}
    return RandomWorld(seed, tuple(objects), living, tuple(_edges(objects, taken, dice)))


def key(pod: Object) -> str:
    """`namespace/name`."""
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def as_sixth(text: str) -> str:
    """An IPv4 address or network as one of IPv6, so that what held the one holds the other."""
    address, _, length = text.partition("/")
    six = IPv6Address(int(IPv6Address("fd00::")) | int(ip_address(address)))
    return f"{six}/{96 + int(length)}" if length else str(six)


def _dress(pod: Object, address: str, dice: Dice) -> None:
    """An address, and sometimes a named port of SCTP, or no labels at all."""
    pod["status"] = {"phase": "Running", "podIP": address}
    if dice.chance(0.3):
        ports = pod["spec"]["containers"][0].setdefault("ports", [])
        free = [name for name in PORT_NAMES if all(port["name"] != name for port in ports)]
        if free:
            ports.append({"name": dice.pick(free), "containerPort": dice.pick(NUMBERS), "protocol": "SCTP"})
    if dice.chance(0.2):
        port = {"name": dice.pick(PORT_NAMES), "containerPort": dice.pick(NUMBERS)}
        beside = {"restartPolicy": "Always"} if dice.chance(0.5) else {}
        pod["spec"]["initContainers"] = [{"name": "first", "image": "i", "ports": [port], **beside}]
    if dice.chance(0.15):
        pod["metadata"]["labels"] = {}


def _spice(body: Object, dice: Dice, version: int) -> None:
    """Other protocols and families in some of a Calico policy's rules, and networks of IPv6."""
    spec = body["spec"]
    if body["kind"].endswith("NetworkSet") and version != 4:
        spec["nets"] = [as_sixth(net) if dice.chance(0.6) else net for net in spec["nets"]]
    if body["kind"].endswith("NetworkSet") and dice.chance(0.3):
        label, values = dice.pick(tuple(SPACE_LABELS.items()))
        body["metadata"].setdefault("labels", {})[f"pcns.{label}"] = dice.pick(values)
    if body["kind"] == "Tier" and dice.chance(0.2):
        spec.pop("order")
    if "serviceAccountSelector" in spec and dice.chance(0.4):
        spec["serviceAccountSelector"] = _account(dice)
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for side in ("source", "destination"):
            accounts = rule.get(side, {}).get("serviceAccounts", {})
            if "selector" in accounts and dice.chance(0.4):
                accounts["selector"] = _account(dice)
            if "notSelector" in rule.get(side, {}) and dice.chance(0.1):
                rule[side]["notSelector"] = "global()"
        sides = [rule[side] for side in ("source", "destination") if side in rule]
        if dice.chance(0.2) and not any(side.keys() & {"ports", "notPorts", "services"} for side in sides):
            rule.pop("protocol", None)
            rule.pop("notProtocol", None)
            rule.pop("ipVersion", None)
            rule |= deepcopy(dice.pick(OTHER_PROTOCOLS))
        elif rule.get("protocol") == "UDP" and dice.chance(0.2):
            rule["protocol"] = "SCTP"
        if version != 4 and dice.chance(0.5):
            if any(side.keys() & {"nets", "notNets"} for side in sides):
                rule.pop("ipVersion", None)
            for side in sides:
                for key in side.keys() & {"nets", "notNets"}:
                    side[key] = [as_sixth(net) for net in side[key]]
        of_a_version = any(str(rule.get(key)).startswith("ICMP") for key in ("protocol", "notProtocol"))
        if not of_a_version and dice.chance(0.08):
            rule["ipVersion"] = dice.pick((4, 6))
            for side in sides:
                side.pop("nets", None)
                side.pop("notNets", None)


def _account(dice: Dice) -> str:
    """A selector of service accounts by what Calico alone says of them, their names."""
    return f"projectcalico.org/name {dice.pick(('==', '!='))} '{dice.pick(('default', 'keeper', 'guest'))}'"


def _to_sixth(body: Object, dice: Dice) -> None:
    for rule in (*(body["spec"].get("ingress") or ()), *(body["spec"].get("egress") or ())):
        for peer in (*(rule.get("from") or ()), *(rule.get("to") or ())):
            block = peer.get("ipBlock")
            if block and ":" not in block["cidr"] and dice.chance(0.6):
                block |= {key: as_sixth(block[key]) for key in ("cidr",)}
                if "except" in block:
                    block["except"] = [as_sixth(net) for net in block["except"]]


def _finished(objects: list[Object], dice: Dice) -> Iterator[Object]:
    """A pod that is done, with other labels, and with the address that a running one has now."""
    running = [body for body in objects if body["kind"] == "Pod" and not body["spec"].get("hostNetwork")]
    body, other = deepcopy(dice.pick(running)), dice.pick(running)
    body["metadata"] |= {"name": "done", "labels": {name: dice.pick(values) for name, values in POD_LABELS.items()}}
    body["status"] = {"phase": dice.pick(("Succeeded", "Failed")), "podIP": other["status"]["podIP"]}
    yield body


def _admin_policies(dice: Dice, version: int) -> Iterator[Object]:
    api = dice.weighted({"": 5, "v1alpha1": 3, "v1alpha2": 3})
    first = dice.number(1, 999)  # Equal ones would be undefined.
    priorities = (first, dice.number(0, first - 1) if dice.chance(0.5) else dice.number(first + 1, 1000))
    if api == "v1alpha2":
        for tier in ("Admin", "Baseline"):
            for index in dice.times(0, 2):
                spec = {"tier": tier, "priority": priorities[index]}
                spec |= _admin_spec(dice, version, ("Accept", "Deny", "Pass"), _protocols)
                yield _admin(f"{api}", "ClusterNetworkPolicy", f"{tier.lower()}-{index}", spec)
    elif api:
        for index in dice.times(0, 2):
            spec = {"priority": priorities[index]}
            spec |= _admin_spec(dice, version, ("Allow", "Deny", "Pass"), _admin_ports)
            yield _admin(api, "AdminNetworkPolicy", f"admin-{index}", spec)
        if dice.chance(0.6):
            spec = _admin_spec(dice, version, ("Allow", "Deny"), _admin_ports)
            yield _admin(api, "BaselineAdminNetworkPolicy", "default", spec)


def _admin(api: str, kind: str, name: str, spec: Object) -> Object:
    return {"apiVersion": f"{ADMIN_API}/{api}", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _admin_spec(dice: Dice, version: int, actions: tuple[str, ...], ports: Any) -> Object:
    spec: Object = {"subject": _who(dice)}
    for direction, side in (("ingress", "from"), ("egress", "to")):
        rules = []
        for _ in dice.times(0, 3):
            peers = [_admin_peer(dice, version, outgoing=side == "to") for _ in dice.times(1, 2)]
            rule: Object = {"action": dice.pick(actions), side: peers}
            named = not any("networks" in peer for peer in peers)
            rules.append(rule | (ports(dice, named) if dice.chance(0.6) else {}))
        if rules or dice.chance(0.2):
            spec[direction] = rules
    return spec


def _who(dice: Dice) -> Object:
    labels = SPACE_NAMES if dice.chance(0.25) else SPACE_LABELS
    spaces = selectors.kubernetes(dice, labels)
    if dice.chance(0.5):
        return {"namespaces": spaces}
    return {"pods": {"namespaceSelector": spaces, "podSelector": selectors.kubernetes(dice, POD_LABELS)}}


def _admin_peer(dice: Dice, version: int, *, outgoing: bool) -> Object:
    if outgoing and dice.chance(0.3):
        nets = dice.some(("10.0.0.0/16", "10.0.0.2/32", "0.0.0.0/0", "8.8.8.0/24", "10.1.0.0/30"), 2)
        return {"networks": [as_sixth(net) if version != 4 and dice.chance(0.6) else net for net in nets]}
    return _who(dice)


def _admin_ports(dice: Dice, named: bool) -> Object:
    ports: list[Object] = []
    for _ in dice.times(1, 2):
        protocol, number = dice.pick(("TCP", "UDP", "SCTP")), dice.pick(NUMBERS)
        choices: list[Object] = [
            {"portNumber": {"protocol": protocol, "port": number}},
            {"portRange": {"protocol": protocol, "start": number, "end": number + dice.number(1, 30)}},
        ]
        ports.append(dice.pick([*choices, *([{"namedPort": dice.pick(PORT_NAMES)}] if named else [])]))
    return {"ports": ports}


def _protocols(dice: Dice, named: bool) -> Object:
    objects: list[Object] = []
    for _ in dice.times(1, 2):
        number = dice.pick(NUMBERS)
        fields: list[Object] = [
            {"destinationPort": {"number": number}},
            {"destinationPort": {"range": {"start": number, "end": number + dice.number(1, 30)}}},
        ]
        choices: list[Object] = [{dice.pick(("tcp", "udp", "sctp")): dice.pick(fields)}]
        objects.append(dice.pick([*choices, *([{"destinationNamedPort": dice.pick(PORT_NAMES)}] if named else [])]))
    return {"protocols": objects}


def _edges(objects: list[Object], taken: set[str], dice: Dice) -> Iterator[str]:
    """Addresses of nobody: some well-known, and those at both sides of the edges of networks."""
    known = {*OUTSIDE, *(as_sixth(text) for text in OUTSIDE), "2001:db8::1"}
    for text in networks(objects):
        net = ip_network(text, strict=False)
        for number in (int(net[0]) - 1, int(net[0]), int(net[-1]), int(net[-1]) + 1):
            if 0 < number < 2**net.max_prefixlen - 1:
                known.add(str(type(net[0])(number)))
    free = sorted(known - taken)
    yield from dice.some(free, 8)


def networks(value: object) -> Iterator[str]:
    """Every network that is written anywhere."""
    if isinstance(value, str) and "/" in value:
        try:
            ip_network(value, strict=False)
        except ValueError:
            return
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from networks(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from networks(inner)
