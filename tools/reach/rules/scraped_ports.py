"""A check of policies against Prometheus' annotations: a port that should be scraped and is closed."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem
from tools.policies.cluster import Cluster
from tools.reach.needs import unmet
from tools.reach.needs.known import known, title


def scraped_ports_are_open(cluster: Cluster) -> Iterator[Problem]:
    """A port that `prometheus.io/port` names lets somebody in from another namespace.

    Prometheus discovers pods and Services with `prometheus.io/scrape: "true"` and calls that port of each pod. Where
    policies let nobody in from another namespace, every target is down, and alerts on its metrics never fire. A rule
    counts as opening the port if its peers are in namespaces without known workloads. The namespaces of
    `ingressController` in the chart's values do not count, and with `monitoring.enabled: false` nobody scrapes.
    Whether the process serves metrics on that port is not checked, because no manifest says so.
    Open the port to the namespace of monitoring, in the chart's values by `metrics.ports` of the part, or remove the
    annotation.
    Source: prometheus/prometheus documentation/examples/prometheus-kubernetes.yml, where these annotations are read.
    """
    facts = known(cluster)
    for closed in unmet.scraped(facts):
        where = f"{closed.target.protocol} {closed.target.port} of {title(closed.pod)}"
        advice = "open it to monitoring"
        advice += ", in the chart's values by metrics.ports of the part" if facts.charted else ""
        yield closed.node.problem(
            f"Prometheus is told to call {where}, but policies let nobody in there from another namespace; {advice}, "
            "or remove the annotation"
        )


CHECKS: tuple[Check[Cluster], ...] = (scraped_ports_are_open,)
