"""The checks of who is selected, who calls whom and where Services lead; their subject, too, is a Cluster."""

from __future__ import annotations

from tools.findings.model import Check
from tools.policies.cluster import Cluster
from tools.reach.rules import (
    both_ends,
    calls,
    ingress_backends,
    scraped_ports,
    selection,
    service_ports,
    target_ports,
)

CHECKS: tuple[Check[Cluster], ...] = (
    *selection.CHECKS,
    *calls.CHECKS,
    *ingress_backends.CHECKS,
    *scraped_ports.CHECKS,
    *service_ports.CHECKS,
    *target_ports.CHECKS,
    *both_ends.CHECKS,
)
