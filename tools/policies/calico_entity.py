"""Who a Calico rule's source or destination is: the fields of an entity hold together.

Source: libcalico-go updateprocessors/rules.go, getEndpointSelector. Selectors match workloads and network sets alike.
In a namespaced policy any of selector, notSelector and serviceAccounts confines the entity to the own namespace, unless
namespaceSelector says another; nets alone confine it to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from tools.findings.model import Severity
from tools.manifests.fields import Dropped, calico, cidr, items, mapping, text, texts
from tools.manifests.node import Node
from tools.policies.calico_expression import All, Comparison, Expression
from tools.policies.mentions import CALICO_ACCOUNT, CALICO_NAMESPACE, CALICO_ORCHESTRATOR
from tools.reach.peers.label_index import Labelled
from tools.reach.peers.sets import Match, certainly, indexes
from tools.reach.peers.universe import Universe

FIELDS = (
    *("nets", "notNets", "selector", "notSelector", "namespaceSelector", "serviceAccounts"),
    *("ports", "notPorts", "services", "domains"),
)
SELECTORS = ("selector", "notSelector", "namespaceSelector")
DOMAINS = "only Calico Enterprise and Cloud know domains; open-source Calico drops them and matches every address"
# All of these mean every pod, whatever its labels.
_EVERY_POD: tuple[Expression | None, ...] = (None, All(), Comparison(CALICO_ORCHESTRATOR, "==", ("k8s",)))


@dataclass(frozen=True, slots=True)
class Selection:
    """The selectors of an entity. `space` confines it to a namespace, "" to none.

    `excluded` is its notSelector. Beside anything positive it belongs to one set with it, whose members are tried one
    by one: an address is in when any pod or network set that has it is.
    Source: felix calc/rule_scanner.go, combineMatchesIfPossible.
    """

    spaces: Expression | None
    chosen: Expression | None
    names: tuple[str, ...]
    accounts: Expression | None
    space: str
    excluded: Expression | None = None

    @property
    def given(self) -> bool:
        """Whether it says anything positive."""
        return bool(self.spaces or self.chosen or self.names or self.accounts or self.space)

    @property
    def every_pod(self) -> bool:
        """Whether it is every pod there may be."""
        trivial = self.spaces in _EVERY_POD and self.chosen in _EVERY_POD
        return trivial and not (self.names or self.accounts or self.space or self.excluded)

    def of(self, labelled: Labelled) -> int:
        """The things that it matches."""
        found = labelled.all
        if self.spaces:
            found &= labelled.matched(self.spaces, "pcns.", CALICO_NAMESPACE)
        elif self.space:
            found &= labelled.valued(CALICO_NAMESPACE, (self.space,))
        if self.chosen:
            found &= labelled.matched(self.chosen)
        if self.accounts:
            found &= labelled.matched(self.accounts, "pcsa.")
        if self.names:
            found &= labelled.valued(CALICO_ACCOUNT, self.names)
        if self.excluded:
            found &= ~labelled.matched(self.excluded)
        return found


def who(node: Node, universe: Universe, space: str, dropped: Dropped) -> Match:
    """Everybody that an entity matches, its services and ports aside. `space`: the policy's namespace, "" if none."""
    dropped.known(node, FIELDS)
    dropped.known(node["serviceAccounts"], ("names", "selector"))
    dropped.known(node["services"], ("name", "namespace"))
    found = certainly(universe.everyone)
    if (selection := _selection(node, space)).given:
        matched = _matched(universe, selection)
        if not matched.may & ~universe.ingress and universe.classes:
            written = " and ".join(node[key].text() for key in SELECTORS if node[key].text())
            dropped.matches_nobody(node, written or "serviceAccounts", "workload and no network set")
        found = found.both(matched)
    elif excluded := selection.excluded:
        found = found.both(_matched(universe, Selection(None, excluded, (), None, "")).outside(universe.everyone))
    if nets := items(node["nets"]):
        found = found.both(universe.at_any(map(cidr, nets)))
    if nets := items(node["notNets"]):
        found = found.both(universe.outside_all(map(cidr, nets)))
    return Match(0, found.may) if items(node["domains"]) else found


def naming(node: Node, universe: Universe, space: str) -> int | None:
    """The pods whose names of ports count: those that an entity's selectors match by their own labels; None: all.

    A pod that is meant by its address alone, in a network set, is not asked for the names of its ports.
    Source: felix calc/rule_scanner.go, namedPortsToIPSets.
    """
    selection = _selection(node, space)
    return selection.of(universe.calico) if selection.given else None


def _selection(node: Node, space: str) -> Selection:
    accounts = mapping(node["serviceAccounts"])
    spaces, chosen = calico(node["namespaceSelector"]), calico(node["selector"])
    names, by_label = texts(accounts["names"]), calico(accounts["selector"])
    excluded = calico(node["notSelector"])
    confined = not spaces and bool(chosen or names or by_label or excluded)
    return Selection(spaces, chosen, names, by_label, space if confined else "", excluded)


def _matched(universe: Universe, selection: Selection) -> Match:
    """Pods by their labels, and the addresses of the network sets that match."""
    chosen = selection.of(universe.networks)
    found = universe.at_any(net for index in indexes(chosen) for net in universe.sets[index].nets)
    pods = selection.of(universe.calico) & universe.pods
    controller = universe.ingress
    return found.either(Match(pods | (controller if selection.every_pod else 0), pods | controller))


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
