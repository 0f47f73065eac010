"""A check of Prometheus' annotations against policies: a port that is to be scraped and is closed."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem
from tools.policies.cluster import Cluster
from tools.reach.needs import unmet
from tools.reach.needs.known import known, title


def scraped_ports_are_open(cluster: Cluster) -> Iterator[Problem]:
    """A port that `prometheus.io/port` names lets somebody in from another namespace.

    Pods and Services with `prometheus.io/scrape: "true"` are found by Prometheus, which calls that port of each pod.
    Where policies let nobody of another namespace in, every target is down, and the alerts that would say so have
    nothing to go by. A rule whose peers are in namespaces of which no workload is known counts as one that opens; the
    namespaces of `ingressController` in the chart's values do not, and with `monitoring.enabled: false` nobody scrapes.
    Whether the process serves metrics on that port is not looked at: no manifest says it.
    Open the port to the namespace of monitoring; in the chart's values by `metrics.ports` of the part; or drop the
    annotation.
    Source: prometheus/prometheus documentation/examples/prometheus-kubernetes.yml, where these annotations are read.
    """
    facts = known(cluster)
    for closed in unmet.scraped(facts):
        where = f"{closed.target.protocol} {closed.target.port} of {title(closed.pod)}"
        advice = "open it to monitoring"
        advice += ", in the chart's values by metrics.ports of the part" if facts.charted else ""
        yield closed.node.problem(
            f"Prometheus is to call {where}, where policies let nobody in from another namespace; {advice}, "
            "or drop the annotation"
        )


CHECKS: tuple[Check[Cluster], ...] = (scraped_ports_are_open,)
