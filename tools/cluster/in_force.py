"""Policies put into the cluster, and seen to be in force before anything is tried.

A policy takes effect some time after the API took it. So each change ends with a change of four markers, one of each
kind of Calico's objects, and two pods that are under the markers alone, one on each node, are asked until they show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from kubernetes import dynamic

from tools.cluster import calico
from tools.cluster.crowd import BEACON_PORTS, BEACONS, Crowd
from tools.cluster.kube import Kube, explain, until
from tools.cluster.trouble import CannotRunError
from tools.fuzz.calico import API, DEFAULT_TIER
from tools.fuzz.compare import Attempt
from tools.fuzz.topology import PREFIX, Object

GUARD_TIER = f"{PREFIX}guard"
# Before anything that is random.
GUARD_ORDER = -1_000_000
# The cluster's own pods: a random policy that cut off Calico's API could not be taken away again.
SPARED = ("kube-system", "calico-system", "calico-apiserver", "local-path-storage")
NOBODY = "198.51.100.1/32"
BEACON_NAMES = tuple(f"{BEACONS}/beacon-{index}" for index in (0, 1))
KINDS = (
    ("networking.k8s.io/v1", "NetworkPolicy"),
    (API, "NetworkPolicy"),
    (API, "GlobalNetworkPolicy"),
    (API, "NetworkSet"),
    (API, "GlobalNetworkSet"),
)


@dataclass
class Enforcer:
    """What is in force in a cluster. `turn` counts the changes; `tiers`: whether the cluster has tiers."""

    crowd: Crowd
    tiers: bool = False
    turn: int = 0
    there: list[Object] = field(default_factory=list)

    @property
    def kube(self) -> Kube:
        """The cluster's API."""
        return self.crowd.kube

    def set_up(self) -> None:
        """The guard and the first markers."""
        self.tiers = "tiers" in calico.resources(self.kube.api)
        if self.tiers:
            self._create(guard_tier())
        for body in (guard(self.tier), *self._markers()):
            self._create(body)
        self._wait()

    @property
    def tier(self) -> str:
        """Where the guard and the markers are."""
        return GUARD_TIER if self.tiers else DEFAULT_TIER

    def enforce(self, policies: Iterable[Object]) -> None:
        """Have these and no others in force."""
        wanted = list(policies)
        going = [body for body in self.there if body not in wanted]
        coming = [body for body in wanted if body not in self.there]
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(self._delete, going))
            self.there = [body for body in self.there if body not in going]
            for body in (it for it in coming if it["kind"] == "Tier"):
                self._create(body)
            list(pool.map(self._create, [it for it in coming if it["kind"] != "Tier"]))
        self.there += coming
        self.turn += 1
        for body in self._markers():
            self._replace(body)
        self._wait()

    def tear_down(self) -> None:
        """Take away everything that has our names, whoever made it; tiers last, because they must be empty."""
        kinds = (*KINDS, (API, "Tier")) if "tiers" in calico.resources(self.kube.api) else KINDS
        for api, kind in kinds:
            resource = self.kube.kind(api, kind)
            for item in resource.get().items:
                if item.metadata.name.startswith((PREFIX, f"default.{PREFIX}")):
                    self.kube.delete(api, kind, item.metadata.name, item.metadata.namespace)
        self.there = []

    def _markers(self) -> list[Object]:
        beacons = [self.crowd.addresses[name] for name in BEACON_NAMES]
        return markers(self.turn, self.tier, beacons)

    def _wait(self) -> None:
        wanted = {attempt: attempt.port in shown(self.turn) for attempt in _signals()}
        until("the markers show that policies are in force", 40, lambda: self._seen() == wanted, every=0.05)

    def _seen(self) -> Mapping[Attempt, bool]:
        return self.crowd.ask(_signals(), 0.3)[0]

    def _create(self, body: Object) -> None:
        resource, space = self._resource(body), body["metadata"].get("namespace")
        try:
            try:
                resource.create(body=body, namespace=space)
            except dynamic.exceptions.ConflictError:
                self._delete(body)
                resource.create(body=body, namespace=space)
        except dynamic.exceptions.DynamicApiError as error:
            raise CannotRunError(f"{body['kind']} {body['metadata']['name']} was refused: {explain(error)}") from error

    def _replace(self, body: Object) -> None:
        meta = body["metadata"]
        merge = "application/merge-patch+json"
        self._resource(body).patch(body=body, name=meta["name"], namespace=meta.get("namespace"), content_type=merge)

    def _delete(self, body: Object) -> None:
        meta = body["metadata"]
        self.kube.delete(body["apiVersion"], body["kind"], meta["name"], meta.get("namespace"))

    def _resource(self, body: Object) -> Any:
        return self.kube.kind(body["apiVersion"], body["kind"])


