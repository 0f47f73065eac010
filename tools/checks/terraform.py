"""The checks over Terraform, room by room; their subject is an evaluated Module with those that it calls."""

from __future__ import annotations

from tools.checks import (
    terraform_acls,
    terraform_addresses,
    terraform_azure,
    terraform_comments,
    terraform_declarations,
    terraform_domains,
    terraform_egress,
    terraform_exposure,
    terraform_filters,
    terraform_gcp,
    terraform_groups,
    terraform_modules,
    terraform_open,
    terraform_planes,
    terraform_ports,
    terraform_priorities,
    terraform_schema,
    terraform_services,
    terraform_texts,
)
from tools.model import Check
from tools.terraform.model import Module

CHECKS: tuple[Check[Module], ...] = (
    *terraform_exposure.CHECKS,
    *terraform_services.CHECKS,
    *terraform_open.CHECKS,
    *terraform_planes.CHECKS,
    *terraform_acls.CHECKS,
    *terraform_addresses.CHECKS,
    *terraform_ports.CHECKS,
    *terraform_priorities.CHECKS,
    *terraform_groups.CHECKS,
    *terraform_gcp.CHECKS,
    *terraform_azure.CHECKS,
    *terraform_egress.CHECKS,
    *terraform_domains.CHECKS,
    *terraform_filters.CHECKS,
    *terraform_texts.CHECKS,
    *terraform_schema.CHECKS,
    *terraform_modules.CHECKS,
    *terraform_declarations.CHECKS,
    *terraform_comments.CHECKS,
)
