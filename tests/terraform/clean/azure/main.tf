# A network security group whose rules are a map, and the subnet that it protects.

terraform {
  required_version = ">= 1.5"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0"
    }
  }
}

variable "resource_group_name" {
  description = "The resource group."
  type        = string
  default     = "network"
}

variable "location" {
  description = "The region."
  type        = string
  default     = "westeurope"
}

variable "subnet_id" {
  description = "The subnet."
  type        = string
}

locals {
  rules = {
    gateway = { priority = 100, direction = "Inbound", access = "Allow", protocol = "Tcp", port = "8000", from = "10.1.0.0/24", to = "10.1.1.0/24" }
    ssh     = { priority = 110, direction = "Inbound", access = "Allow", protocol = "Tcp", port = "22", from = "10.9.0.0/27", to = "10.1.1.0/24" }
    probes  = { priority = 120, direction = "Inbound", access = "Allow", protocol = "Tcp", port = "8000", from = "AzureLoadBalancer", to = "10.1.1.0/24" }
    closed  = { priority = 4000, direction = "Inbound", access = "Deny", protocol = "*", port = "*", from = "*", to = "*" }
    redis   = { priority = 100, direction = "Outbound", access = "Allow", protocol = "Tcp", port = "6379", from = "10.1.1.0/24", to = "10.1.2.0/24" }
    dns-udp = { priority = 110, direction = "Outbound", access = "Allow", protocol = "Udp", port = "53", from = "10.1.1.0/24", to = "10.1.0.53" }
    dns-tcp = { priority = 120, direction = "Outbound", access = "Allow", protocol = "Tcp", port = "53", from = "10.1.1.0/24", to = "10.1.0.53" }
    nothing = { priority = 4000, direction = "Outbound", access = "Deny", protocol = "*", port = "*", from = "*", to = "*" }
  }
}

resource "azurerm_network_security_group" "main" {
  name                = "main"
  location            = var.location
  resource_group_name = var.resource_group_name
}

resource "azurerm_network_security_rule" "main" {
  for_each = local.rules

  name                        = each.key
  description                 = "The rule ${each.key}"
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.main.name
  priority                    = each.value.priority
  direction                   = each.value.direction
  access                      = each.value.access
  protocol                    = each.value.protocol
  source_port_range           = "*"
  destination_port_range      = each.value.port
  source_address_prefix       = each.value.from
  destination_address_prefix  = each.value.to
}

resource "azurerm_network_security_rule" "monitoring" {
  name                         = "monitoring"
  description                  = "Scrapes"
  resource_group_name          = var.resource_group_name
  network_security_group_name  = azurerm_network_security_group.main.name
  priority                     = 130
  direction                    = "Inbound"
  access                       = "Allow"
  protocol                     = "Tcp"
  source_port_range            = "*"
  destination_port_ranges      = ["9090", "9100-9104"]
  source_address_prefixes      = ["10.1.3.0/24", "10.1.4.0/24"]
  destination_address_prefixes = ["10.1.1.0/24"]
}

resource "azurerm_subnet_network_security_group_association" "main" {
  subnet_id                 = var.subnet_id
  network_security_group_id = azurerm_network_security_group.main.id
}
