"""Checks of ports and protocols in policies, which schemas take as any number and any word."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem
from tools.manifests.names import port_name_fault
from tools.manifests.node import Node
from tools.manifests.scalars import of_digits
from tools.policies.calico_ports import PORT_RANGE
from tools.policies.cluster import Cluster
from tools.policies.rules.syntax import group, specs

WITH_PORTS = ("TCP", "UDP", "SCTP")
CALICO_PROTOCOLS = ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite")
HIGHEST_PORT = 65535


def ports_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Ports in policies are ports.

    Schemas take any number or string. A port is 1 to 65535, or the name of a container's port; a range is `port`
    with `endPort` in Kubernetes and `"8000:8010"` in Calico, from low to high. Calico wants `protocol` TCP, UDP or
    SCTP beside any port.
    Write a number, a range or a name, and the protocol.
    Source: k8s.io/kubernetes networking validation; libcalico-go numorstring and validator v3.
    """
    for spec in specs(cluster):
        for direction in ("ingress", "egress"):
            for rule in spec[direction].items():
                for port in rule["ports"].items():
                    yield from _kubernetes_port_faults(port)
                yield from _calico_port_faults(rule)


def protocols_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Protocols in policies are ones that the API knows.

    Kubernetes takes TCP, UDP and SCTP, in capitals; Calico also ICMP, ICMPv6, UDPLite and the numbers 1 to 255.
    Anything else passes the schema and is refused later, or matches nothing.
    Write one of those. HTTP, HTTPS and TLS are TCP.
    Source: k8s.io/api core/v1 Protocol; libcalico-go validator v3.
    """
    for spec in specs(cluster):
        calico = "projectcalico.org" in group(spec.manifest)
        for direction in ("ingress", "egress"):
            for rule in spec[direction].items():
                for node in (rule["protocol"], rule["notProtocol"]):
                    if node.present and calico and not _calico_protocol(node):
                        wanted = f"{', '.join(CALICO_PROTOCOLS)} or a number from 1 to 255"
                        yield node.problem(f"{node.value!r} is no protocol; write {wanted}")
                for port in rule["ports"].items():
                    node = port["protocol"]
                    if node.present and node.text() not in WITH_PORTS:
                        yield node.problem(f"{node.value!r} is no protocol; write TCP, UDP or SCTP")


def _kubernetes_port_faults(item: Node) -> Iterator[Problem]:
    port, end = item["port"], item["endPort"]
    number = port.number()
    if number is not None and not 1 <= number <= HIGHEST_PORT:
        yield port.problem(f"{number} is no port; write 1 to {HIGHEST_PORT}")
    if port.text().isdecimal():
        yield port.problem(f"{port.text()!r} is a string, and is taken for a name; write it without quotes")
    elif isinstance(port.value, str) and (fault := port_name_fault(port.text())):
        yield port.problem(fault)
    if not end.present or end.number() is None:
        return
    last = end.number() or 0
    if number is None:
        yield end.problem("endPort needs a number in port; write the first port of the range there")
    elif not number <= last <= HIGHEST_PORT:
        yield end.problem(f"the range {number} to {last} is none; write endPort from port to {HIGHEST_PORT}")


def _calico_port_faults(rule: Node) -> Iterator[Problem]:
    protocol = rule["protocol"]
    named = str(protocol.value) in (*WITH_PORTS, "6", "17", "132")
    for side in (rule["source"], rule["destination"]):
        for key in ("ports", "notPorts"):
            for item in side[key].items():
                yield from _calico_range_faults(item)
            if not side[key].empty and not named:
                yield side[key].problem("ports need protocol TCP, UDP or SCTP in the same rule; write it")


def _calico_range_faults(item: Node) -> Iterator[Problem]:
    number, text = item.number(), item.text()
    if number is None and text.isdecimal():
        number = of_digits(text)
    found = PORT_RANGE.fullmatch(text)
    first, last = (of_digits(found[1]), of_digits(found[2])) if found else (number, number)
    if first is None or last is None:
        if isinstance(item.value, str) and (fault := port_name_fault(text)):
            yield item.problem(f'{fault}; a range is written "8000:8010"')
    elif not 1 <= first <= last <= HIGHEST_PORT:
        what = "range" if found else "port"
        wanted = f"1 to {HIGHEST_PORT}, from low to high" if found else f"1 to {HIGHEST_PORT}"
        yield item.problem(f"{item.value} is no {what}; write {wanted}")


def _calico_protocol(node: Node) -> bool:
    number = node.number()
    if number is None and node.text().isdecimal():
        number = of_digits(node.text())
    return 1 <= number <= 255 if number is not None else node.text() in CALICO_PROTOCOLS


CHECKS: tuple[Check[Cluster], ...] = (ports_are_valid, protocols_are_valid)
