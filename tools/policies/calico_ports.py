"""The protocols and ports of a Calico rule. Source: the rule fields of the v3 API, and how felix renders them."""

from __future__ import annotations

import re

from tools.manifests.fields import BrokenError, items, number
from tools.manifests.names import port_name_fault
from tools.manifests.node import Node
from tools.manifests.scalars import of_digits
from tools.policies.calico_rules import NUMBERED
from tools.reach.compiled import Ports
from tools.reach.connections import ALL, NUMBERS, WITH_PORTS, Conns, Span, common, merged, minus, of
from tools.reach.peers.universe import PortName

_RANGE = re.compile(r"([0-9]+):([0-9]+)")


def protocol(node: Node) -> int | None:
    """A protocol by name or by number; None when there is none."""
    if not node.present:
        return None
    value = node.value
    if isinstance(value, str) and value in NUMBERS:
        return NUMBERS[value]
    if isinstance(value, str) and value.isdecimal():
        value = of_digits(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 256:
        known = ", ".join(NUMBERED.values())
        raise BrokenError(node, f"{node.value!r} is no protocol; write {known}, or a number from 1 to 255")
    return value


def protocols(rule: Node) -> Conns:
    """What a rule's protocol, notProtocol, icmp and notICMP leave."""
    expected, unwanted = protocol(rule["protocol"]), protocol(rule["notProtocol"])
    conns = ALL if expected is None else of(expected)
    if unwanted is not None:
        conns = minus(conns, of(unwanted))
    if not rule["icmp"].empty:
        conns = common(conns, _icmp(rule["icmp"], expected))
    if not rule["notICMP"].empty and not types_of_no_protocol(rule):
        conns = minus(conns, _icmp(rule["notICMP"], expected))
    return conns


def types_of_no_protocol(rule: Node) -> bool:
    """Whether a rule leaves out types of ICMP and is of another protocol, or of all: Calico takes it, and no more."""
    return not rule["notICMP"].empty and protocol(rule["protocol"]) not in (NUMBERS["ICMP"], NUMBERS["ICMPv6"])


def _icmp(node: Node, expected: int | None) -> Conns:
    if expected not in (NUMBERS["ICMP"], NUMBERS["ICMPv6"]):
        raise BrokenError(node, "types and codes need protocol: ICMP or ICMPv6 beside them")
    kind, code = number(node["type"]), number(node["code"])
    if kind is None:
        raise BrokenError(node, "has no type; write the number of an ICMP type, and a code where one is meant")
    if not 0 <= kind < 256 or not 0 <= (code or 0) < 256:
        raise BrokenError(node, "types and codes are numbers from 0 to 255")
    first = kind << 8
    return of(expected, first, first | 255) if code is None else of(expected, first | code, first | code)


def destination_ports(rule: Node) -> Ports:
    """The connections of a rule, by its protocol and by its destination's ports and notPorts."""
    within = protocols(rule)
    expected = protocol(rule["protocol"])
    ports, others = rule["destination"]["ports"], rule["destination"]["notPorts"]
    numbers, names = _ports(ports, expected)
    not_numbers, not_names = _ports(others, expected)
    fixed = minus(common(within, numbers) if items(ports) else within, not_numbers)
    # A name that is not wanted is taken off wherever it is one, so what is left is still within the rest.
    return Ports(fixed, names, not_names, minus(within, not_numbers))


def _ports(node: Node, expected: int | None) -> tuple[Conns, tuple[PortName, ...]]:
    spans: list[Span] = []
    names = []
    for item in items(node):
        span = _span(item)
        if span is None:
            names.append(PortName(item.text(), expected))
        elif expected not in {NUMBERS[name] for name in WITH_PORTS}:
            raise BrokenError(item, "a port by number needs protocol: TCP, UDP or SCTP in its rule")
        else:
            spans.extend(of(expected, *span))
    return merged(spans), tuple(names)


def _span(node: Node) -> tuple[int, int] | None:
    """A number, or a range `a:b`; None for a name."""
    text = node.text()
    if node.number() is not None:
        text = str(node.number())
    elif not text:
        raise BrokenError(node, "no port; write a number, a range such as 8000:8010, or a name")
    if text.lstrip("-").isdecimal():
        text = f"{text}:{text}"
    if match := _RANGE.fullmatch(text):
        first, last = of_digits(match[1]), of_digits(match[2])
        if not 1 <= first <= last < 65536:
            raise BrokenError(node, f"{node.value} is no range of ports; write 1 to 65535, the lower one first")
        return first, last
    if ":" in text:
        raise BrokenError(node, f"{node.value!r} is no range of ports; write it as 8000:8010")
    if fault := port_name_fault(text):
        raise BrokenError(node, fault)
    return None


def source_ports_matter(source: Node) -> bool:
    """Whether a rule asks for the port that a caller sends from: it is another one for each connection."""
    for item in items(source["notPorts"]):
        _span(item)
    narrowed = [
        span for item in items(source["ports"]) if (span := _span(item)) is None or span[0] > 1 or span[1] < 65535
    ]
    return bool(items(source["notPorts"])) or (
        bool(items(source["ports"])) and len(narrowed) == len(items(source["ports"]))
    )
