"""The kinds of network-policy-api against one packet.

AdminNetworkPolicy and BaselineAdminNetworkPolicy are read as apis/v1alpha1 says; ClusterNetworkPolicy as Calico makes
it a GlobalNetworkPolicy of its own (libcalico-go clusternetworkpolicy.go), with the selectors as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.reach.oracle.facts import Body, Endpoint, Packet, protocol_number, within
from tests.reach.oracle.kubernetes import label_selector

Rule = dict[str, Any]
DENY_ALL: Rule = {"action": "Deny"}


def selected(who: Body, endpoint: Endpoint) -> bool:
    """Whether a subject, or a peer of pods, has a pod: by namespaces, or by namespaces and pods."""
    if "namespaces" in who:
        return label_selector(who["namespaces"], endpoint.namespace_labels)
    pods = who.get("pods")
    return pods is not None and (
        label_selector(pods.get("namespaceSelector") or {}, endpoint.namespace_labels)
        and label_selector(pods.get("podSelector") or {}, endpoint.labels)
    )


def fail_closed(rules: Sequence[Rule] | None) -> Iterator[Rule]:
    """Rules with a peer of a kind that nobody knows: Allow matches nothing, the others deny everything."""
    for rule in rules or ():
        if all(_known(peer) for peer in rule.get("from") or rule.get("to") or ()):
            yield rule
        elif rule["action"] != "Allow":
            yield DENY_ALL


def _known(peer: Body) -> bool:
    return any(key in peer for key in ("namespaces", "pods", "networks"))


def matches(rule: Body, direction: str, packet: Packet) -> bool:
    """Whether a rule of an AdminNetworkPolicy matches: one of its peers and one of its ports."""
    if rule is DENY_ALL:
        return True
    peers, ports = rule.get("to" if direction == "Egress" else "from") or (), rule.get("ports") or ()
    return any(_peer(peer, direction, packet) for peer in peers) and (
        not ports or any(_port(port, packet) for port in ports)
    )


def _peer(peer: Body, direction: str, packet: Packet) -> bool:
    if "networks" in peer:
        return any(within(packet.destination_address, net) for net in peer["networks"])
    other = packet.destination if direction == "Egress" else packet.source
    return other is not None and selected(peer, other)


def _port(port: Body, packet: Packet) -> bool:
    if name := port.get("namedPort"):
        there = packet.destination
        return there is not None and there.has_port(name, packet.protocol, packet.port)
    item = port.get("portNumber") or port["portRange"]
    first, last = (item["port"], item["port"]) if "port" in item else (item["start"], item["end"])
    return protocol_number(item.get("protocol") or "TCP") == packet.protocol and first <= packet.port <= last


def calico_rules(rules: Sequence[Rule] | None, direction: str) -> list[Rule]:
    """The rules that Calico makes of a ClusterNetworkPolicy's: one for each protocol and peer."""
    converted: list[Rule] = []
    for rule in rules or ():
        try:
            converted.extend(_converted(rule, direction))
        except LookupError:
            if rule["action"] != "Accept":
                converted.append(dict(DENY_ALL))
    return converted


def _converted(rule: Rule, direction: str) -> list[Rule]:
    outgoing = direction == "Egress"
    action = "Allow" if rule["action"] == "Accept" else rule["action"]
    rules: list[Rule] = []
    for protocol, ports in _protocols(rule.get("protocols") or [{}]):
        for peer in rule["to" if outgoing else "from"]:
            entity = _entity(peer, outgoing)
            made: Rule = {"action": action, **({"protocol": protocol} if protocol else {})}
            made |= {"destination": {**entity, "ports": ports}} if outgoing else {"source": entity}
            if not outgoing:
                made["destination"] = {"ports": ports}
            rules.append(made)
    return rules


def _protocols(protocols: Sequence[Body]) -> Iterator[tuple[str, list[object]]]:
    """unpackCNPProtocols: ports by protocol, "" for names; none of a protocol is all, an empty item is anything."""
    by_protocol: dict[str, list[object]] = {}
    for protocol in protocols:
        name = next((key for key in ("tcp", "udp", "sctp") if key in protocol), "")
        port = _calico_port(protocol[name]) if name else protocol.get("destinationNamedPort")
        if not name and not port:
            yield "", []
            return
        if port is None:
            by_protocol[name.upper()] = []
        elif by_protocol.get(name.upper()) != []:
            by_protocol.setdefault(name.upper(), []).append(port)
    yield from sorted(by_protocol.items())


def _calico_port(fields: Body) -> object:
    port = fields.get("destinationPort")
    if not port:
        return None
    return port["number"] if "number" in port else f"{port['range']['start']}:{port['range']['end']}"


def _entity(peer: Body, outgoing: bool) -> Rule:
    entity: Rule = {}
    if "namespaces" in peer:
        entity["namespaceSelector"] = _text(peer["namespaces"]) or "all()"
    elif "pods" in peer:
        entity["namespaceSelector"] = _text(peer["pods"].get("namespaceSelector") or {}) or "all()"
        own = _text(peer["pods"].get("podSelector") or {})
        entity["selector"] = " && ".join(filter(None, ["projectcalico.org/orchestrator == 'k8s'", own]))
    elif outgoing and peer.get("networks"):
        entity["nets"] = list(peer["networks"])
    else:
        raise LookupError("none of the supported fields is set")
    return entity


def _text(selector: Body) -> str:
    """k8sSelectorToCalico: a label selector as Calico writes it."""
    parts = [f"{key} == '{value}'" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for item in selector.get("matchExpressions") or ():
        values = "', '".join(item.get("values") or ())
        parts.append(
            {
                "In": f"{item['key']} in {{ '{values}' }}",
                "NotIn": f"{item['key']} not in {{ '{values}' }}",
                "Exists": f"has({item['key']})",
                "DoesNotExist": f"! has({item['key']})",
            }[str(item["operator"])]
        )
    return " && ".join(parts)
