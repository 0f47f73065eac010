"""Checks that a cluster's API server can be reached by those who must reach it: its nodes and its administrators."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.addresses import network
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.model import everywhere
from tools.terraform.clouds.stores import NO, YES
from tools.terraform.language.model import Module, ResourceInstance, UnknownValue, Value

_AKS_LISTS = ("api_server_access_profile.authorized_ip_ranges", "api_server_authorized_ip_ranges")


def control_planes_can_be_reached(module: Module) -> Iterator[Problem]:
    """A cluster's API server can be reached by its nodes, and its settings go together.

    An EKS cluster has a public endpoint, a private one or both, by default only the public one: with a list of
    addresses on that and no private one, nodes must come from an address of the list. GKE refuses a private endpoint
    without authorized networks, which may be an empty block, and AKS authorized ranges for a private cluster.
    Write endpoint_private_access = true beside a list of addresses, and the block that the message names.
    Source: Amazon EKS user guide, cluster API server endpoint; GKE, private clusters; Azure Kubernetes Service,
    authorized IP address ranges, limitations.
    """
    for cluster in module.everything("aws_eks_cluster"):
        yield from _eks(cluster)
    for cluster in module.everything("google_container_cluster"):
        yield from _gke(cluster)
    for cluster in module.everything("azurerm_kubernetes_cluster"):
        yield from _aks(cluster)


def _eks(cluster: ResourceInstance) -> Iterator[Problem]:
    blocks = cluster.body.each("vpc_config")
    if not blocks or blocks[0].doubt:
        return
    private, public = (_setting(cluster, f"vpc_config.endpoint_{name}_access") for name in ("private", "public"))
    if private and private.data in YES:
        return
    cidrs = [item for value in cluster.body.find("vpc_config.public_access_cidrs") for item in value.items()]
    nets = [network(item.data) if isinstance(item.data, str) else None for item in cidrs]
    closed = public is not None and public.data in NO
    narrow = bool(nets) and all(net and not everywhere(net) for net in nets)
    if private and isinstance(private.data, UnknownValue):
        if closed or narrow:
            yield cannot_tell(private.where, private.data, "nodes may be unable to reach the API server")
    elif closed and public:
        message = "the API server has no endpoint; write endpoint_private_access = true"
        yield Problem(public.where, message)
    elif narrow:
        message = (
            "nodes can reach the API server only by its public endpoint, and only from an address in this list; write "
            "endpoint_private_access = true"
        )
        yield Problem(cidrs[0].where, message, Severity.WARNING)


def _gke(cluster: ResourceInstance) -> Iterator[Problem]:
    value = _setting(cluster, "private_cluster_config.enable_private_endpoint")
    lists = [
        *cluster.body.each("master_authorized_networks_config"),
        *cluster.body.each("control_plane_endpoints_config"),
    ]
    if value and not lists and isinstance(value.data, UnknownValue):
        yield cannot_tell(value.where, value.data, "a private endpoint needs master_authorized_networks_config")
    elif value and not lists and value.data in YES:
        message = "a private endpoint needs authorized networks; write master_authorized_networks_config {}"
        yield Problem(value.where, message, Severity.WARNING)


def _aks(cluster: ResourceInstance) -> Iterator[Problem]:
    private = _setting(cluster, "private_cluster_enabled")
    listed = [item for path in _AKS_LISTS for value in cluster.body.find(path) for item in value.items()]
    if private and listed and private.data in YES:
        message = "a private cluster does not accept authorized ranges; remove them"
        yield Problem(listed[0].where, message)
    elif private and listed and isinstance(private.data, UnknownValue):
        yield cannot_tell(private.where, private.data, "a private cluster does not accept authorized ranges")


def _setting(cluster: ResourceInstance, path: str) -> Value | None:
    return next(iter(cluster.body.find(path)), None)


CHECKS: tuple[Check[Module], ...] = (control_planes_can_be_reached,)
SEVERITIES: Severities = {
    control_planes_can_be_reached: (Severity.ERROR, Severity.WARNING, Severity.NOTE),
}
