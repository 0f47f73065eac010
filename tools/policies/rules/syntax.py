"""Checks of single values in policies that schemas let through: addresses and selectors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.findings.model import Check, Manifest, Problem, Severities, Severity
from tools.manifests import label_selector as selectors
from tools.manifests.addresses import address, mapped, network, within
from tools.manifests.node import Node, root
from tools.policies.calico_selector import SelectorError, parse
from tools.policies.cluster import Cluster

POLICY_GROUPS = ("networking.k8s.io", "projectcalico.org", "crd.projectcalico.org", "policy.networking.k8s.io")
LABEL_SELECTORS = ("podSelector", "namespaceSelector", "namespaces", "nodes")
CALICO_SELECTORS = ("selector", "notSelector", "namespaceSelector", "serviceAccountSelector")
LEADING_ZERO = re.compile(r"(\d+\.){0,3}0\d+[./]")
CIDR_LISTS = ("except", "nets", "notNets", "networks")


def cidrs_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """CIDRs in policies name a network.

    No schema looks into them. The API server refuses `10.0.0.0/33`; a network with host bits set, such as
    `10.1.2.3/8`, it may take for all of `10.0.0.0/8`. An `except` must lie inside its `cidr`, in the same family,
    and be smaller than it; one that lies outside excepts nothing.
    `::ffff:0:0/96` is `0.0.0.0/0` to Kubernetes and Calico.
    Write `address/length` with the host bits zero; a single address is `/32` or `/128`.
    Source: k8s.io/kubernetes networking validation; libcalico-go validator v3.
    """
    for spec in specs(cluster):
        for node in spec.walk():
            key = node.path.rpartition(".")[2]
            if key == "cidr" and isinstance(node.value, str):
                yield from _cidr_faults(node)
            elif key in CIDR_LISTS:
                for item in node.items():
                    yield from _cidr_faults(item)
            if key == "ipBlock":
                yield from _except_faults(node)


def label_selectors_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Label selectors in policies are ones that the API server takes.

    `In` and `NotIn` need values, `Exists` and `DoesNotExist` take none, keys and values follow the label syntax. A
    schema sees strings.
    Write `matchLabels: {key: value}` or `matchExpressions: [{key, operator, values}]`.
    Source: k8s.io/apimachinery LabelSelector and its validation.
    """
    for spec in specs(cluster):
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
    for spec in specs(cluster):
        if "projectcalico.org" not in group(spec.manifest):
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
    """A NetworkPolicy peer is addresses or pods: never both, and never nothing.

    `ipBlock` beside `podSelector` or `namespaceSelector` in one item passes the schema, and the API server refuses
    it, as it does an item with none of them.
    Write two items of the list; they are alternatives. For every pod of the namespace write `podSelector: {}`.
    Source: k8s.io/kubernetes networking validation.
    """
    for spec in specs(cluster):
        for direction, far in (("ingress", "from"), ("egress", "to")):
            for rule in spec[direction].items():
                for peer in rule[far].items():
                    beside = [key for key in ("podSelector", "namespaceSelector") if peer[key].present]
                    if peer.value == {}:
                        yield peer.problem("a peer with nothing in it; write ipBlock, podSelector or namespaceSelector")
                    if peer["ipBlock"].present and beside:
                        yield peer.problem(
                            f"ipBlock and {' and '.join(beside)} in one peer; make them two items of {far}"
                        )


def specs(cluster: Cluster) -> Iterator[Node]:
    """The specs of all objects of the policy groups."""
    for manifest in cluster.manifests:
        if group(manifest) in POLICY_GROUPS:
            yield root(manifest)["spec"]


def group(manifest: Manifest) -> str:
    """An object's API group."""
    return root(manifest)["apiVersion"].text().rpartition("/")[0]


def _cidr_faults(node: Node) -> Iterator[Problem]:
    text = node.text()
    net = network(text)
    in_set = node.manifest.kind.endswith("NetworkSet")
    if net is None and LEADING_ZERO.match(text):
        yield node.problem(f"{text} has a leading zero, which some read as octal; write the numbers without")
    elif net is None:
        yield node.problem(f"{node.value!r} is no CIDR; write address/length, such as 10.0.0.0/8 or fd00::/8")
    elif four := mapped(net):
        yield node.problem(f"{text} is read as {four}, and not as IPv6; write that, or drop it")
    elif "/" not in text and not in_set:
        yield node.problem(f"{text!r} is an address and not a CIDR; write {net}")
    elif address(text) != net.network_address:
        strict = "projectcalico.org" in group(node.manifest) and not in_set
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


CHECKS: tuple[Check[Cluster], ...] = (
    cidrs_are_valid,
    label_selectors_are_valid,
    calico_selectors_are_valid,
    ip_blocks_stand_alone,
)
SEVERITIES: Severities = {
    cidrs_are_valid: (Severity.ERROR, Severity.WARNING),
}
