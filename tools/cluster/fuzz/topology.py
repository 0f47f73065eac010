"""Random clusters: namespaces, service accounts, pods with named ports, and services.

Every pod listens on every one of `POINTS`, whatever ports it names: what decides is the policies alone. Names of ports
mean another number, or another protocol, from pod to pod.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tools.cluster.fuzz.dice import Dice

Object = dict[str, Any]
Labels = Mapping[str, tuple[str, ...]]

# Where every pod answers. One number is in both protocols.
POINTS: tuple[tuple[str, int], ...] = (
    ("TCP", 80),
    ("TCP", 5432),
    ("TCP", 8080),
    ("UDP", 53),
    ("UDP", 8080),
)
PORT_NAMES = ("http", "db", "dns", "alt")
PREFIX = "fuzz-"

# What labels may say. Values begin with, end with and contain others.
POD_LABELS: Labels = {
    "app": ("api", "api-v2", "my-api", "web"),
    "tier": ("front", "back"),
    "sark.io/role": ("reader", "writer"),
}
SPACE_LABELS: Labels = {"team": ("red", "blue"), "env": ("prod", "prod-eu", "dev")}
ACCOUNT_LABELS: Labels = {"level": ("low", "high")}
SERVICE_LABEL = "behind"


@dataclass(frozen=True, slots=True)
class Topology:
    """One cluster, as plain objects. A pod's container has no image and no command: whoever creates it adds them."""

    namespaces: tuple[Object, ...]
    accounts: tuple[Object, ...]
    services: tuple[Object, ...]
    pods: tuple[Object, ...]

    @property
    def objects(self) -> tuple[Object, ...]:
        """Everything, in an order in which it can be created."""
        return (*self.namespaces, *self.accounts, *self.services, *self.pods)

    @property
    def spaces(self) -> tuple[str, ...]:
        """The names of the namespaces."""
        return tuple(space["metadata"]["name"] for space in self.namespaces)


def key(pod: Object) -> str:
    """`namespace/name`."""
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def host_network(pod: Object) -> bool:
    """Whether the pod is on its node's network."""
    return bool(pod["spec"].get("hostNetwork"))


def topology(seed: object, pods: int = 14, spaces: int = 4) -> Topology:
    """A cluster with that many pods, one of them on the host's network, in that many namespaces."""
    dice = Dice("topology", seed)
    names = [f"{PREFIX}{letter}" for letter in "abcdefgh"[:spaces]]
    accounts = tuple(_account(space, name, dice) for space in names for name in ("keeper", "guest"))
    made = [_pod(f"p{index}", names[index % spaces], dice, host=index == pods - 1) for index in range(pods)]
    services = tuple(
        _service(name, names[index % spaces], dice) for index, name in enumerate(("first", "second", "third"))
    )
    empty = Topology(tuple(_space(name) for name in names), accounts, services, tuple(made))
    return relabelled(empty, seed)


def relabelled(given: Topology, seed: object) -> Topology:
    """The same cluster with other labels: pods stay as they are, and a service keeps the pods that it has."""
    dice = Dice("labels", seed)
    spaces = tuple(_labelled(space, dice, SPACE_LABELS, 0.75) for space in given.namespaces)
    return replace(given, namespaces=spaces, pods=tuple(_labelled(pod, dice, POD_LABELS, 0.75) for pod in given.pods))


def _labelled(thing: Object, dice: Dice, universe: Labels, share: float) -> Object:
    kept = {SERVICE_LABEL: thing["metadata"].get("labels", {}).get(SERVICE_LABEL)}
    made = {name: dice.pick(values) for name, values in universe.items() if dice.chance(share)}
    labels = made | {name: value for name, value in kept.items() if value}
    return {**thing, "metadata": {**thing["metadata"], "labels": labels}}


def _space(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _account(space: str, name: str, dice: Dice) -> Object:
    labels = {label: dice.pick(values) for label, values in ACCOUNT_LABELS.items() if dice.chance(0.8)}
    metadata = {"name": name, "namespace": space, "labels": labels}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def _pod(name: str, space: str, dice: Dice, *, host: bool) -> Object:
    # Points are drawn without repetition: two names of one port are refused on the host's network.
    points = dice.some(POINTS, len(PORT_NAMES))
    ports = [
        {"name": label, "containerPort": port, "protocol": protocol}
        for label, (protocol, port) in zip(dice.some(PORT_NAMES, len(points)), points, strict=False)
    ]
    if host:
        ports = [port | {"hostPort": port["containerPort"]} for port in ports]
    labels = {SERVICE_LABEL: dice.pick(("one", "two"))} if dice.chance(0.6) else {}
    spec: Object = {
        "serviceAccountName": dice.pick(("default", "keeper", "guest")),
        "containers": [{"name": "guest", "ports": ports}],
    }
    metadata = {"name": name, "namespace": space, "labels": labels}
    if host:
        spec["hostNetwork"] = True
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _service(name: str, space: str, dice: Dice) -> Object:
    """Behind it are the pods of its namespace with one of the two values of `behind`."""
    points = dice.some(POINTS, 2)
    ports = [
        {"name": f"p{index}", "protocol": protocol, "port": 1000 + index, "targetPort": _target(port, dice)}
        for index, (protocol, port) in enumerate(points)
    ]
    selector = {SERVICE_LABEL: dice.pick(("one", "two"))}
    metadata = {"name": name, "namespace": space}
    spec = {"selector": selector, "ports": ports} | ({"clusterIP": "None"} if dice.chance(0.2) else {})
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _target(port: int, dice: Dice) -> int | str:
    return dice.pick(PORT_NAMES) if dice.chance(0.25) else port