def _signals() -> tuple[Attempt, ...]:
    one, other = BEACON_NAMES
    return tuple(Attempt(*pair, "TCP", port) for pair in ((one, other), (other, one)) for port in BEACON_PORTS)


def shown(turn: int) -> set[int]:
    """The ports on which a beacon answers once the markers of that turn are in force."""
    a, b, c, d, e, f = BEACON_PORTS
    return {b, d, e, f} if turn % 2 else {a, c}


def markers(turn: int, tier: str, beacons: Sequence[str]) -> list[Object]:
    """Four objects that show one by one, at the beacons' ports, whether they are in force.

    `beacons`: their addresses. The sets hold no other: a random rule may mean every network set that there is.
    """
    a, b, c, d, e, f = BEACON_PORTS
    odd = turn % 2
    nets = [f"{address}/32" for address in beacons] if odd else [NOBODY]
    everywhere = [
        _rule("Allow", [b if odd else a]),
        _rule("Deny", [a, b]),
        _rule("Allow", [e], namespaceSelector="global()", selector="fuzz-beacon == 'wide'"),
        _rule("Deny", [e]),
    ]
    within = [
        _rule("Allow", [d if odd else c]),
        _rule("Allow", [f], selector="fuzz-beacon == 'narrow'"),
        _rule("Deny", []),
    ]
    return [
        _set("GlobalNetworkSet", "wide", nets),
        _set("NetworkSet", "narrow", nets),
        _policy("NetworkPolicy", tier, GUARD_ORDER + 1, within),
        _policy("GlobalNetworkPolicy", tier, GUARD_ORDER, everywhere),
    ]


def _rule(action: str, ports: list[int], **source: str) -> Object:
    to = {"destination": {"ports": list(ports)}} if ports else {}
    return {"action": action, "protocol": "TCP"} | to | ({"source": dict(source)} if source else {})


def _set(kind: str, label: str, nets: list[str]) -> Object:
    metadata: Object = {"name": f"{PREFIX}marker", "labels": {"fuzz-beacon": label}}
    if kind == "NetworkSet":
        metadata["namespace"] = BEACONS
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": {"nets": nets}}


def _policy(kind: str, tier: str, order: int, ingress: list[Object]) -> Object:
    metadata: Object = {"name": _named("marker", tier)}
    if kind == "NetworkPolicy":
        metadata["namespace"] = BEACONS
    spec = {
        "tier": tier,
        "order": order,
        "selector": "fuzz-beacon == 'true'",
        "types": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": [{"action": "Allow"}],
    }
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


def guard_tier() -> Object:
    """A tier before all that are random; what it does not decide goes on to them."""
    spec = {"order": 1, "defaultAction": "Pass"}
    return {"apiVersion": API, "kind": "Tier", "metadata": {"name": GUARD_TIER}, "spec": spec}


def guard(tier: str) -> Object:
    """The policy that lets the cluster's own pods go on with their work."""
    names = ", ".join(f"'{name}'" for name in SPARED)
    spec = {
        "tier": tier,
        "order": GUARD_ORDER,
        "selector": f"projectcalico.org/namespace in {{{names}}}",
        "types": ["Ingress", "Egress"],
        "ingress": [{"action": "Allow"}],
        "egress": [{"action": "Allow"}],
    }
    return {"apiVersion": API, "kind": "GlobalNetworkPolicy", "metadata": {"name": _named("guard", tier)}, "spec": spec}


def _named(name: str, tier: str) -> str:
    """A policy outside the default tier must have the tier's name before its own."""
    return f"{PREFIX}{name}" if tier == DEFAULT_TIER else f"{tier}.{name}"
