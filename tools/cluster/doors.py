"""The lock-down's back doors, as objects: what somebody who may write Calico's objects could open it with. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.cluster.options import NAMESPACE

V3 = "projectcalico.org/v3"
STORE = "crd.projectcalico.org/v1"
POD_LABEL = "projectcalico.org/orchestrator"
EVERYWHERE = ("0.0.0.0/1", "128.0.0.0/1")
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BackDoor:
    """An object that would open the lock-down, and what it is called in the results.

    `opens`: it does so in this namespace, where nothing refuses it. Of two policies of one order Calico takes the one
    whose name comes first, and the store's name begins with the namespace.
    """

    name: str
    body: Body
    opens: bool = True


def doors() -> tuple[BackDoor, ...]:
    """Every way in that is known, by the public API and by its backing store."""
    hidden = json.dumps({"labels": {POD_LABEL: "k8s"}})
    escaped = hidden.replace("orchestrator", "\\u006frchestrator")
    return (
        BackDoor("network-set", network_set(V3)),
        BackDoor("global-network-set", network_set(V3, kind="GlobalNetworkSet")),
        BackDoor("network-set-in-another-namespace", network_set(V3, namespace="elsewhere")),
        BackDoor("stored-network-set", network_set(STORE)),
        BackDoor("stored-network-set-by-annotation", network_set(STORE, annotation=hidden)),
        BackDoor("stored-network-set-by-escapes", network_set(STORE, annotation=escaped)),
        BackDoor("calico-policy-of-order-1", policy(V3, 1)),
        BackDoor("calico-policy-of-the-same-order", policy(V3, 900), opens=False),
        BackDoor("stored-calico-policy", policy(STORE, -1)),
    )


def honest() -> tuple[BackDoor, ...]:
    """What looks alike and opens nothing: it must go in, or the admission policies are in everybody's way."""
    return (
        BackDoor("network-set-with-labels-of-its-own", network_set(V3, label="team")),
        BackDoor("calico-policy-of-order-901", policy(V3, 901)),
        BackDoor("calico-policy-without-order", policy(V3, None)),
        BackDoor("calico-policy-of-order-1-elsewhere", policy(V3, 1, namespace="elsewhere")),
    )


def network_set(
    api: str, *, kind: str = "NetworkSet", namespace: str = NAMESPACE, label: str = POD_LABEL, annotation: str = ""
) -> Body:
    """A set of every address that says of itself that it is a pod: by its label, or where Calico stores its labels."""
    metadata: dict[str, Any] = {"name": "back-door"}
    if kind == "NetworkSet":
        metadata["namespace"] = namespace
    if annotation:
        metadata["annotations"] = {"projectcalico.org/metadata": annotation}
    else:
        metadata["labels"] = {label: "k8s"}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": {"nets": list(EVERYWHERE)}}


def policy(api: str, order: float | None, *, namespace: str = NAMESPACE) -> Body:
    """A Calico policy that lets every pod of a namespace go everywhere."""
    # The store's names begin with the tier.
    name = "back-door" if api == V3 else "default.back-door"
    spec: dict[str, Any] = {"selector": "all()", "types": ["Egress"], "egress": [{"action": "Allow"}]}
    if order is not None:
        spec["order"] = order
    return {
        "apiVersion": api,
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def labelled_pods() -> tuple[BackDoor, ...]:
    """Pods that would gain the rights of a part, of the proxy, or of a pod that default-deny leaves out."""
    return (
        BackDoor("pod-as-the-gateway", _pod({"app.kubernetes.io/name": "sark", "app.kubernetes.io/component": "api"})),
        BackDoor("pod-left-out-of-default-deny", _pod({"sark-network/exempt": "true"})),
        BackDoor("deployment-as-the-database", _deployment({"app.kubernetes.io/component": "database"})),
        BackDoor(
            "pod-as-the-proxy",
            _pod(
                {
                    "app.kubernetes.io/name": "sark-network",
                    "app.kubernetes.io/instance": "sark",
                    "app.kubernetes.io/component": "egress-proxy",
                }
            ),
        ),
    )


def pod_without_rights() -> BackDoor:
    """A pod without rights, which anybody may make."""
    return BackDoor("pod-without-rights", _pod({"app": "anything"}))


def _pod(labels: Mapping[str, str]) -> Body:
    metadata = {"name": "labelled", "namespace": NAMESPACE, "labels": dict(labels)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _containers()}


def _deployment(labels: Mapping[str, str]) -> Body:
    every = {"app.kubernetes.io/name": "sark"} | dict(labels)
    template = {"metadata": {"labels": every}, "spec": _containers()}
    spec = {"selector": {"matchLabels": every}, "template": template}
    metadata = {"name": "labelled", "namespace": NAMESPACE}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _containers() -> Body:
    return {"containers": [{"name": "pause", "image": "pause"}]}
