# The policy of .. on AWS.

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
  region = "eu-west-1"
}

variable "vpc_id" {
  description = "The VPC of SARK's nodes."
  type        = string
}

module "policy" {
  source = "./.."
}

module "network" {
  source = "../../../modules/network"

  vpc_id   = var.vpc_id
  flow_log = null # the VPC has one already
  ports    = module.policy.ports
  peers    = module.policy.peers
  domains  = module.policy.domains
}

output "security_group_id" {
  description = "For the node group of SARK's gateway."
  value       = module.network.security_group_id
}
