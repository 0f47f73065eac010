terraform {
  required_version = ">= 1.9"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0, < 5.0"
    }
  }
}

variable "resource_group_name" {
  description = "The resource group."
  type        = string
}

variable "subnet_id" {
  description = "The subnet."
  type        = string
}

resource "azurerm_network_security_group" "gateway" {
  name                = "gateway"
  location            = "westeurope"
  resource_group_name = var.resource_group_name
}

resource "azurerm_network_security_rule" "callers" {
  name                        = "callers"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.gateway.name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}

resource "azurerm_subnet_network_security_group_association" "gateway" {
  subnet_id                 = var.subnet_id
  network_security_group_id = azurerm_network_security_group.gateway.id
}
