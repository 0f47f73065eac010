"""Features are read off objects: fields, the words in them, what is empty, and the signs of selectors."""

from __future__ import annotations

from tools.cluster.fuzz.coverage import coverage, shown


def test_features_of_both_dialects() -> None:
    counts = coverage(
        [
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "spec": {
                    "podSelector": {"matchLabels": {"a": "b"}},
                    "ingress": [{"from": [], "ports": [{"port": "http"}, {"port": 80}]}, {}],
                },
            },
            {
                "apiVersion": "projectcalico.org/v3",
                "kind": "GlobalNetworkPolicy",
                "spec": {
                    "order": 7,
                    "selector": "!has(a) && b not in {'c'}",
                    "egress": [{"action": "Pass", "destination": {"ports": ["1:2"]}}],
                },
            },
        ]
    )
    assert set(counts) == {
        "Kubernetes NetworkPolicy",
        "Kubernetes podSelector",
        "Kubernetes podSelector.matchLabels",
        "Kubernetes ingress",
        "Kubernetes ingress: {}",
        "Kubernetes ingress.from",
        "Kubernetes ingress.from: []",
        "Kubernetes ingress.ports",
        "Kubernetes ingress.ports.port",
        "Kubernetes port name",
        "Kubernetes port number",
        "Calico GlobalNetworkPolicy",
        "Calico order",
        "Calico order 7",
        "Calico selector",
        "Calico selector &&",
        "Calico selector !",
        "Calico selector has()",
        "Calico selector not in",
        "Calico egress",
        "Calico egress.action",
        "Calico action Pass",
        "Calico egress.destination",
        "Calico egress.destination.ports",
        "Calico ports range",
    }
    assert counts["Kubernetes ingress.ports.port"] == 2
    assert shown(counts).splitlines()[0] == "     2 Kubernetes ingress.ports.port"
