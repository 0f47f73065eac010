"""A check of Services against policies: a port that leads to a pod which nobody may call there."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Problem
from tools.manifests.node import root
from tools.policies.cluster import Cluster
from tools.reach.connections import NUMBERS
from tools.reach.needs import unmet
from tools.reach.needs.known import Known, known, title
from tools.reach.peers.services import ServiceTarget


def service_ports_are_open(cluster: Cluster) -> Iterator[Problem]:
    """A port of a Service leads to a port of its pods that some policy opens.

    Policies see the pod and its target port, never the Service. Where a pod is isolated and no rule lets anybody in on
    the target port, the Service answers nobody: a rule names the Service's own port, or the pod's was renumbered. A
    rule whose peers are in namespaces of which no workload is known counts as one that opens. What a workload, an
    Ingress or Prometheus calls there is said by the rule for that, and not once more here.
    Write the target port in a policy that selects the pods, or take the port from the Service.
    Source: k8s.io/api networking/v1 NetworkPolicyPort.
    """
    facts = known(cluster)
    named = set(_named(facts))
    for service in facts.names.services.values():
        for item in root(service.manifest)["spec"]["ports"].items():
            number, protocol = item["port"].number(), item["protocol"].text() or "TCP"
            for target in facts.targets(service, number, protocol) if number and protocol in NUMBERS else ():
                for place, pod in facts.classes[target.pod]:
                    if target not in named and not facts.entered(place, pod, target):
                        named.add(target)
                        message = f"this leads to {protocol} {target.port} of {title(pod)}"
                        yield item.problem(f"{message}, where policies let nobody in; open it there, or drop the port")


def _named(facts: Known) -> Iterator[ServiceTarget]:
    """What other rules say of closed ports."""
    yield from (denied.target for denied in unmet.calls(facts) if "Ingress" in denied.ends)
    yield from (closed.target for closed in (*unmet.backends(facts), *unmet.scraped(facts)))


CHECKS: tuple[Check[Cluster], ...] = (service_ports_are_open,)
