"""Random policies, network sets and tiers of projectcalico.org/v3, in what open-source Calico enforces.

Left out: source ports, which a probe does not choose; HTTP matches, which need another program; doNotTrack, preDNAT and
applyOnForward, which are for hosts. What is valid: libcalico-go lib/validator/v3.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from tools.cluster.fuzz import selectors
from tools.cluster.fuzz.dice import Dice
from tools.cluster.fuzz.places import Places
from tools.cluster.fuzz.topology import (
    ACCOUNT_LABELS,
    POD_LABELS,
    POINTS,
    PORT_NAMES,
    PREFIX,
    SPACE_LABELS,
    Labels,
    Object,
    Topology,
)

API = "projectcalico.org/v3"
DEFAULT_TIER = "default"
# NetworkPolicies of Kubernetes are at order 1000.
ORDERS = (None, None, 1, 100, 100, 500.5, 999, 1000, 1001, 2000, 2000)
# Networks of the family that no pod here is of.
SIXTH = ("::/0", "fd00::/8", "2001:db8::/32")
# What Calico itself puts on namespaces.
SPACE_NAMES = ("projectcalico.org/name", "kubernetes.io/metadata.name")


class Author:
    """Writes policies for one cluster. `tiers`: the tiers that policies may be in."""

    def __init__(self, dice: Dice, given: Topology, places: Places, tiers: tuple[str, ...] = (DEFAULT_TIER,)) -> None:
        self.dice = dice
        self.given = given
        self.places = places
        self.tiers = tiers
        names = ("default", "keeper", "guest")
        self.labels: Labels = {
            **POD_LABELS,
            "projectcalico.org/namespace": given.spaces,
            "projectcalico.org/serviceaccount": names,
            "projectcalico.org/orchestrator": ("k8s",),
        }
        self.accounts = names

    def policy(self, name: str, *, everywhere: bool) -> Object:
        """A GlobalNetworkPolicy, or a NetworkPolicy in one of the namespaces."""
        tier = self.dice.pick(self.tiers)
        metadata: Object = {"name": name if tier == DEFAULT_TIER else f"{tier}.{name}"}
        if not everywhere:
            metadata["namespace"] = self.dice.pick(self.given.spaces)
        kind = "GlobalNetworkPolicy" if everywhere else "NetworkPolicy"
        spec = self._spec(everywhere) | ({} if tier == DEFAULT_TIER else {"tier": tier})
        return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}

    def network_set(self, name: str, *, everywhere: bool) -> Object:
        """Networks with the labels of pods, so that a selector that means pods means them too."""
        labels = {label: self.dice.pick(values) for label, values in POD_LABELS.items() if self.dice.chance(0.6)}
        metadata: Object = {"name": name, "labels": labels}
        if not everywhere:
            metadata["namespace"] = self.dice.pick(self.given.spaces)
        kind = "GlobalNetworkSet" if everywhere else "NetworkSet"
        nets = sorted({self.places.net(self.dice) for _ in self.dice.times(1, 3)})
        if self.dice.chance(0.1):
            nets.append(self.dice.pick(SIXTH))
        return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": {"nets": nets}}

    def _spec(self, everywhere: bool) -> Object:
        dice = self.dice
        spec: Object = {}
        if (order := dice.pick(ORDERS)) is not None:
            spec["order"] = order
        if dice.chance(0.75):
            spec["selector"] = self._selector()
        if dice.chance(0.15):
            spec["serviceAccountSelector"] = self._account_selector()
        if everywhere and dice.chance(0.5):
            spec["namespaceSelector"] = self._space_selector()
        types = dice.weighted({("Ingress",): 3, ("Egress",): 3, ("Ingress", "Egress"): 3, (): 4})
        if types:
            spec["types"] = list(types)
        return spec | self._sections(types)

    def _sections(self, types: tuple[str, ...]) -> Object:
        made: Object = {}
        for direction in ("ingress", "egress"):
            has_rules = direction.capitalize() in types if types else self.dice.chance(0.6)
            if has_rules and not self.dice.chance(0.07):
                made[direction] = [self._rule(direction) for _ in self.dice.times(1, 4)]
            elif self.dice.chance(0.1):
                made[direction] = []
        return made

    def _rule(self, direction: str) -> Object:
        dice = self.dice
        rule: Object = {"action": dice.weighted({"Allow": 11, "Deny": 5, "Pass": 3, "Log": 1})}
        rule |= self._protocol()
        subject, peer = ("destination", "source") if direction == "ingress" else ("source", "destination")
        sides = {peer: self._peer(rule, direction), subject: self._subject() if dice.chance(0.18) else {}}
        if rule.get("protocol") in ("TCP", "UDP", 6, 17, "SCTP") and "services" not in sides["destination"]:
            sides["destination"] |= self._ports()
        return self._of_a_family(rule | {side: entity for side, entity in sides.items() if entity})

    def _of_a_family(self, rule: Object) -> Object:
        """Rules say nothing of the family, for the most part; one about IPv6 means nobody here."""
        kind = self.dice.weighted({"any": 22, "4": 1, "6": 1, "nets of 6": 1})
        if kind == "any" or "ICMP" in (rule.get("protocol"), rule.get("notProtocol")):
            return rule
        if kind != "4":
            sides = [rule[side] for side in ("source", "destination") if side in rule]
            for entity, field in product(sides, ("nets", "notNets")):
                if field in entity:
                    entity[field] = self.dice.some(SIXTH, 2)
        return rule if kind == "nets of 6" else rule | {"ipVersion": int(kind)}

    def _protocol(self) -> Object:
        kind = self.dice.weighted({"": 5, "yes": 9, "not": 1})
        if kind == "not":
            return {"notProtocol": self.dice.pick(("TCP", "UDP", 17, "ICMP"))}
        protocol = self.dice.weighted({"TCP": 8, "UDP": 5, 6: 1, 17: 1, "ICMP": 1, "SCTP": 1})
        return {"protocol": protocol} if kind else {}

    def _ports(self) -> Object:
        kind = self.dice.weighted({"none": 4, "ports": 6, "notPorts": 2})
        if kind == "none":
            return {}
        return {kind: [self._port() for _ in self.dice.times(1, 3)]}

    def _port(self) -> int | str:
        number = self.dice.pick(POINTS)[1]
        kind = self.dice.weighted({"number": 5, "name": 4, "range": 3})
        if kind == "name":
            return self.dice.pick((*PORT_NAMES, "nobodys"))
        return number if kind == "number" else self.dice.pick((f"1:{number}", f"{number}:65535", "53:5432", "81:8079"))

    def _peer(self, rule: Object, direction: str) -> Object:
        dice = self.dice
        kinds = {"anyone": 3, "selectors": 10, "nets": 5, "selectors and nets": 2, "service": 2, "global": 2}
        kind = dice.weighted(kinds)
        if kind == "service" and (direction == "ingress" or "notProtocol" not in rule):
            return {"services": self._service()}
        entity: Object = {}
        if kind == "global":
            entity["namespaceSelector"] = "global()"
            return entity | ({"selector": selectors.calico(dice, POD_LABELS)} if dice.chance(0.7) else {})
        if "selectors" in kind:
            entity |= self._selectors()
        if "nets" in kind:
            entity |= self._nets()
        return entity

    def _subject(self) -> Object:
        """A rule may narrow whom it is about, besides the policy's own selector."""
        dice = self.dice
        return dice.pick(({"selector": self._selector()}, {"notSelector": self._selector()}, self._nets()))

    def _selectors(self) -> Object:
        dice = self.dice
        selectors: Object = {}
        while not selectors:
            if dice.chance(0.55):
                selectors["selector"] = self._selector()
            if dice.chance(0.4):
                selectors["namespaceSelector"] = self._space_selector()
            if dice.chance(0.25):
                selectors["notSelector"] = self._selector()
            if dice.chance(0.25):
                selectors["serviceAccounts"] = self._accounts()
        return selectors

    def _nets(self) -> Object:
        dice = self.dice
        addresses: Object = {}
        if dice.chance(0.75):
            addresses["nets"] = sorted({self.places.net(dice) for _ in dice.times(1, 3)})
        if not addresses or dice.chance(0.3):
            addresses["notNets"] = sorted({self.places.net(dice) for _ in dice.times(1, 2)} - {"0.0.0.0/0"})
        return {field: nets for field, nets in addresses.items() if nets}

    def _service(self) -> Object:
        metadata = self.dice.pick(self.given.services)["metadata"]
        return {"name": metadata["name"], "namespace": metadata["namespace"]}

    def _accounts(self) -> Object:
        kind = self.dice.pick(("names", "selector", "both"))
        names = {"names": self.dice.some(self.accounts, 2)} if kind != "selector" else {}
        return names | ({"selector": self._account_selector()} if kind != "names" else {})

    def _selector(self) -> str:
        labels: Any = self.labels if self.dice.chance(0.2) else POD_LABELS
        return selectors.calico(self.dice, labels)

    def _space_selector(self) -> str:
        names: Labels = {self.dice.pick(SPACE_NAMES): self.given.spaces}
        return selectors.calico(self.dice, names if self.dice.chance(0.25) else SPACE_LABELS)

    def _account_selector(self) -> str:
        return selectors.calico(self.dice, ACCOUNT_LABELS, depth=1)


def tier(name: str, dice: Dice) -> Object:
    """A tier of a random order, before the one that is always there, or after it."""
    spec: Object = {"order": dice.pick((10, 10, 200, 2_000_000))}
    if dice.chance(0.7):
        spec["defaultAction"] = dice.pick(("Deny", "Pass", "Pass"))
    return {"apiVersion": API, "kind": "Tier", "metadata": {"name": f"{PREFIX}{name}"}, "spec": spec}
