"""Checks of what an API refuses in a policy by itself, and of what it takes and few expect.

The reader of each dialect collects the faults, and the judge reports the same ones; here each is stamped with the rule
that it breaks. A field of a wrong shape or name is left to the schemas.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem, Severities, Severity
from tools.manifests.fields import Topic
from tools.policies.cluster import Cluster
from tools.policies.faults import Effect


def cidrs_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """CIDRs in policies name a network.

    No schema looks into them. The API server refuses `10.0.0.0/33`; a network with host bits set, such as
    `10.1.2.3/8`, it takes for all of `10.0.0.0/8`, and Calico refuses it. An `except` must lie inside its `cidr`, in
    the same family, and be smaller than it; one that lies outside excepts nothing.
    `::ffff:0:0/96` is `0.0.0.0/0` to Kubernetes and Calico.
    Write `address/length` with the host bits zero; a single address is `/32` or `/128`.
    Source: k8s.io/kubernetes networking validation; libcalico-go validator v3.
    """
    yield from _about(cluster, Topic.CIDR)


def label_selectors_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Label selectors in policies are ones that the API server takes.

    `In` and `NotIn` need values, `Exists` and `DoesNotExist` take none, and keys and values follow the syntax of
    labels. A schema sees strings.
    Write `matchLabels: {key: value}` or `matchExpressions: [{key, operator, values}]`.
    Source: k8s.io/apimachinery LabelSelector and its validation.
    """
    yield from _about(cluster, Topic.LABELS)


def calico_selectors_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Calico selectors follow Calico's grammar.

    They are strings of a language of their own: `label == 'value'`, `has(label)`, `label in {'a', 'b'}`, `&&`,
    `||`, `!`, `all()`. A schema sees a string. `=`, a value without quotes, and a line break are the usual slips.
    `global()` is for a rule's `namespaceSelector`, alone.
    Write it in that language; the message names the column.
    Source: libcalico-go lib/selector and validator v3.
    """
    yield from _about(cluster, Topic.SELECTOR)


def ip_blocks_stand_alone(cluster: Cluster) -> Iterator[Problem]:
    """A NetworkPolicy peer is addresses or pods: never both, and never nothing.

    `ipBlock` beside `podSelector` or `namespaceSelector` in one item passes the schema, and the API server refuses
    it, as it does an item with none of them.
    Write two items of the list; they are alternatives. For every pod of the namespace write `podSelector: {}`.
    Source: k8s.io/kubernetes networking validation.
    """
    yield from _about(cluster, Topic.PEER)


def ports_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Ports in policies are ports.

    Schemas take any number or string. A port is 1 to 65535, or the name of a container's port; a range is `port`
    with `endPort` in Kubernetes and `"8000:8010"` in Calico, from low to high. Calico needs `protocol` TCP, UDP or
    SCTP beside any port. In the policy API a port is either one number, one range or one name, and names are for pods.
    Write a number, a range or a name, and the protocol.
    Source: k8s.io/kubernetes networking validation; libcalico-go numorstring and validator v3; network-policy-api.
    """
    yield from _about(cluster, Topic.PORT)


def protocols_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Protocols in policies are ones that the API knows.

    Kubernetes takes TCP, UDP and SCTP, in capitals; Calico also ICMP, ICMPv6, UDPLite and the numbers 1 to 255.
    Anything else passes the schema and is refused later, or matches nothing.
    Write one of those. HTTP, HTTPS and TLS are TCP.
    Source: k8s.io/api core/v1 Protocol; libcalico-go validator v3.
    """
    yield from _about(cluster, Topic.PROTOCOL)


def policy_types_are_valid(cluster: Cluster) -> Iterator[Problem]:
    """Policy types are Ingress and Egress, each once.

    The schema sees strings; `ingress` or `Egres` is refused by the API server. Kubernetes takes a type that is written
    twice, and Calico does not.
    Write `policyTypes: [Ingress, Egress]`, in Calico `types: [Ingress, Egress]`.
    Source: k8s.io/api networking/v1; libcalico-go validator v3.
    """
    yield from _about(cluster, Topic.TYPES)


def calico_rules_hold_together(cluster: Cluster) -> Iterator[Problem]:
    """The fields of a Calico policy agree with each other.

    Each field may be right and the policy refused: IPv4 and IPv6 CIDRs in one rule, `services` beside selectors,
    addresses or ports, an HTTP match outside an ingress Allow, `icmp` without its protocol, `preDNAT` with egress
    rules. Split the rule, or write what the message says.
    Source: libcalico-go validator v3, validateRule and validateGlobalNetworkPolicy.
    """
    yield from _about(cluster, Topic.CALICO)


def admin_rules_hold_together(cluster: Cluster) -> Iterator[Problem]:
    """The fields of a policy of the policy API agree with each other.

    AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy have conditions that their schemas do not
    show: a subject and a peer are of one kind each, an address or a name is listed once, a domain is a name, and the
    one baseline is called `default`.
    Split the item, or write what the message says.
    Source: network-policy-api, the CRDs' validations (CEL, minProperties and maxProperties).
    """
    yield from _about(cluster, Topic.ADMIN)


def _about(cluster: Cluster, topic: Topic) -> Iterator[Problem]:
    for fault in cluster.faults:
        # Whatever clusters take differently, another rule sees in the policy itself (sections-are-in-force).
        if fault.topic is topic and fault.effect is not Effect.DIFFERS:
            yield fault.problem


CHECKS: tuple[Check[Cluster], ...] = (
    cidrs_are_valid,
    label_selectors_are_valid,
    calico_selectors_are_valid,
    ip_blocks_stand_alone,
    ports_are_valid,
    protocols_are_valid,
    policy_types_are_valid,
    calico_rules_hold_together,
    admin_rules_hold_together,
)
SEVERITIES: Severities = {
    cidrs_are_valid: (Severity.ERROR, Severity.WARNING),
    calico_selectors_are_valid: (Severity.ERROR, Severity.WARNING),
    policy_types_are_valid: (Severity.ERROR, Severity.WARNING),
}
