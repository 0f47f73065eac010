"""The checks of policies by themselves; their subject is a Cluster: the objects to judge and the workloads given."""

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
    syntax,
)

CHECKS: tuple[Check[Cluster], ...] = (
    *syntax.CHECKS,
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
)
