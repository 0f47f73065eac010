"""The checks over policies, room by room; their subject is a Cluster: the objects to judge and the workloads given."""

from __future__ import annotations

from tools.checks import (
    both_ends,
    calls,
    comments,
    ingress_backends,
    named_ports,
    namespace_labels,
    policy_addresses,
    policy_admin,
    policy_calico,
    policy_dns,
    policy_lockdowns,
    policy_openness,
    policy_ports,
    policy_sections,
    policy_values,
    scraped_ports,
    selection,
    service_ports,
    target_ports,
)
from tools.model import Check
from tools.workloads import Cluster

CHECKS: tuple[Check[Cluster], ...] = (
    *policy_values.CHECKS,
    *policy_ports.CHECKS,
    *policy_sections.CHECKS,
    *policy_openness.CHECKS,
    *policy_addresses.CHECKS,
    *policy_dns.CHECKS,
    *policy_calico.CHECKS,
    *policy_lockdowns.CHECKS,
    *policy_admin.CHECKS,
    *comments.CHECKS,
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
