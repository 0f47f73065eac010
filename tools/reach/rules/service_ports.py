"""A check of policies against Services: a port that leads to a pod which nobody may call there."""

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
    the target port, the Service answers nobody: a rule names the Service's own port, say, or the pod's port changed. A
    rule counts as opening the port if its peers are in namespaces without known workloads. Ports that a workload, an
    Ingress or Prometheus calls are left to the rules for those.
    Write the target port in a policy that selects the pods, or remove the port from the Service.
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
                        yield item.problem(f"{message}, but policies let nobody in there; open it, or remove this port")


def _named(facts: Known) -> Iterator[ServiceTarget]:
    """The closed ports that other rules report."""
    yield from (denied.target for denied in unmet.calls(facts) if "Ingress" in denied.ends)
    yield from (closed.target for closed in (*unmet.backends(facts), *unmet.scraped(facts)))


CHECKS: tuple[Check[Cluster], ...] = (service_ports_are_open,)
