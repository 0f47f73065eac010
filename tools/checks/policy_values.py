"""Checks of single values in policies that schemas let through: addresses, ports, protocols, selectors."""

from __future__ import annotations

from collections.abc import Iterator

from tools import selectors
from tools.addresses import address, mapped, network, within
from tools.calico import SelectorError, parse
from tools.labels import port_name_fault
from tools.model import Check, Manifest, Problem, Severity
from tools.netpol_calico import PORT_RANGE
from tools.tree import Node, root
from tools.workloads import Cluster

POLICY_GROUPS = ("networking.k8s.io", "projectcalico.org", "crd.projectcalico.org", "policy.networking.k8s.io")
LABEL_SELECTORS = ("podSelector", "namespaceSelector", "namespaces", "nodes")
CALICO_SELECTORS = ("selector", "notSelector", "namespaceSelector", "serviceAccountSelector")
CIDR_LISTS = ("except", "nets", "notNets", "networks")
WITH_PORTS = ("TCP", "UDP", "SCTP")
CALICO_PROTOCOLS = ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite")
HIGHEST_PORT = 65535


def cidrs_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """CIDRs in policies name a network.

    No schema looks into them. The API server refuses `10.0.0.0/33`; a network with host bits set, such as
    `10.1.2.3/8`, it may take for all of `10.0.0.0/8`. An `except` must lie inside its `cidr`, in the same family,
    and be smaller than it; one that lies outside excepts nothing.
    `::ffff:0:0/96` is IPv4 to Kubernetes and Calico, and refused among IPv6.
    Write `address/length` with the host bits zero; a single address is `/32` or `/128`.
    Source: k8s.io/kubernetes networking validation; libcalico-go validator v3.
    """
    for spec in _specs(cluster):
        for node in spec.walk():
            key = node.path.rpartition(".")[2]
            if key == "cidr" and node.text():
                yield from _cidr_faults(node)
            elif key in CIDR_LISTS:
                for item in node.items():
                    yield from _cidr_faults(item)
            if key == "ipBlock":
                yield from _except_faults(node)


def ports_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Ports in policies are ports.

    Schemas take any number or string. A port is 1 to 65535, or the name of a container's port; a range is `port`
    with `endPort` in Kubernetes and `"8000:8010"` in Calico, from low to high. Calico wants `protocol` TCP, UDP or
    SCTP beside any port.
    Write a number, a range or a name, and the protocol.
    Source: k8s.io/kubernetes networking validation; libcalico-go numorstring and validator v3.
    """
    for spec in _specs(cluster):
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
    for spec in _specs(cluster):
        calico = "projectcalico.org" in _group(spec.manifest)
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


def label_selectors_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Label selectors in policies are ones that the API server takes.

    `In` and `NotIn` need values, `Exists` and `DoesNotExist` take none, keys and values follow the label syntax. A
    schema sees strings.
    Write `matchLabels: {key: value}` or `matchExpressions: [{key, operator, values}]`.
    Source: k8s.io/apimachinery LabelSelector and its validation.
    """
    for spec in _specs(cluster):
        for node in spec.walk():
            if node.path.rpartition(".")[2] in LABEL_SELECTORS and isinstance(node.value, dict):
                yield from selectors.faults(node)


