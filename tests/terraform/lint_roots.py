"""Roots that call each module with everything switched on, so that every rule of it is looked at."""

from __future__ import annotations

from functools import cache
from pathlib import Path

MODULES = Path(__file__).parents[2] / "terraform" / "modules" / "network"
DIRECTORIES = {"aws": "net", "gcp": "net/gcp", "azure": "net/azure", "policy": "net"}

_VERSIONS = 'terraform {\n  required_version = ">= 1.9"\n}\n'
_COMMON = """
  domains = [{ name = "*.openai.com" }, { name = "mcp.partner.example", ports = [8443] }]
  peers = {
    load_balancer = { cidrs = ["10.0.0.0/24", "fd00:1::/64"] }
    monitoring    = { cidrs = ["10.0.1.0/24"] }
    database      = { cidrs = ["10.0.2.0/24"] }
    cache         = { cidrs = ["10.0.3.0/24"] }
    opa           = { cidrs = ["10.0.4.0/24"] }
    dns           = { cidrs = ["10.0.0.2/32"] }
    proxy         = { cidrs = ["10.0.5.0/24"] }
    https         = { cidrs = ["10.0.5.0/24", "fd00:5::/64"] }
  }
"""
_INPUTS = {
    "aws": """
  vpc_id           = "vpc-1"
  flow_log         = { destination_arn = "arn:aws:s3:::logs" }
  network_firewall = { subnet_ids = ["subnet-1"], home_net = ["10.0.0.0/16"], log_group = "sark" }
  dns_firewall     = { internal_names = ["*.rds.amazonaws.com"], log_destination_arn = "arn:aws:s3:::logs" }
""",
    "gcp": """
  network                 = "projects/p/global/networks/sark"
  target_service_accounts = ["nodes@project.iam.gserviceaccount.com"]
  secure_web_proxy = {
    location   = "europe-west1"
    subnetwork = "projects/p/regions/europe-west1/subnetworks/sark"
  }
""",
    "azure": """
  location            = "westeurope"
  resource_group_name = "sark"
  subnet_ids          = { nodes = "/subscriptions/s/subnets/nodes" }
  flow_log = {
    network_watcher_name                = "watcher"
    network_watcher_resource_group_name = "watchers"
    virtual_network_id                  = "/subscriptions/s/virtualNetworks/v"
    storage_account_id                  = "/subscriptions/s/storageAccounts/a"
  }
  azure_firewall = {
    firewall_policy_id = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/firewallPolicies/p"
    source_cidrs       = ["10.0.0.0/16"]
  }
""",
}


@cache
def files() -> dict[str, str]:
    """The modules' files under net/, by path."""
    return {
        f"net/{path.relative_to(MODULES).as_posix()}": path.read_text("utf-8") for path in sorted(MODULES.rglob("*.tf"))
    }


def root(cloud: str) -> str:
    """A root that calls the module of a cloud."""
    return f'{_VERSIONS}\nmodule "network" {{\n  source = "../{DIRECTORIES[cloud]}"\n{_INPUTS[cloud]}{_COMMON}}}\n'
