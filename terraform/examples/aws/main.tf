# SARK's nodes in a VPC: the load balancer's group in; RDS, ElastiCache, OPA, the cloud's own DNS and the proxy's subnets out.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  description = "The region of the VPC."
  default     = "eu-west-1"
  type        = string
}

variable "vpc_id" {
  description = "The VPC of SARK's nodes."
  type        = string
}

variable "flow_log_bucket_arn" {
  description = "The S3 bucket that the VPC's flow log goes to."
  type        = string
}

variable "load_balancer_security_group_id" {
  description = "The security group of the load balancer in front of the gateway."
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
  source = "../../modules/network"

  vpc_id   = var.vpc_id
  flow_log = { destination_arn = var.flow_log_bucket_arn }
  ports    = local.ports
  domains  = local.domains

  peers = {
    load_balancer = { references = { ingress = var.load_balancer_security_group_id } }
    monitoring    = { cidrs = ["10.0.48.0/24"] }
    database      = { cidrs = ["10.0.16.0/24", "10.0.17.0/24"] }
    cache         = { cidrs = ["10.0.18.0/24"] }
    opa           = { cidrs = ["10.0.19.0/24"] }
    proxy         = { cidrs = ["10.0.32.0/24"] }
    https         = { cidrs = ["10.0.32.0/24"] }
  }
}

output "security_group_id" {
  description = "For the node group of SARK's gateway."
  value       = module.network.security_group_id
}

output "not_expressible" {
  description = "What AWS cannot say of the policy."
  value       = module.network.not_expressible
}