def calico_selectors_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Calico selectors follow Calico's grammar.

    They are strings of a language of their own: `label == 'value'`, `has(label)`, `label in {'a', 'b'}`, `&&`,
    `||`, `!`, `all()`. A schema sees a string. `=`, a value without quotes, and a line break are the usual slips.
    `global()` is for a rule's `namespaceSelector`, alone.
    Write it in that language; the message names the column.
    Source: libcalico-go lib/selector and validator v3.
    """
    for spec in _specs(cluster):
        if "projectcalico.org" not in _group(spec.manifest):
            continue
        for node in spec.walk():
            key = node.path.rpartition(".")[2]
            text = node.text()
            if not text or not (key in CALICO_SELECTORS or node.path.endswith("serviceAccounts.selector")):
                continue
            try:
                parse(text)
            except SelectorError as error:
                yield node.problem(f"column {error.column} of {text!r}: {error.message}")
                continue
            in_rule = "[" in node.path
            if "global()" in text and not (key == "namespaceSelector" and in_rule and text.strip() == "global()"):
                yield node.problem("global() stands alone, in a rule's namespaceSelector; take it out of here")


def ip_blocks_stand_alone(cluster: Cluster) -> Iterator[Problem]:
    """A NetworkPolicy peer is addresses or pods, never both.

    `ipBlock` beside `podSelector` or `namespaceSelector` in one item passes the schema, and the API server refuses
    it.
    Write two items of the list; they are alternatives.
    Source: k8s.io/kubernetes networking validation.
    """
    for spec in _specs(cluster):
        for direction, far in (("ingress", "from"), ("egress", "to")):
            for rule in spec[direction].items():
                for peer in rule[far].items():
                    beside = [key for key in ("podSelector", "namespaceSelector") if peer[key].present]
                    if peer["ipBlock"].present and beside:
                        yield peer.problem(
                            f"ipBlock and {' and '.join(beside)} in one peer; make them two items of {far}"
                        )


def _specs(cluster: Cluster) -> Iterator[Node]:
    for manifest in cluster.manifests:
        if _group(manifest) in POLICY_GROUPS:
            yield root(manifest)["spec"]


def _group(manifest: Manifest) -> str:
    return root(manifest)["apiVersion"].text().rpartition("/")[0]


def _cidr_faults(node: Node) -> Iterator[Problem]:
    text = node.text()
    net = network(text)
    in_set = node.manifest.kind.endswith("NetworkSet")
    if net is None:
        yield node.problem(f"{node.value!r} is no CIDR; write address/length, such as 10.0.0.0/8 or fd00::/8")
    elif mapped(net):
        yield node.problem(f"{text} is read as IPv4 and not as IPv6, and refused; write the IPv4 network, or drop it")
    elif "/" not in text and not in_set:
        yield node.problem(f"{text!r} is an address and not a CIDR; write {net}")
    elif address(text) != net.network_address:
        strict = "projectcalico.org" in _group(node.manifest) and not in_set
        yield node.problem(
            f"{text} has host bits set, and {'is refused' if strict else f'means all of {net}'}; "
            f"write {net}, or {text.partition('/')[0]}/{net.max_prefixlen} for the one address",
            Severity.ERROR if strict else Severity.WARNING,
        )


def _except_faults(block: Node) -> Iterator[Problem]:
    outer = network(block["cidr"].text())
    for item in block["except"].items():
        inner = network(item.text())
        if outer is None or inner is None:
            continue
        if not within(inner, outer):
            yield item.problem(
                f"{inner} is not inside {outer}, so it excepts nothing; move it to the block that holds it"
            )
        elif inner == outer:
            yield item.problem(f"{inner} excepts the whole block; drop the block, or except less")


def _kubernetes_port_faults(item: Node) -> Iterator[Problem]:
    port, end = item["port"], item["endPort"]
    number = port.number()
    if number is not None and not 1 <= number <= HIGHEST_PORT:
        yield port.problem(f"{number} is no port; write 1 to {HIGHEST_PORT}")
    if port.text().isdecimal():
        yield port.problem(f"{port.text()!r} is a string, and is taken for a name; write it without quotes")
    elif port.text() and (fault := port_name_fault(port.text())):
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
    named = protocol.text() in WITH_PORTS or protocol.value in (6, 17, 132)
    for side in (rule["source"], rule["destination"]):
        for key in ("ports", "notPorts"):
            for item in side[key].items():
                yield from _calico_range_faults(item)
            if not side[key].empty and not named:
                yield side[key].problem("ports need protocol TCP, UDP or SCTP in the same rule; write it")


def _calico_range_faults(item: Node) -> Iterator[Problem]:
    number, text = item.number(), item.text()
    if number is None and text.isdecimal():
        number = int(text)
    found = PORT_RANGE.fullmatch(text)
    first, last = (int(found[1]), int(found[2])) if found else (number, number)
    if first is None or last is None:
        if text and (fault := port_name_fault(text)):
            yield item.problem(f'{fault}; a range is written "8000:8010"')
    elif not 1 <= first <= last <= HIGHEST_PORT:
        what = "range" if found else "port"
        wanted = f"1 to {HIGHEST_PORT}, from low to high" if found else f"1 to {HIGHEST_PORT}"
        yield item.problem(f"{item.value} is no {what}; write {wanted}")


def _calico_protocol(node: Node) -> bool:
    number = node.number()
    if number is None and node.text().isdecimal():
        number = int(node.text())
    return 1 <= number <= 255 if number is not None else node.text() in CALICO_PROTOCOLS


CHECKS: tuple[Check[Cluster], ...] = (
    cidrs_are_valid,
    ports_are_valid,
    protocols_are_valid,
    label_selectors_are_valid,
    calico_selectors_are_valid,
    ip_blocks_stand_alone,
)
