terraform {
  required_version = ">= 1.9"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0, < 5.0"
    }
  }
}

variable "nsg_name" {
  description = "The gateway's network security group."
  type        = string
}

variable "resource_group_name" {
  description = "Its resource group."
  type        = string
}

resource "azurerm_network_security_rule" "dns_udp" {
  name                        = "dns_udp"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 100
  direction                   = "Outbound"
  access                      = "Allow"
  protocol                    = "Udp"
  source_port_range           = "*"
  destination_port_range      = "53"
  source_address_prefix       = "VirtualNetwork"
  destination_address_prefix  = "10.0.0.53"
}

resource "azurerm_network_security_rule" "dns_tcp" {
  name                        = "dns_tcp"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 101
  direction                   = "Outbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "53"
  source_address_prefix       = "VirtualNetwork"
  destination_address_prefix  = "10.0.0.53"
}

resource "azurerm_network_security_rule" "proxy" {
  name                        = "proxy"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Outbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "3128"
  source_address_prefix       = "VirtualNetwork"
  destination_address_prefix  = "10.2.0.0/16"
}

resource "azurerm_network_security_rule" "the_rest" {
  name                        = "the_rest"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 4096
  direction                   = "Outbound"
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "*"
  destination_address_prefix  = "*"
}
