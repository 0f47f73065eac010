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
from tools.cluster.errors import CannotRunError
from tools.cluster.fuzz.calico import API, DEFAULT_TIER
from tools.cluster.fuzz.compare import Attempt
from tools.cluster.fuzz.topology import PREFIX, Object
from tools.cluster.fuzz_objects import BEACON_NAMES, BEACON_PORTS, GUARD_TIER, guard, guard_tier, markers, shown
from tools.cluster.fuzz_pods import Crowd
from tools.cluster.kube import Kube, explain, until

# What random cases and their markers are made of, and so taken away after each: not all kinds that are read.
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
        """Have these and no others in force. Raises `CannotRunError` when one is refused; then none is there."""
        policies_now = list(policies)
        try:
            self._delete_all([body for body in self.there if body not in policies_now])
            self._create_all([body for body in policies_now if body not in self.there])
        except CannotRunError:
            self._delete_all([*self.there, *policies_now])
            self.there = []
            raise
        self.there = policies_now
        self.turn += 1
        for body in self._markers():
            self._replace(body)
        self._wait()

    def _create_all(self, bodies: Sequence[Object]) -> None:
        """A tier before the policies in it."""
        for group in _apart(bodies):
            with ThreadPoolExecutor(max_workers=8) as pool:
                list(pool.map(self._create, group))

    def _delete_all(self, bodies: Sequence[Object]) -> None:
        """A tier after the policies in it."""
        for group in reversed(_apart(bodies)):
            with ThreadPoolExecutor(max_workers=8) as pool:
                list(pool.map(self._delete, group))

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
        expected = {attempt: attempt.port in shown(self.turn) for attempt in _signals()}
        until("the markers show that policies are in force", 40, lambda: self._seen() == expected, every=0.05)

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


def _apart(bodies: Sequence[Object]) -> tuple[list[Object], list[Object]]:
    """Tiers, and what may be in one."""
    tiers = [body for body in bodies if body["kind"] == "Tier"]
    return tiers, [body for body in bodies if body["kind"] != "Tier"]


def _signals() -> tuple[Attempt, ...]:
    first, other = BEACON_NAMES
    return tuple(Attempt(*pair, "TCP", port) for pair in ((first, other), (other, first)) for port in BEACON_PORTS)
