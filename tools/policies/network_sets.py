"""Calico's network sets: addresses with labels, which a rule's selectors match like endpoints.

Source: felix and libcalico-go updateprocessors. A NetworkSet is in its namespace, a GlobalNetworkSet in none: a
namespaced policy sees the second only through `namespaceSelector: global()`. As the peer of a rule a HostEndpoint is
one of the latter kind, of the addresses that it lists in expectedIPs (felix labelindex, extractCIDRsFromHostEndpoint).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from tools.findings.model import Manifest
from tools.manifests.addresses import Net
from tools.manifests.fields import BrokenError, Topic, cidr_or_address, texts_by_key
from tools.manifests.labels import labels_of
from tools.manifests.node import Node, group, root
from tools.policies.calico_expression import holds
from tools.policies.calico_labels import NAMESPACE, Value, seen
from tools.policies.endpoints import Endpoints
from tools.policies.faults import Faults, PolicyFault
from tools.policies.model import Policy, RulePeer

KINDS = {"NetworkSet": True, "GlobalNetworkSet": False}
HOST = "HostEndpoint"
# The groups of Calico's API, and of the store behind it; other APIs have kinds of the same names.
CALICO, STORE = "projectcalico.org", "crd.projectcalico.org"
GROUPS = (CALICO, STORE)
RESERVED = f"{NAMESPACE} is Calico's own label, which a set may not carry; remove it"


@dataclass(frozen=True, slots=True)
class NetworkSet:
    """A set: its labels and its networks. `namespace`: "" when it names none, or is `clusterwide`. `noun`: its kind."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    nets: tuple[Net, ...]
    clusterwide: bool = False
    faults: tuple[PolicyFault, ...] = ()
    noun: str = "network set"


def network_sets(manifests: Iterable[Manifest]) -> Iterator[NetworkSet]:
    """Every NetworkSet, GlobalNetworkSet and HostEndpoint among the manifests."""
    for manifest in manifests:
        if manifest.kind in KINDS and group(manifest) in GROUPS:
            yield _read(manifest)
        elif manifest.kind == HOST and group(manifest) in GROUPS:
            yield _host(manifest)


def _read(manifest: Manifest) -> NetworkSet:
    faults = Faults()
    body = root(manifest)
    faults.known(body["spec"], ("nets",))
    items = faults.items(body["spec"]["nets"])
    nets = tuple(net for item in items if (net := faults.cidr(item, cidr_or_address)))
    metadata = body["metadata"]
    faults.check(_check_labels, metadata["labels"])
    labels = faults.attempt(labels_of(metadata), texts_by_key, metadata["labels"])
    clusterwide = not KINDS[manifest.kind]
    namespace = "" if clusterwide else manifest.namespace
    return NetworkSet(manifest.name, namespace, labels, nets, clusterwide, faults.all)


def _host(manifest: Manifest) -> NetworkSet:
    faults = Faults()
    body = root(manifest)
    items = faults.items(body["spec"]["expectedIPs"])
    nets = tuple(net for item in items if (net := faults.cidr(item, cidr_or_address)))
    labels = faults.attempt(labels_of(body["metadata"]), texts_by_key, body["metadata"]["labels"])
    return NetworkSet(manifest.name, "", labels, nets, clusterwide=True, faults=faults.all, noun="host endpoint")


def _check_labels(node: Node) -> None:
    if NAMESPACE in texts_by_key(node):
        raise BrokenError(node, RESERVED, Topic.CALICO)


def selected(sets: Iterable[NetworkSet], policy: Policy, peer: RulePeer) -> Iterator[NetworkSet]:
    """The sets that a peer's selectors may match; a namespace whose labels nobody gave may have any."""
    endpoints = peer.pods
    if peer.unread or not isinstance(endpoints, Endpoints) or not (endpoints.chosen or endpoints.spaces):
        return
    expression = endpoints.expression(policy.manifest.namespace)
    yield from (item for item in sets if holds(expression, partial(_label, item)) is not False)


def _label(item: NetworkSet, key: str) -> Value:
    namespace = item.namespace if item.namespace or item.clusterwide else None
    return seen(key, item.labels, namespace, "", None, None)
