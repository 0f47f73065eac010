"""Whom the source or the destination of a Calico rule means, by all of its fields together.

Source: libcalico-go updateprocessors/rules.go, getEndpointSelector. Selectors match workloads and network sets alike.
In a namespaced policy selector, notSelector and serviceAccounts each confine the entity to the policy's own namespace,
unless namespaceSelector names others; nets alone do not.
"""

from __future__ import annotations

from tools.manifests.addresses import ALL_IPV4, ALL_IPV6, network
from tools.manifests.fields import Topic
from tools.manifests.node import Node
from tools.policies.calico_fields import selector, selector_of_others, selector_of_spaces
from tools.policies.calico_refused import calico_cidr
from tools.policies.endpoints import Endpoints
from tools.policies.faults import Effect, Faults
from tools.policies.model import BOTH_FAMILIES, Block, RulePeer

FIELDS = (
    *("nets", "notNets", "selector", "notSelector", "namespaceSelector", "serviceAccounts"),
    *("ports", "notPorts", "services", "domains"),
)
SELECTORS = ("selector", "notSelector", "namespaceSelector")
NOTHING_LEFT = "leaves nothing for the rule to match, and newer releases of Calico refuse it; remove the rule"
DOMAINS = "only Calico Enterprise and Cloud know domains; open-source Calico drops them and matches every address"


def entity(node: Node, rule: Node, clusterwide: bool, faults: Faults) -> RulePeer:
    """Everyone that an entity matches."""
    faults.known(node, FIELDS)
    faults.known(node["serviceAccounts"], ("names", "selector"))
    faults.known(node["services"], ("name", "namespace"))
    before = faults.breaks
    endpoints = _endpoints(node, clusterwide, faults)
    broken = faults.breaks > before
    nets = tuple(Block(item, net) for item in faults.items(node["nets"]) if (net := faults.cidr(item, calico_cidr)))
    not_nets = tuple(net for item in faults.items(node["notNets"]) if (net := faults.cidr(item, calico_cidr)))
    for item in node["notNets"].items():
        if network(item.text()) in (ALL_IPV4, ALL_IPV6):
            faults.add(item, NOTHING_LEFT, Topic.CIDR, Effect.DIFFERS)
    return RulePeer(
        node=node if node.present else rule,
        pods=endpoints if endpoints.positive or endpoints.excluded else None,
        nets=nets,
        not_nets=not_nets,
        service=_service(node["services"], faults),
        domains=tuple(item.text() for item in faults.items(node["domains"])),
        unread=broken or (not node["nets"].empty and not nets),
    )


def _endpoints(node: Node, clusterwide: bool, faults: Faults) -> Endpoints:
    accounts = faults.mapping(node["serviceAccounts"])
    spaces, chosen = selector_of_spaces(node["namespaceSelector"], faults), selector(node["selector"], faults)
    names, by_label = faults.texts(accounts["names"]), selector_of_others(accounts["selector"], faults)
    excluded = selector_of_others(node["notSelector"], faults)
    confined = not clusterwide and not spaces and bool(chosen or names or by_label or excluded)
    return Endpoints(confined, spaces, chosen, names, by_label, excluded)


def families(node: Node) -> frozenset[int]:
    """The IP versions of which a rule can hold packets: each list of networks, negated or not, must have one of it.

    Source: felix rules/policy.go, FilterRuleToIPVersion: a rule whose list has none of a family is not rendered for it.
    """
    versions = BOTH_FAMILIES
    for key in ("nets", "notNets"):
        if nets := [net for text in node[key].texts() if (net := network(text))]:
            versions &= {net.version for net in nets}
    return versions


def _service(node: Node, faults: Faults) -> tuple[str, str] | None:
    """The namespace and name of the Service that an entity names; None when it names none."""
    services = faults.mapping(node)
    if not services.present:
        return None
    return faults.text(services["namespace"]), faults.text(services["name"])
