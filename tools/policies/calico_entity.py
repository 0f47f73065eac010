"""Who a Calico rule's source or destination is: the fields of an entity hold together.

Source: libcalico-go updateprocessors/rules.go, getEndpointSelector. Selectors match workloads and network sets alike.
In a namespaced policy any of selector, notSelector and serviceAccounts confines the entity to the own namespace, unless
namespaceSelector says another; nets alone confine it to nothing.
"""

from __future__ import annotations

from tools.findings.model import Severity
from tools.manifests.fields import Dropped, cidr, items, mapping, text, texts
from tools.manifests.node import Node
from tools.policies.calico_fields import calico
from tools.policies.endpoints import Endpoints
from tools.reach.peers.sets import Match, certainly, indexes
from tools.reach.peers.universe import Universe

FIELDS = (
    *("nets", "notNets", "selector", "notSelector", "namespaceSelector", "serviceAccounts"),
    *("ports", "notPorts", "services", "domains"),
)
SELECTORS = ("selector", "notSelector", "namespaceSelector")
DOMAINS = "only Calico Enterprise and Cloud know domains; open-source Calico drops them and matches every address"


def who(node: Node, universe: Universe, space: str, dropped: Dropped) -> Match:
    """Everybody that an entity matches, its services and ports aside. `space`: the policy's namespace, "" if none."""
    dropped.known(node, FIELDS)
    dropped.known(node["serviceAccounts"], ("names", "selector"))
    dropped.known(node["services"], ("name", "namespace"))
    match = certainly(universe.everyone)
    if (selection := _selection(node, space)).positive:
        matched = _matched(universe, selection, space)
        if not matched.may & ~universe.ingress and universe.classes:
            written = " and ".join(node[key].text() for key in SELECTORS if node[key].text())
            dropped.matches_nobody(node, written or "serviceAccounts", "workload and no network set")
        match = match.both(matched)
    elif excluded := selection.excluded:
        match = match.both(_matched(universe, Endpoints(chosen=excluded), space).outside(universe.everyone))
    if nets := items(node["nets"]):
        match = match.both(universe.at_any(map(cidr, nets)))
    if nets := items(node["notNets"]):
        match = match.both(universe.outside_all(map(cidr, nets)))
    return Match(0, match.may) if items(node["domains"]) else match


def naming(node: Node, universe: Universe, space: str) -> int | None:
    """The pods whose names of ports count: those that an entity's selectors match by their own labels; None: all.

    A pod that is meant by its address alone, in a network set, is not asked for the names of its ports.
    Source: felix calc/rule_scanner.go, namedPortsToIPSets.
    """
    selection = _selection(node, space)
    return universe.calico.matched(selection.expression(space)) if selection.positive else None


def _selection(node: Node, space: str) -> Endpoints:
    accounts = mapping(node["serviceAccounts"])
    spaces, chosen = calico(node["namespaceSelector"]), calico(node["selector"])
    names, by_label = texts(accounts["names"]), calico(accounts["selector"])
    excluded = calico(node["notSelector"])
    confined = bool(space) and not spaces and bool(chosen or names or by_label or excluded)
    return Endpoints(confined, spaces, chosen, names, by_label, excluded)


def _matched(universe: Universe, selection: Endpoints, space: str) -> Match:
    """Pods by their labels, and the addresses of the network sets that match."""
    expression = selection.expression(space)
    chosen = universe.networks.matched(expression)
    match = universe.at_any(net for index in indexes(chosen) for net in universe.sets[index].nets)
    pods = universe.calico.matched(expression) & universe.pods
    controller = universe.ingress
    return match.either(Match(pods | (controller if selection.every_pod else 0), pods | controller))


def families(node: Node) -> set[int]:
    """The IP versions of which a rule can hold packets: each list of networks, negated or not, must have one of it.

    Source: felix rules/policy.go, FilterRuleToIPVersion: a rule whose list has none of a family is not rendered for it.
    """
    found = {4, 6}
    for key in ("nets", "notNets"):
        if nets := items(node[key]):
            found &= {cidr(net).version for net in nets}
    return found


def service(node: Node, space: str, dropped: Dropped) -> tuple[str, str] | None:
    """The namespace and name of the Service that an entity names; None when it names none."""
    services = mapping(node["services"])
    if not services.present:
        return None
    named, namespace = text(services["name"]), text(services["namespace"]) or space
    if services["namespace"].empty:
        message = (
            "a Service without its namespace is the policy's own to the API, and nobody's to some of Calico's versions"
        )
        dropped.notes.append(services.problem(f"{message}; write namespace: {space}", Severity.NOTE))
    return namespace, named
