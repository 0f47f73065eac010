# The policy of .. on Azure.

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

variable "resource_group_name" {
  description = "The resource group of the virtual network."
  type        = string
}

variable "node_subnet_id" {
  description = "The subnet of SARK's nodes."
  type        = string
}

module "policy" {
  source = "./.."
}

module "network" {
  source = "../../../modules/network/azure"

  location            = "westeurope"
  resource_group_name = var.resource_group_name
  subnet_ids          = { nodes = var.node_subnet_id }
  flow_log            = null # the virtual network has one already
  ports               = module.policy.ports
  peers               = module.policy.peers
  domains             = module.policy.domains
}

output "network_security_group_id" {
  description = "The group of the subnet."
  value       = module.network.network_security_group_id
}
