"""NetworkPolicy as the Kubernetes suite (test/e2e/network/netpol) and cyclonus (pkg/generator) probe it in a cluster:
the same questions on the same stage, in tables of our own. Every pair of pods is judged in every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.reach.samples.nine_pods import differences, world


@dataclass(frozen=True, slots=True)
class Case:
    """Policies, and who may reach whom under them (see nine_pods)."""

    name: str
    policies: tuple[str, ...]
    expected: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


SUBJECTS = (
    Case("an empty selector is every pod of the namespace", ("x: {podSelector: {}}",), ("* > x/*: none",)),
    Case("no selector is an empty one", ("x: {policyTypes: [Ingress]}",), ("* > x/*: none",)),
    Case("labels select", ("x: {podSelector: {matchLabels: {pod: a}}}",), ("* > x/a: none",)),
    Case("all labels must be there", ("x: {podSelector: {matchLabels: {pod: a, more: b}}}",), ()),
    Case(
        "In selects",
        ("x: {podSelector: {matchExpressions: [{key: pod, operator: In, values: [a, b]}]}}",),
        ("* > x/[ab]: none",),
    ),
    Case(
        "NotIn selects the others",
        ("x: {podSelector: {matchExpressions: [{key: pod, operator: NotIn, values: [a, b]}]}}",),
        ("* > x/c: none",),
    ),
    Case(
        "NotIn selects those without the label",
        ("x: {podSelector: {matchExpressions: [{key: other, operator: NotIn, values: [a]}]}}",),
        ("* > x/*: none",),
    ),
    Case(
        "Exists selects",
        ("x: {podSelector: {matchExpressions: [{key: other, operator: Exists}]}}",),
        ("* > x/b: none",),
        {"x/b": '{pod: b, other: ""}'},
    ),
    Case(
        "DoesNotExist selects",
        ("x: {podSelector: {matchExpressions: [{key: other, operator: DoesNotExist}]}}",),
        ("* > x/[ac]: none",),
        {"x/b": '{pod: b, other: ""}'},
    ),
    Case(
        "labels and expressions are both asked for",
        ("x: {podSelector: {matchLabels: {pod: a}, matchExpressions: [{key: pod, operator: NotIn, values: [a]}]}}",),
        (),
    ),
    Case("nobody selected, nothing changed", ("x: {podSelector: {matchLabels: {pod: d}}}",), ()),
    Case("a policy of another namespace", ("w: {podSelector: {matchLabels: {pod: a}}}",), ("* > w/a: none",)),
    Case(
        "a pod whose label went is selected no more",
        ("x: {podSelector: {matchLabels: {pod: a}}}",),
        (),
        {"x/a": "{target: isolated}"},
    ),
    Case(
        "a pod that got a label is selected",
        ("x: {podSelector: {matchLabels: {target: isolated}}}",),
        ("* > x/a: none",),
        {"x/a": "{pod: a, target: isolated}"},
    ),
)

TYPES = (
    Case("no types and no rules: ingress", ("x: {podSelector: {matchLabels: {pod: a}}}",), ("* > x/a: none",)),
    Case(
        "no types are an empty list of types",
        ("x: {podSelector: {matchLabels: {pod: a}}, policyTypes: []}",),
        ("* > x/a: none",),
    ),
    Case(
        "no types and egress rules: both",
        ("x: {podSelector: {matchLabels: {pod: a}}, egress: [{ports: [{port: 80}]}]}",),
        ("* > x/a: none", "x/a > *: TCP 80"),
    ),
    Case(
        "no types and an empty list of egress rules: ingress alone",
        ("x: {podSelector: {matchLabels: {pod: a}}, egress: []}",),
        ("* > x/a: none",),
    ),
    Case(
        "rules of a direction that is not among the types are not in force",
        ("x: {podSelector: {matchLabels: {pod: a}}, policyTypes: [Egress], ingress: [{ports: [{port: 80}]}]}",),
        ("x/a > *: none",),
    ),
    Case("ingress is denied by default", ("x: {podSelector: {}, policyTypes: [Ingress]}",), ("* > x/*: none",)),
    Case("egress is denied by default", ("x: {podSelector: {}, policyTypes: [Egress]}",), ("x/* > *: none",)),
    Case(
        "both are denied by default, to addresses outside too",
        ("x: {podSelector: {}, policyTypes: [Ingress, Egress]}",),
        ("* > x/*: none", "x/* > *: none", "w/a > 198.51.100.7: all", "198.51.100.7 > z/b: all"),
    ),
    Case(
        "empty lists of rules deny",
        ("x: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [], egress: []}",),
        ("* > x/*: none", "x/* > *: none"),
    ),
    Case(
        "a rule of nothing allows everything",
        ("x: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}",),
        ("x/a > 198.51.100.7: all", "198.51.100.7 > x/b: all"),
    ),
)

TOGETHER = (
    Case(
        "policies add up: everything denied, and one pod opened",
        (
            "x: {podSelector: {}, policyTypes: [Ingress]}",
            "x: {podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{namespaceSelector: {}}]}]}",
        ),
        ("* > x/[bc]: none", "198.51.100.7 > x/a: none"),
    ),
    Case(
        "allowing everything wins over allowing some, at ingress",
        (
            "x: {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]}",
            "x: {podSelector: {}, ingress: [{}]}",
        ),
        ("198.51.100.7 > x/a: all",),
    ),
    Case(
        "allowing everything wins over allowing some, at egress",
        (
            "x: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 80}]}]}",
            "x: {podSelector: {}, policyTypes: [Egress], egress: [{}]}",
        ),
        ("x/a > 198.51.100.7: all",),
    ),
    Case(
        "two policies open a port each",
        (
            "x: {podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns: w}}}],"
            " ports: [{port: 81}]}]}",
            "x: {podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns: w}}}],"
            " ports: [{port: 80}]}]}",
        ),
        ("* > x/a: none", "w/* > x/a: TCP 80, TCP 81"),
    ),
    Case(
        "policies that overlap in some pods only",
        (
            "x: {podSelector: {matchExpressions: [{key: pod, operator: In, values: [a, b]}]},"
            " ingress: [{ports: [{port: 80}]}]}",
            "x: {podSelector: {matchExpressions: [{key: pod, operator: In, values: [b, c]}]},"
            " ingress: [{ports: [{port: 81}]}]}",
        ),
        ("* > x/a: TCP 80", "* > x/b: TCP 80, TCP 81", "* > x/c: TCP 81"),
    ),
    Case(
        "two rules of a policy do not lend each other peers or ports",
        (
            "x: {podSelector: {matchLabels: {pod: a}}, ingress: ["
            "{from: [{podSelector: {matchLabels: {pod: b}}}], ports: [{port: 80}]},"
            " {from: [{podSelector: {matchLabels: {pod: c}}}], ports: [{port: 81}]}]}",
        ),
        ("* > x/a: none", "x/b > x/a: TCP 80", "x/c > x/a: TCP 81"),
    ),
    Case(
        "ingress and egress in one policy",
        (
            "x: {podSelector: {matchLabels: {pod: a}}, policyTypes: [Ingress, Egress],"
            " ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}],"
            " egress: [{ports: [{port: 80}, {protocol: UDP, port: 53}]}]}",
        ),
        ("* > x/a: none", "x/b > x/a: all", "x/a > *: TCP 80, UDP 53"),
    ),
    Case(
        "egress is denied although the server's ingress allows",
        (
            "x: {podSelector: {matchLabels: {pod: a}}, policyTypes: [Egress], egress: [{to: [{namespaceSelector:"
            " {matchLabels: {ns: w}}, podSelector: {matchLabels: {pod: a}}}]}]}",
            "w: {podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns: x}},"
            " podSelector: {matchLabels: {pod: a}}}]}]}",
            "w: {podSelector: {matchLabels: {pod: b}}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns: x}},"
            " podSelector: {matchLabels: {pod: a}}}]}]}",
        ),
        ("* > w/[ab]: none", "x/a > *: none", "x/a > w/a: all"),
    ),
    Case(
        "ingress is denied although the client's egress allows",
        (
            "x: {podSelector: {matchLabels: {pod: b}}, policyTypes: [Egress], egress: [{}]}",
            "w: {podSelector: {matchLabels: {pod: c}}, policyTypes: [Ingress]}",
        ),
        ("* > w/c: none",),
    ),
    Case(
        "egress to one pod, and ingress from another: each side is asked",
        (
            "x: {podSelector: {matchLabels: {pod: a}}, policyTypes: [Egress],"
            " egress: [{to: [{podSelector: {matchLabels: {pod: b}}}]}]}",
            "x: {podSelector: {matchLabels: {pod: b}}, ingress: [{from: [{podSelector: {matchLabels: {pod: c}}}]}]}",
        ),
        ("x/a > *: none", "* > x/b: none", "x/c > x/b: all"),
    ),
    Case(
        "addresses are denied by one policy and opened by another",
        (
            "x: {podSelector: {matchLabels: {pod: a}}, policyTypes: [Egress],"
            " egress: [{to: [{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.2.2/32]}}]}]}",
            "x: {podSelector: {matchLabels: {pod: a}}, policyTypes: [Egress],"
            " egress: [{to: [{ipBlock: {cidr: 10.0.2.2/32}}]}]}",
        ),
        ("x/a > 198.51.100.7: none",),
    ),
)

# What one item of from or to means to a policy in x for x/a: the pods, as patterns.
PEERS = (
    ("all pods of the policy's own namespace", "{podSelector: {}}", ("x/*",)),
    ("pods of the own namespace", "{podSelector: {matchLabels: {pod: c}}}", ("x/c",)),
    ("pods of the own namespace, by In",
     "{podSelector: {matchExpressions: [{key: pod, operator: In, values: [b, c]}]}}", ("x/[bc]",)),
    ("every namespace", "{namespaceSelector: {}}", ("*/*",)),
    ("every pod of every namespace", "{namespaceSelector: {}, podSelector: {}}", ("*/*",)),
    ("pods of every namespace", "{namespaceSelector: {}, podSelector: {matchLabels: {pod: c}}}", ("*/c",)),
    ("a namespace", "{namespaceSelector: {matchLabels: {ns: w}}}", ("w/*",)),
    ("the own namespace, by its label", "{namespaceSelector: {matchLabels: {ns: x}}}", ("x/*",)),
    ("a namespace, all its pods", "{namespaceSelector: {matchLabels: {ns: w}}, podSelector: {}}", ("w/*",)),
    ("pods of a namespace", "{namespaceSelector: {matchLabels: {ns: w}}, podSelector: {matchLabels: {pod: a}}}",
     ("w/a",)),
    ("namespaces by In", "{namespaceSelector: {matchExpressions: [{key: ns, operator: In, values: [w, z]}]}}",
     ("[wz]/*",)),
    ("namespaces by NotIn", "{namespaceSelector: {matchExpressions: [{key: ns, operator: NotIn, values: [x]}]}}",
     ("[wz]/*",)),
    ("several of several",
     "{namespaceSelector: {matchExpressions: [{key: ns, operator: NotIn, values: [x]}]},"
     " podSelector: {matchExpressions: [{key: pod, operator: In, values: [b, c]}]}}", ("[wz]/[bc]",)),
    ("a namespace by the label that every one has",
     "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: z}}}", ("z/*",)),
    ("namespaces by an expression over that label",
     "{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [x, z]}]}}",
     ("w/*",)),
    ("a namespace that is not there", "{namespaceSelector: {matchLabels: {ns: q}}}", ()),
    ("one or the other", "{podSelector: {matchLabels: {pod: b}}}, {namespaceSelector: {matchLabels: {ns: w}}}",
     ("x/b", "w/*")),
    ("two kinds of pods", "{podSelector: {matchLabels: {pod: b}}}, {podSelector: {matchLabels: {pod: c}}}",
     ("x/[bc]",)),
    ("addresses", "{ipBlock: {cidr: 10.0.2.0/24}}", ("w/*",)),
    ("one address", "{ipBlock: {cidr: 10.0.3.3/32}}", ("z/c",)),
    ("addresses with an exception", "{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.2.0/24, 10.0.3.1/32]}}",
     ("x/*", "z/[bc]")),
    ("addresses that another item takes out", "{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.2.0/24]}},"
     " {ipBlock: {cidr: 10.0.2.1/32}}", ("x/*", "z/*", "w/a")),
    ("every address", "{ipBlock: {cidr: 0.0.0.0/0}}", ("*",)),
    ("addresses of nobody", "{ipBlock: {cidr: 0.0.0.0/31}}", ()),
    ("every pod and no address", "{namespaceSelector: {}}, {ipBlock: {cidr: 0.0.0.0/31}}", ("*/*",)),
    ("addresses outside", "{ipBlock: {cidr: 198.51.100.0/24}}", ("198.51.100.7",)),
)  # fmt: skip

# What the ports of a rule mean.
PORTS = (
    ("no ports", "[]", "all"),
    ("null", "null", "all"),
    ("a port of nothing is TCP", "[{}]", "TCP all"),
    ("TCP", "[{protocol: TCP}]", "TCP all"),
    ("UDP", "[{protocol: UDP}]", "UDP all"),
    ("SCTP", "[{protocol: SCTP}]", "SCTP all"),
    ("a number is TCP's", "[{port: 80}]", "TCP 80"),
    ("TCP by number", "[{port: 81, protocol: TCP}]", "TCP 81"),
    ("UDP by number", "[{port: 80, protocol: UDP}]", "UDP 80"),
    ("SCTP by number is not TCP's", "[{port: 80, protocol: SCTP}]", "SCTP 80"),
    ("a number that nobody serves", "[{port: 7981}]", "TCP 7981"),
    ("TCP by name", "[{port: serve-80-tcp}]", "TCP 80"),
    ("UDP by name", "[{port: serve-81-udp, protocol: UDP}]", "UDP 81"),
    ("SCTP by name", "[{port: serve-81-sctp, protocol: SCTP}]", "SCTP 81"),
    ("the name of another protocol's port", "[{port: serve-81-udp, protocol: TCP}]", "none"),
    ("the name of another protocol's port, by default", "[{port: serve-81-sctp}]", "none"),
    ("a name that nobody has", "[{port: serve-7981-tcp}]", "none"),
    ("a range that ends at a port", "[{port: 53, endPort: 80}]", "TCP 53, TCP 80"),
    ("a range that starts at a port", "[{port: 81, endPort: 90}]", "TCP 81, TCP 90"),
    ("a range of one", "[{port: 80, endPort: 80}]", "TCP 80"),
    ("a range of UDP", "[{port: 53, endPort: 84, protocol: UDP}]", "UDP 53, UDP 80, UDP 81, UDP 84"),
    ("a range of SCTP", "[{port: 1, endPort: 65535, protocol: SCTP}]", "SCTP all"),
    ("all of TCP and one of it", "[{}, {port: 80}]", "TCP all"),
    ("all of two protocols", "[{}, {protocol: UDP}]", "TCP all, UDP all"),
    ("two numbers", "[{port: 80}, {port: 81}]", "TCP 80, TCP 81"),
    ("a number and a name", "[{port: 80}, {port: serve-81-udp, protocol: UDP}]", "TCP 80, UDP 81"),
    ("a number and a name of the same", "[{port: 80}, {port: serve-80-tcp}]", "TCP 80"),
)


@pytest.mark.parametrize("case", [*SUBJECTS, *TYPES, *TOGETHER], ids=lambda case: case.name)
def test_policies(case: Case) -> None:
    assert differences(world(case.policies, case.labels), case.expected) == []


@pytest.mark.parametrize(("name", "items", "members"), PEERS, ids=[name for name, *_ in PEERS])
def test_from(name: str, items: str, members: tuple[str, ...]) -> None:
    policy = f"x: {{podSelector: {{matchLabels: {{pod: a}}}}, ingress: [{{from: [{items}]}}]}}"
    expected = ("* > x/a: none", "198.51.100.7 > x/a: none", *(f"{member} > x/a: all" for member in members))
    assert differences(world([policy]), expected) == []


@pytest.mark.parametrize(("name", "items", "members"), PEERS, ids=[name for name, *_ in PEERS])
def test_to(name: str, items: str, members: tuple[str, ...]) -> None:
    policy = f"x: {{podSelector: {{matchLabels: {{pod: a}}}}, policyTypes: [Egress], egress: [{{to: [{items}]}}]}}"
    expected = ("x/a > *: none", "x/a > 198.51.100.7: none", *(f"x/a > {member}: all" for member in members))
    assert differences(world([policy]), expected) == []


@pytest.mark.parametrize("none", ["[]", "null"])
def test_no_peers_are_everybody(none: str) -> None:
    spec = f"policyTypes: [Ingress, Egress], ingress: [{{from: {none}}}], egress: [{{to: {none}}}]"
    expected = ("x/a > 198.51.100.7: all", "198.51.100.7 > x/a: all")
    assert differences(world([f"x: {{podSelector: {{}}, {spec}}}"]), expected) == []


@pytest.mark.parametrize(("name", "ports", "conns"), PORTS, ids=[name for name, *_ in PORTS])
def test_ports_at_ingress(name: str, ports: str, conns: str) -> None:
    policy = f"x: {{podSelector: {{matchLabels: {{pod: a}}}}, ingress: [{{ports: {ports}}}]}}"
    assert differences(world([policy]), [f"* > x/a: {conns}"]) == []


@pytest.mark.parametrize(("name", "ports", "conns"), PORTS, ids=[name for name, *_ in PORTS])
def test_ports_at_egress(name: str, ports: str, conns: str) -> None:
    policy = f"x: {{podSelector: {{matchLabels: {{pod: a}}}}, policyTypes: [Egress], egress: [{{ports: {ports}}}]}}"
    assert differences(world([policy]), [f"x/a > *: {conns}"]) == []


def test_a_namespace_that_got_a_label() -> None:
    policy = (
        "x: {podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns2: new}}}]}]}"
    )
    assert differences(world([policy]), ["* > x/a: none"]) == []
    made = world([policy], {"w": "{ns: w, ns2: new}"})
    assert differences(made, ["* > x/a: none", "w/* > x/a: all"]) == []


def test_a_pod_that_got_a_label() -> None:
    peer = "{podSelector: {matchLabels: {pod: b, pod2: new}}}"
    policy = f"x: {{podSelector: {{matchLabels: {{pod: a}}}}, ingress: [{{from: [{peer}]}}]}}"
    assert differences(world([policy]), ["* > x/a: none"]) == []
    made = world([policy], {"x/b": "{pod: b, pod2: new}"})
    assert differences(made, ["* > x/a: none", "x/b > x/a: all"]) == []


def test_the_stage_tells_a_difference() -> None:
    assert differences(world(["x: {podSelector: {matchLabels: {pod: a}}}"]), ["* > x/a: TCP 80"]) == [
        f"{src} > x/a, TCP 80: denied and not allowed"
        for src in ("x/b", "x/c", "w/a", "w/b", "w/c", "z/a", "z/b", "z/c")
    ]
