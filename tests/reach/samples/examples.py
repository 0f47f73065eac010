"""One matrix, one explanation and some changes, as the tests of the formats write them."""

from __future__ import annotations

from tests.reach.samples.matrices import conns, made
from tools.findings.model import Where
from tools.policies.model import DIRECTIONS
from tools.reach.diff import Changed
from tools.reach.model import Change, ExplainedSide, Explanation, NamedPeer, Step, Verdict

# What a name in a manifest may hold, and what each format must not be broken by.
HOSTILE = 'a"b`c|d<e>&#1;\n# f\x1b[31m\u202e{{g}}%%"]; end --> x/`*_y_*`[Pod]'
UNKNOWN = "the address of db/postgres[StatefulSet] is not known, and 10.1.0.0/16 may hold it"

SMALL = made(
    (
        "sark/api[Deployment]",
        "sark/gateway[Deployment]",
        "db/postgres[StatefulSet]",
        "{ingress-controller}",
        "0.0.0.0-9.255.255.255, 11.0.0.0-255.255.255.255",
        "10.0.0.0-10.255.255.255",
    ),
    {
        (0, 1): "TCP 8080",
        (1, 0): "TCP 80,443-445; UDP 53",
        (0, 2): f"? TCP 5432 because {UNKNOWN}",
        (1, 2): "TCP 5432 ? TCP 9187 because the rule asks for an HTTP path",
        (3, 1): "TCP 8443",
        (1, 4): "TCP 443",
        **dict.fromkeys(((2, 4), (2, 5), (4, 2), (5, 2)), "all"),
    },
    dict.fromkeys(DIRECTIONS, ("sark/api[Deployment]", "sark/gateway[Deployment]")),
)

FILE = "charts/sark-network/templates/egress-allow-list.yaml"
LOCKDOWN = "GlobalNetworkPolicy sark-lock-down"
DENY = Step(LOCKDOWN, "egress[3]", "Deny", "it is for everyone", Where(FILE, "spec.egress[3].action", 41))
EXPLANATION = Explanation(
    NamedPeer("sark/api[Deployment]", "workload", "sark"),
    NamedPeer("8.8.8.8", "address"),
    53,
    "UDP",
    "denied",
    (
        ExplainedSide(
            "Egress",
            "denied",
            f"leaving sark/api[Deployment]: denied by egress[3] of {LOCKDOWN}",
            DENY,
            (
                Step("NetworkPolicy sark/dns", "egress[0]", "no match", "8.8.8.8 is no pod", Where("dns.yaml", "", 12)),
                Step(LOCKDOWN, "egress[0]", "no match", "UDP 53 is not among TCP 443", Where(FILE, "", 30)),
                Step(LOCKDOWN, "egress[1]", "no match", "8.8.8.8 is not in 10.0.0.0/8", Where(FILE, "", 34)),
                Step(LOCKDOWN, "egress[2]", "no match", "8.8.8.8 is not in 10.0.0.0/8", Where(FILE, "", 38)),
                DENY,
            ),
        ),
        ExplainedSide("Ingress", "allowed", "no policy in the input can select 8.8.8.8, so entering it is open"),
    ),
    (
        Change(
            f"add to {LOCKDOWN}, before egress[3]",
            "allowed",
            "insert",
            "- action: Allow\n  protocol: UDP\n  destination: {nets: [8.8.8.8/32], ports: [53]}\n",
            Where(FILE, "spec.egress[3]", 41),
        ),
    ),
    ("Pods are taken to have addresses in 10.0.0.0/8.",),
)

A, B = "a/x[Pod]", "b/y[Deployment]"
CHANGES = (
    Changed(A, "8.8.8.0-8.8.8.255", Verdict(), Verdict(conns("TCP 80"))),
    Changed(
        A,
        B,
        Verdict(conns("TCP 80")),
        Verdict(conns("TCP 80,443"), conns("UDP 53"), (f"the address of {B} is not known",)),
    ),
    Changed(B, A, Verdict(conns("all")), Verdict()),
)
