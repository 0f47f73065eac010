# SARK's nodes in a subnet: the load balancer's subnet in; the database, the cache, OPA, the cloud's own DNS and the proxy's subnet out.

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

variable "subscription_id" {
  description = "The subscription of the virtual network."
  type        = string
}

variable "location" {
  description = "The region of the virtual network."
  default     = "westeurope"
  type        = string
}

variable "resource_group_name" {
  description = "The resource group of the virtual network."
  type        = string
}

variable "node_subnet_id" {
  description = "The subnet of SARK's nodes."
  type        = string
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

  # A name alone means port 443, as it does in the chart.
  domains = [
    for domain in concat(local.chart.egress.domains, local.chart.egress.extraDomains) :
    { name = lower(try(domain.name, domain)), ports = try(domain.ports, [443]) }
  ]
}

module "network" {
  source = "../../modules/network/azure"

  location            = var.location
  resource_group_name = var.resource_group_name
  subnet_ids          = { nodes = var.node_subnet_id }
  # The virtual network has a flow log already.
  flow_log = null
  ports    = local.ports
  domains  = local.domains

  peers = {
    load_balancer = { cidrs = ["10.0.0.0/24"] }
    monitoring    = { cidrs = ["10.0.48.0/24"] }
    database      = { cidrs = ["10.0.16.0/24", "10.0.17.0/24"] }
    cache         = { cidrs = ["10.0.18.0/24"] }
    opa           = { cidrs = ["10.0.19.0/24"] }
    proxy         = { cidrs = ["10.0.32.0/24"] }
    https         = { cidrs = ["10.0.32.0/24"] }
  }
}

output "network_security_group_name" {
  description = "For rules of your own, with priorities below 1000."
  value       = module.network.network_security_group_name
}

output "not_expressible" {
  description = "What Azure cannot say of the policy."
  value       = module.network.not_expressible
}
