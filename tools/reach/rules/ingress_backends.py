"""A check of policies against Ingresses: a backend that no ingress controller may call."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem
from tools.policies.cluster import Cluster
from tools.reach.needs import unmet
from tools.reach.needs.known import known, title


def ingress_backends_are_open(cluster: Cluster) -> Iterator[Problem]:
    """The pods behind an Ingress let somebody in from another namespace, on the port that is called there.

    An ingress controller calls the pods, not the Service, and it runs in a namespace of its own. Where policies let
    nobody in from another namespace on the target port, the site answers 502 or 504. A rule counts as opening the port
    if its peers are in namespaces without known workloads, or are addresses, such as a load balancer's outside.
    The namespaces of `monitoring` in the chart's values do not count.
    Open the pods' port to the controller's namespace; in the chart's values by `callers: [ingressController]`.
    Source: k8s.io/api networking/v1 Ingress.
    """
    facts = known(cluster)
    for closed in unmet.backends(facts):
        where = f"{closed.target.protocol} {closed.target.port} of {title(closed.pod)}"
        advice = "open it to the ingress controller"
        advice += "; in the chart's values by callers: [ingressController] of the part" if facts.charted else ""
        yield closed.node.problem(
            f"this leads to {where}, but policies let nobody in there from another namespace; {advice}"
        )


CHECKS: tuple[Check[Cluster], ...] = (ingress_backends_are_open,)
