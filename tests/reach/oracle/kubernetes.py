"""NetworkPolicy v1 against one packet, from k8s.io/api networking/v1/types.go.

Where a name stands for a port, Calico looks at whichever pod the packet goes to, so an ipBlock's pods have names too
(k8sRuleToCalico, namedPortsToIPSets).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.reach.oracle.facts import Address, Body, Endpoint, Labels, Packet, dig, protocol_number, within


def label_selector(selector: Body, labels: Labels) -> bool:
    """apimachinery's LabelSelector: every label and every expression is to hold; an empty one matches everything."""
    expected = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in expected.items()) and all(
        _expression(expression, labels) for expression in selector.get("matchExpressions") or ()
    )


def _expression(expression: Mapping[str, Any], labels: Labels) -> bool:
    there, values = expression["key"] in labels, expression.get("values") or []
    return {
        "Exists": there,
        "DoesNotExist": not there,
        "In": there and labels.get(expression["key"]) in values,
        "NotIn": not (there and labels.get(expression["key"]) in values),
    }[str(expression["operator"])]


def types(body: Body) -> list[str]:
    """The directions: as written, else Ingress always and Egress when there are egress rules (defaults.go)."""
    given = dig(body, "spec", "policyTypes")
    return given or (["Ingress", "Egress"] if dig(body, "spec", "egress") else ["Ingress"])


def selects(body: Body, namespace: str, endpoint: Endpoint) -> bool:
    """Whether a policy applies to a pod."""
    return endpoint.namespace == namespace and label_selector(dig(body, "spec", "podSelector") or {}, endpoint.labels)


def matches(rule: Body, namespace: str, direction: str, packet: Packet) -> bool:
    """Whether a rule allows a packet: one of its peers, and one of its ports; none given is any."""
    outgoing = direction == "Egress"
    peers, ports = rule.get("to" if outgoing else "from") or (), rule.get("ports") or ()
    other = packet.destination if outgoing else packet.source
    address = packet.destination_address if outgoing else packet.source_address
    return (not peers or any(_peer(peer, namespace, other, address) for peer in peers)) and (
        not ports or any(_port(port, packet) for port in ports)
    )


def _peer(peer: Body, namespace: str, other: Endpoint | None, address: Address) -> bool:
    if block := peer.get("ipBlock"):
        holes = block.get("except") or ()
        return within(address, block["cidr"]) and not any(within(address, hole) for hole in holes)
    if other is None:
        return False
    spaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
    there = other.namespace == namespace if spaces is None else label_selector(spaces, other.namespace_labels)
    return there and label_selector(pods or {}, other.labels)


def _port(port: Body, packet: Packet) -> bool:
    if protocol_number(port.get("protocol") or "TCP") != packet.protocol:
        return False
    expected = port.get("port")
    if isinstance(expected, str):
        return packet.destination is not None and packet.destination.has_port(expected, packet.protocol, packet.port)
    return expected is None or expected <= packet.port <= (port.get("endPort") or expected)
