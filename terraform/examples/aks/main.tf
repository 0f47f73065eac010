# SARK in an AKS cluster in subnets of its own, with Azure CNI Overlay and a private API server. A network security group
# stands at a subnet and not at pods, so that the egress proxy has a node pool in a subnet of its own. platform.tf has
# what AKS itself needs, with its sources.

terraform {
  required_version = ">= 1.9"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.80"
    }
  }
}

provider "azurerm" {
  subscription_id = var.subscription_id
  features {}
}

locals {
  # The chart is the one place where ports and names are written.
  chart = yamldecode(file("${path.module}/../../../charts/sark-network/values.yaml"))

  ports = {
    gateway    = local.chart.gateway.ports.http
    metrics    = local.chart.gateway.ports.metrics
    postgresql = local.chart.database.ports.postgresql
    redis      = local.chart.cache.ports.redis
    opa        = local.chart.opa.ports.http
    dns        = local.chart.dns.ports[0]
    proxy      = local.chart.proxy.ports.gateway
  }
}

# The subnet of the nodes that SARK runs on.
module "nodes" {
  source = "../../modules/network/azure"

  name                = "${var.name}-nodes"
  location            = var.location
  resource_group_name = var.resource_group_name
  subnet_ids          = { nodes = var.node_subnet_id }
  flow_log            = null # the virtual network has one already
  ports               = local.ports
  cluster_cidrs       = local.cluster_cidrs
  rules               = local.rules
  health_probes       = { ports = local.probed_ports }
  node_ports          = local.node_ports
  tags                = var.tags

  peers = {
    load_balancer = { cidrs = var.client_cidrs }
    database      = { cidrs = var.database_cidrs }
    cache         = { cidrs = var.cache_cidrs }
    # OPA, monitoring, CoreDNS and the proxy are pods: cluster_cidrs has them. What CoreDNS asks is Azure's resolver,
    # which is where DNS goes by default, and which security groups do not filter, like the agent and the metadata.
    # https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
  }
}

# The subnet of the proxy's nodes: the same for the cluster, no clients and no stores, and the internet.
module "proxy" {
  source = "../../modules/network/azure"

  name                = "${var.name}-proxy"
  location            = var.location
  resource_group_name = var.resource_group_name
  subnet_ids          = { proxy = var.proxy_subnet_id }
  flow_log            = null # the virtual network has one already
  ports               = local.ports
  cluster_cidrs       = local.cluster_cidrs
  rules               = { for key, rule in local.rules : key => rule if key != "services" }
  # Every node is behind every load balancer of a cluster, and is asked for its health.
  health_probes = { ports = local.probed_ports }
  node_ports    = local.node_ports
  tags          = var.tags
}

# https://learn.microsoft.com/azure/aks/nat-gateway
# sark:ignore egress-is-not-open-to-the-world until 2029-12-31: the proxy judges names, and the chart's list is what it lets through
resource "azurerm_network_security_rule" "internet" {
  name                        = "egress-internet"
  description                 = "HTTPS to listed names, which the proxy judges"
  resource_group_name         = var.resource_group_name
  network_security_group_name = module.proxy.network_security_group_name
  priority                    = 1200
  direction                   = "Outbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "*"
  destination_port_ranges     = [for port in local.https_ports : tostring(port)]
  destination_address_prefix  = "Internet"
}

output "network_security_group_ids" {
  description = "The groups of the two subnets."
  value       = { nodes = module.nodes.network_security_group_id, proxy = module.proxy.network_security_group_id }
}

output "not_expressible" {
  description = "What Azure cannot say of the policy."
  value       = module.nodes.not_expressible
}
