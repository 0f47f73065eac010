"""What is put into the cluster and beside it, as data. Pure: nothing here talks to anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from tools.reach.flows.read import FlowPod, Specification

RESOLVER = "203.0.113.53"
METADATA = "169.254.169.254"
MOUNT = "/sark"
STAND_IN = "sark-network/stand-in"
_FORWARD = re.compile(r"^(\s*)forward \. [^\n{]*(\{[^}]*\})?", re.MULTILINE)
_CACHE = re.compile(r"^\s*cache \d+ *(\{[^}]*\})?\n", re.MULTILINE)


def world(spec: Specification) -> dict[str, Any]:
    """The argument of in_pods/internet.py: the zone, its addresses, and every port that a row tries there."""
    outside = [flow for flow in spec.flows if flow.target.kind in ("internet", "address", "metadata")]
    named = {flow.target.name for flow in outside if flow.target.kind == "address"}
    ports = {flow.port for flow in outside if flow.speak != "dns"}
    addresses = ({*spec.internet.values(), METADATA} | named) - {RESOLVER}
    return {"addresses": sorted(addresses), "resolver": RESOLVER, "zone": dict(spec.internet), "ports": sorted(ports)}


def routes(spec: Specification) -> list[str]:
    """The addresses that the nodes send to the test internet's container, each as a route of its own."""
    return [f"{address}/32" for address in sorted({*world(spec)["addresses"], RESOLVER})]


def corefile(text: str) -> str:
    """A Corefile whose every outside question goes to the test internet, and none into a cache.

    Replaces the forward to the machine's own resolvers, so that no test can be answered by the real internet.
    """
    if not _FORWARD.search(text):
        raise ValueError("the Corefile has no line `forward . …` to point at the test internet")
    return _CACHE.sub("", _FORWARD.sub(rf"\1forward . {RESOLVER}", text))


def stand_ins(spec: Specification, scripts: Mapping[str, str], image: str) -> Iterator[dict[str, Any]]:
    """Namespaces, their programs in each, and a pod for each name in the specification that SARK does not ship."""
    namespaces = sorted({pod.namespace for pod in spec.pods.values()})
    for name in namespaces:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for name in namespaces:
        metadata = {"name": "sark-guests", "namespace": name}
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(scripts)}
    for index, pod in enumerate(pod for pod in spec.pods.values() if not pod.shipped):
        yield _pod(pod, image, on_control_plane=index % 2 == 1)


def _pod(pod: FlowPod, image: str, *, on_control_plane: bool) -> dict[str, Any]:
    """Every other pod on the control plane: half of the flows then cross from node to node."""
    placement = {"node-role.kubernetes.io/control-plane": ""} if on_control_plane else {}
    # The command sleeps while probe.py runs beside it, and `true` or `false` decides whether Services may use the pod.
    container = {
        "name": "stand-in",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", f"{MOUNT}/answer.py", pod.name, *map(str, pod.ports)],
        "readinessProbe": {"exec": {"command": ["true" if pod.ready else "false"]}, "periodSeconds": 2},
        "volumeMounts": [{"name": "guests", "mountPath": MOUNT}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod.name,
            "namespace": pod.namespace,
            "labels": dict(pod.labels),
            "annotations": {STAND_IN: "true"},
        },
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "nodeSelector": placement,
            "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}],
            "containers": [container],
            "volumes": [{"name": "guests", "configMap": {"name": "sark-guests"}}],
        },
    }


def policy(name: str, namespace: str, selector: Mapping[str, Any], *, allow: bool) -> dict[str, Any]:
    """A NetworkPolicy that allows everything, both ways, or denies everything coming in."""
    everything = {"policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": dict(selector)} | (everything if allow else {"policyTypes": ["Ingress"]}),
    }


def without_certificates(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Calico's API server without the certificate that its users are to make by hand: it signs one of its own.

    Source: the manifest apiserver.yaml of Calico 3.30, whose Deployment mounts a Secret that is nowhere in it.
    """
    if body["kind"] == "APIService" and "caBundle" not in body["spec"]:
        return {**body, "spec": {**body["spec"], "insecureSkipTLSVerify": True}}
    if body["kind"] != "Deployment":
        return body
    changed: dict[str, Any] = deepcopy(dict(body))
    for volume in changed["spec"]["template"]["spec"].get("volumes", []):
        if volume.get("secret", {}).get("secretName") == "calico-apiserver-certs":
            del volume["secret"]
            volume["emptyDir"] = {}
    return changed
