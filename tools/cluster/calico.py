"""Calico: installed from its manifest, and shown to be what enforces."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client

from tools.cluster import plan
from tools.cluster.errors import CannotRunError
from tools.cluster.kube import Kube, until
from tools.manifests.documents import LOADER

V3 = "projectcalico.org/v3"


def read(manifests: str) -> list[Mapping[str, Any]]:
    """The objects of manifests, files or addresses with commas between, made fit for a cluster of some minutes."""
    bodies = [body for manifest in manifests.split(",") for body in _objects(manifest, _text(manifest))]
    return [plan.without_certificates(body) for body in bodies]


def _text(manifest: str) -> str:
    try:
        if manifest.startswith(("https://", "http://")):
            with urllib.request.urlopen(manifest, timeout=60) as reply:
                return str(reply.read().decode("utf-8"))
        return Path(manifest).read_text(encoding="utf-8")
    except (OSError, urllib.error.URLError, UnicodeDecodeError) as error:
        raise CannotRunError(f"the Calico manifest {manifest} cannot be read: {error}") from error


def _objects(manifest: str, text: str) -> list[Mapping[str, Any]]:
    try:
        objects = [body for body in yaml.load_all(text, Loader=LOADER) if body]
    except yaml.YAMLError as error:
        raise CannotRunError(f"the Calico manifest {manifest} is not YAML: {error}") from error
    if not objects or not all(isinstance(body, Mapping) and "kind" in body and "metadata" in body for body in objects):
        raise CannotRunError(f"the Calico manifest {manifest} does not hold Kubernetes objects")
    return objects


def wait(kube: Kube, seconds: float = 180) -> None:
    """Every node Ready, every DaemonSet and Deployment whole, and the v3 API served."""
    until("every node is Ready", seconds, lambda: _nodes_ready(kube))
    until("Calico's and the cluster's own pods are ready", seconds, lambda: _workloads_ready(kube))
    until(f"the API {V3} is served", seconds, lambda: resources(kube.api))


def _nodes_ready(kube: Kube) -> bool:
    nodes = kube.core.list_node().items
    return bool(nodes) and all(
        any(condition.type == "Ready" and condition.status == "True" for condition in node.status.conditions)
        for node in nodes
    )


def _workloads_ready(kube: Kube) -> bool:
    apps = kube.apps
    sets = [
        (it.status.desired_number_scheduled, it.status.number_ready)
        for it in apps.list_daemon_set_for_all_namespaces().items
    ]
    deployments = [
        (it.spec.replicas, it.status.ready_replicas) for it in apps.list_deployment_for_all_namespaces().items
    ]
    return bool(sets) and all(desired and desired == ready for desired, ready in sets + deployments)


def resources(api: Any) -> tuple[str, ...]:
    """The resources of projectcalico.org/v3 that the cluster serves; none: the API is not there."""
    group, version = V3.split("/")
    listing = client.CustomObjectsApi(api).get_api_resources(group, version)
    return tuple(resource.name for resource in listing.resources)


def calico_enforces(kube: Kube) -> None:
    """calico-node runs on every node, and kindnet on none: it enforces too, and would hide that Calico does not."""
    daemons = {it.metadata.name: it for it in kube.apps.list_daemon_set_for_all_namespaces().items}
    if "kindnet" in daemons:
        raise CannotRunError(
            "kindnet runs in this cluster and enforces policies: make it with networking.disableDefaultCNI"
        )
    if "calico-node" not in daemons:
        raise CannotRunError("no DaemonSet calico-node runs in this cluster: Calico is not what enforces here")
    ready, nodes = daemons["calico-node"].status.number_ready, len(kube.core.list_node().items)
    if ready != nodes:
        raise CannotRunError(f"calico-node is ready on {ready} of {nodes} nodes")
