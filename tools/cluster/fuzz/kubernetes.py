"""Random NetworkPolicies of networking.k8s.io/v1: every field, and the difference between missing and empty."""

from __future__ import annotations

from typing import Any

from tools.cluster.fuzz import selectors
from tools.cluster.fuzz.dice import Dice
from tools.cluster.fuzz.places import Places
from tools.cluster.fuzz.topology import POD_LABELS, POINTS, PORT_NAMES, SPACE_LABELS, Labels, Object, Topology

NAME_LABEL = "kubernetes.io/metadata.name"


def network_policy(name: str, dice: Dice, given: Topology, places: Places) -> Object:
    """One policy, valid for the API server."""
    spec: Object = {"podSelector": selectors.kubernetes(dice, POD_LABELS)}
    types = dice.weighted({("Ingress",): 3, ("Egress",): 3, ("Ingress", "Egress"): 4, (): 4})
    if types or dice.chance(0.15):
        spec["policyTypes"] = list(types)
    # A section that the types do not name is not in force; without types, what is there decides.
    for direction in ("ingress", "egress"):
        has_rules = direction.capitalize() in types if types else dice.chance(0.6)
        if has_rules or dice.chance(0.1):
            spec |= _section(direction, dice, given, places)
    metadata = {"name": name, "namespace": dice.pick(given.spaces)}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _section(direction: str, dice: Dice, given: Topology, places: Places) -> Object:
    kind = dice.weighted({"missing": 1, "empty": 2, "everything": 2, "rules": 12})
    if kind == "missing":
        return {}
    rules: list[Any] = {"empty": [], "everything": [{}]}.get(kind, [])
    if kind == "rules":
        rules = [_rule(direction, dice, given, places) for _ in dice.times(1, 3)]
    return {direction: rules}


def _rule(direction: str, dice: Dice, given: Topology, places: Places) -> Object:
    rule: Object = {}
    side = "from" if direction == "ingress" else "to"
    if dice.chance(0.8):
        rule[side] = [] if dice.chance(0.1) else [_peer(dice, given, places) for _ in dice.times(1, 3)]
    if dice.chance(0.65):
        rule["ports"] = [] if dice.chance(0.1) else [_port(dice) for _ in dice.times(1, 3)]
    return rule


def _peer(dice: Dice, given: Topology, places: Places) -> Object:
    kind = dice.weighted({"pods": 3, "spaces": 4, "both": 4, "block": 4})
    if kind == "block":
        return {"ipBlock": _block(dice, places)}
    peer: Object = {}
    if kind != "spaces":
        peer["podSelector"] = selectors.kubernetes(dice, POD_LABELS)
    if kind != "pods":
        names: Labels = {NAME_LABEL: given.spaces}
        peer["namespaceSelector"] = selectors.kubernetes(dice, names if dice.chance(0.25) else SPACE_LABELS)
    return peer


def _block(dice: Dice, places: Places) -> Object:
    if dice.chance(0.04):
        return {"cidr": "::/0", "except": ["fd00::/8"]}
    cidr = places.net(dice)
    holes = places.holes(dice, cidr) if dice.chance(0.5) else []
    return {"cidr": cidr, "except": holes} if holes else {"cidr": cidr}


def _port(dice: Dice) -> Object:
    kind = dice.weighted({"number": 5, "name": 4, "protocol": 2, "range": 3, "nobody's": 1})
    protocol, number = dice.pick(POINTS)
    port: Object = {}
    if protocol != "TCP" or dice.chance(0.5):
        port["protocol"] = protocol
    match kind:
        case "number":
            return port | {"port": number}
        case "name":
            return port | {"port": dice.pick(PORT_NAMES)}
        case "range":
            first = dice.pick((1, 53, 80, 81, 5000, number))
            return port | {
                "port": first,
                "endPort": dice.pick([last for last in (80, 5432, 8079, 8080, 65535) if last >= first]),
            }
        case "nobody's":
            return dice.pick(({"port": "nobodys"}, {"protocol": "SCTP", "port": 80}, {"port": 81}))
    return port or {"protocol": "TCP"}
