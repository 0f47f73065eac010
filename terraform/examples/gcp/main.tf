# SARK's nodes in a network: GCP's load balancers in; Cloud SQL, Memorystore, OPA, the cloud's own DNS and the proxy's subnet out.

terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

variable "project" {
  description = "The project of the network."
  type        = string
}

variable "region" {
  description = "The region of SARK's nodes."
  default     = "europe-west1"
  type        = string
}

variable "network" {
  description = "The network of SARK's nodes."
  type        = string
}

variable "node_service_account" {
  description = "The service account of SARK's nodes."
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
  source = "../../modules/network/gcp"

  project                 = var.project
  network                 = var.network
  target_service_accounts = [var.node_service_account]
  ports                   = local.ports
  domains                 = local.domains

  peers = {
    # GCP's load balancers with a proxy; health checks of every kind are let in by health_probes.
    load_balancer = { cidrs = ["35.191.0.0/16", "130.211.0.0/22"] }
    monitoring    = { cidrs = ["10.0.48.0/24"] }
    database      = { cidrs = ["10.0.16.0/24", "10.0.17.0/24"] }
    cache         = { cidrs = ["10.0.18.0/24"] }
    opa           = { cidrs = ["10.0.19.0/24"] }
    proxy         = { cidrs = ["10.0.32.0/24"] }
    https         = { cidrs = ["10.0.32.0/24"] }
  }
}

output "not_expressible" {
  description = "What GCP cannot say of the policy."
  value       = module.network.not_expressible
}
