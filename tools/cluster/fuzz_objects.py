"""What a crowd is made of, and what its enforcer waits for, as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.cluster.fuzz.calico import API, DEFAULT_TIER
from tools.cluster.fuzz.topology import PREFIX, Object, key
from tools.cluster.options import IMAGE
from tools.cluster.plan import MOUNT

# The two pods that tell when policies are in force, and their ports.
BEACONS = f"{PREFIX}beacons"
BEACON_NAMES = tuple(f"{BEACONS}/beacon-{index}" for index in (0, 1))
BEACON_PORTS = tuple(range(7001, 7007))
NOBODY = "198.51.100.1/32"
GUARD_TIER = f"{PREFIX}guard"
# Before anything that is random.
GUARD_ORDER = -1_000_000
# The cluster's own pods: a random policy that cut off Calico's API could not be taken away again.
SPARED = ("kube-system", "calico-system", "calico-apiserver", "local-path-storage")


def bodied(pod: Object, index: int, ports: list[str]) -> Object:
    """The pod with a program in it; every other one is on the control plane's node."""
    name = key(pod)
    container = pod["spec"]["containers"][0] | {
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", f"{MOUNT}/answer.py", name, *ports],
        "volumeMounts": [{"name": "guests", "mountPath": MOUNT}],
    }
    spec = pod["spec"] | {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "nodeSelector": {"node-role.kubernetes.io/control-plane": ""} if index % 2 else {},
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}],
        "containers": [container],
        "volumes": [{"name": "guests", "configMap": {"name": "sark-guests"}}],
    }
    return pod | {"spec": spec}


def beacon(index: int) -> Object:
    """One of the two pods that tell when policies are in force, one on each node."""
    metadata = {"name": f"beacon-{index}", "namespace": BEACONS, "labels": {"fuzz-beacon": "true"}}
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "guest"}]}}
    return bodied(bare, index, [str(port) for port in BEACON_PORTS])


def space(name: str) -> Object:
    """A namespace without labels."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def scripts(place: str, texts: Mapping[str, str]) -> Object:
    """The programs that pods run, in one namespace."""
    metadata = {"name": "sark-guests", "namespace": place}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(texts)}


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
