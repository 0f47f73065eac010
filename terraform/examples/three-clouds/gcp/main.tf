# The policy of .. on GCP.

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
}

variable "project" {
  description = "The project of the network."
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

module "policy" {
  source = "./.."
}

module "network" {
  source = "../../../modules/network/gcp"

  network                 = var.network
  target_service_accounts = [var.node_service_account]
  ports                   = module.policy.ports
  peers                   = module.policy.peers
  domains                 = module.policy.domains
  rules                   = yamldecode(file("${path.module}/rules.yaml"))
}

output "rules" {
  description = "What is open."
  value       = module.network.rules
}
