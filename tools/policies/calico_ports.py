"""The protocols and ports of a Calico rule. Source: the rule fields of the v3 API, and how felix renders them."""

from __future__ import annotations

import re

from tools.manifests.fields import BrokenError, Topic
from tools.manifests.names import port_name_fault
from tools.manifests.node import Node
from tools.manifests.scalars import of_digits
from tools.policies.faults import Faults
from tools.policies.model import EVERY_PORT, PROTOCOLS, Message, Port, Traffic

NUMBER = re.compile(r"-?[0-9]+")
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
        message = f"{node.value!r} is not a protocol; write {known}, or a number from 1 to 255"
        raise BrokenError(node, message, Topic.PROTOCOL)
    return value


def traffic(rule: Node, faults: Faults) -> Traffic:
    """A rule's protocol, notProtocol, icmp and notICMP."""
    number = faults.attempt(None, protocol, rule["protocol"])
    excluded = faults.attempt(None, protocol, rule["notProtocol"])
    without = _message(rule["notICMP"]) if leaves_out_icmp(number) else None
    return Traffic(number, excluded, _message(rule["icmp"]), without)


def leaves_out_icmp(number: int | None) -> bool:
    """Whether notICMP means anything beside that protocol: of another one, or of all, Calico takes it and no more."""
    return number in (PROTOCOLS["ICMP"], PROTOCOLS["ICMPv6"])


def _message(node: Node) -> Message | None:
    kind = node["type"].number()
    return None if kind is None else (kind, node["code"].number())


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
    return Port(node, name, *span)


def _span(node: Node) -> tuple[int, int] | None:
    """A number, or a range `a:b`; None for a name."""
    number = node.number()
    text = node.text() if number is None else str(number)
    if not text:
        raise BrokenError(node, "no port; write a number, a range such as 8000:8010, or a name", Topic.PORT)
    if NUMBER.fullmatch(text):
        return _numbered(node, text, text, "is not a port; write 1 to 65535")
    if match := PORT_RANGE.fullmatch(text):
        return _numbered(node, match[1], match[2], "is not a range of ports; write 1 to 65535, the lower one first")
    if ":" in text:
        raise BrokenError(node, f"{text!r} is not a range of ports; write it as 8000:8010", Topic.PORT)
    if fault := port_name_fault(text):
        raise BrokenError(node, f"{fault}; a range is written as 8000:8010", Topic.PORT)
    return None


def _numbered(node: Node, first: str, last: str, advice: str) -> tuple[int, int]:
    start, end = of_digits(first), of_digits(last)
    if not 1 <= start <= end < 65536:
        raise BrokenError(node, f"{node.value} {advice}", Topic.PORT)
    return start, end


def source_ports_matter(source: Node, faults: Faults) -> bool:
    """Whether a rule asks for the port that a caller sends from: it is another one for each connection."""
    ports, others = faults.items(source["ports"]), faults.items(source["notPorts"])
    spans = [faults.attempt(EVERY_PORT, _span, item) for item in ports]
    for item in others:
        faults.check(_span, item)
    return bool(others) or (bool(ports) and EVERY_PORT not in spans)
