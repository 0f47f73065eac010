"""The protocols and ports of a Calico rule. Source: the rule fields of the v3 API, and how felix renders them."""

from __future__ import annotations

import re

from tools.manifests.fields import BrokenError, items, number
from tools.manifests.names import port_name_fault
from tools.manifests.node import Node
from tools.manifests.scalars import of_digits
from tools.policies.faults import Faults
from tools.policies.model import PROTOCOLS, WITH_PORTS, Message, Port, Traffic

PORT_RANGE = re.compile(r"([0-9]+):([0-9]+)")
# Protocols that may be written by their number (IANA).
NUMBERED = {str(number): name for name, number in PROTOCOLS.items()}


def protocol(node: Node) -> int | None:
    """A protocol by name or by number; None when there is none."""
    if not node.present:
        return None
    value = node.value
    if isinstance(value, str) and value in PROTOCOLS:
        return PROTOCOLS[value]
    if isinstance(value, str) and value.isdecimal():
        value = of_digits(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 256:
        known = ", ".join(NUMBERED.values())
        raise BrokenError(node, f"{node.value!r} is no protocol; write {known}, or a number from 1 to 255")
    return value


def traffic(rule: Node, faults: Faults) -> Traffic:
    """A rule's protocol, notProtocol, icmp and notICMP."""
    wanted = faults.attempt(None, protocol, rule["protocol"])
    unwanted = faults.attempt(None, protocol, rule["notProtocol"])
    icmp = None if rule["icmp"].empty else faults.attempt(None, _icmp, rule["icmp"], wanted)
    without = None
    if not rule["notICMP"].empty and not faults.attempt(True, types_of_no_protocol, rule):
        without = faults.attempt(None, _icmp, rule["notICMP"], wanted)
    return Traffic(wanted, unwanted, icmp, without)


def types_of_no_protocol(rule: Node) -> bool:
    """Whether a rule leaves out types of ICMP and is of another protocol, or of all: Calico takes it, and no more."""
    return not rule["notICMP"].empty and protocol(rule["protocol"]) not in (PROTOCOLS["ICMP"], PROTOCOLS["ICMPv6"])


def _icmp(node: Node, wanted: int | None) -> Message:
    if wanted not in (PROTOCOLS["ICMP"], PROTOCOLS["ICMPv6"]):
        raise BrokenError(node, "types and codes need protocol: ICMP or ICMPv6 beside them")
    kind, code = number(node["type"]), number(node["code"])
    if kind is None:
        raise BrokenError(node, "has no type; write the number of an ICMP type, and a code where one is meant")
    if not 0 <= kind < 256 or not 0 <= (code or 0) < 256:
        raise BrokenError(node, "types and codes are numbers from 0 to 255")
    return kind, code


def destination_ports(rule: Node, faults: Faults) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """The ports of a rule, and those that it leaves out: its protocol, and its destination's ports and notPorts."""
    name = _name(rule["protocol"])
    ports, others = rule["destination"]["ports"], rule["destination"]["notPorts"]
    items = faults.items(ports)
    chosen = tuple(_port(item, name, faults) for item in items) if items else _all_of(rule["protocol"], name)
    return chosen, tuple(_port(item, name, faults) for item in faults.items(others))


def _all_of(node: Node, name: str) -> tuple[Port, ...]:
    return (Port(node, name),) if name else ()


def _name(node: Node) -> str:
    """A protocol by its name where it has one, else by its number; "" where none is written."""
    written = str(node.value) if node.present else ""
    return NUMBERED.get(written, written)


def _port(node: Node, name: str, faults: Faults) -> Port:
    span = faults.attempt(None, _span, node)
    if span is None:
        return Port(node, name, name=node.text() or str(node.value))
    faults.check(_ports_of, node, name)
    return Port(node, name, *span)


def _ports_of(node: Node, name: str) -> None:
    if name not in WITH_PORTS:
        raise BrokenError(node, "a port by number needs protocol: TCP, UDP or SCTP in its rule")


def _span(node: Node) -> tuple[int, int] | None:
    """A number, or a range `a:b`; None for a name."""
    text = node.text()
    if node.number() is not None:
        text = str(node.number())
    elif not text:
        raise BrokenError(node, "no port; write a number, a range such as 8000:8010, or a name")
    if text.lstrip("-").isdecimal():
        text = f"{text}:{text}"
    if found := PORT_RANGE.fullmatch(text):
        first, last = of_digits(found[1]), of_digits(found[2])
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
