"""The checks over policies, room by room; their subject is a Cluster: the objects to judge and the workloads given."""

from __future__ import annotations

from tools.findings.model import Check
from tools.policies.cluster import Cluster
from tools.policies.rules import (
    addresses,
    admin,
    calico,
    directions,
    dns,
    lockdowns,
    named_ports,
    namespace_labels,
    openness,
    order_comments,
    ports,
    selection,
    syntax,
)
from tools.reach.rules import both_ends, calls, ingress_backends, scraped_ports, service_ports, target_ports

CHECKS: tuple[Check[Cluster], ...] = (
    *syntax.CHECKS,
    *ports.CHECKS,
    *directions.CHECKS,
    *openness.CHECKS,
    *addresses.CHECKS,
    *dns.CHECKS,
    *calico.CHECKS,
    *lockdowns.CHECKS,
    *admin.CHECKS,
    *order_comments.CHECKS,
    *named_ports.CHECKS,
    *namespace_labels.CHECKS,
    *selection.CHECKS,
    *calls.CHECKS,
    *ingress_backends.CHECKS,
    *scraped_ports.CHECKS,
    *service_ports.CHECKS,
    *target_ports.CHECKS,
    *both_ends.CHECKS,
)
