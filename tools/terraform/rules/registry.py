"""The checks over Terraform, module by module; their subject is an evaluated Module with those that it calls."""

from __future__ import annotations

from tools.findings.model import Check
from tools.terraform.language.model import Module
from tools.terraform.rules import (
    acls,
    address_lists,
    addresses,
    azure,
    control_planes,
    declarations,
    domains,
    egress,
    exposure,
    filters,
    gcp,
    groups,
    modules,
    ports,
    priorities,
    schema,
    services,
    texts,
)

CHECKS: tuple[Check[Module], ...] = (
    *exposure.CHECKS,
    *services.CHECKS,
    *address_lists.CHECKS,
    *control_planes.CHECKS,
    *acls.CHECKS,
    *addresses.CHECKS,
    *ports.CHECKS,
    *priorities.CHECKS,
    *groups.CHECKS,
    *gcp.CHECKS,
    *azure.CHECKS,
    *egress.CHECKS,
    *domains.CHECKS,
    *filters.CHECKS,
    *texts.CHECKS,
    *schema.CHECKS,
    *modules.CHECKS,
    *declarations.CHECKS,
)
