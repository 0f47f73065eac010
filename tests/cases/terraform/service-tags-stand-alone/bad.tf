variable "resource_group_name" {
  description = "Its resource group."
  type        = string
}

variable "nsg_name" {
  description = "The gateway's network security group."
  type        = string
}

resource "azurerm_network_security_rule" "tags" {
  name                        = "tags"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "8000"
  destination_address_prefix  = "VirtualNetwork"
  source_address_prefixes     = ["10.0.0.0/8", "AzureLoadBalancer"]
}

resource "azurerm_network_security_rule" "star" {
  name                         = "star"
  description                  = "What it is for."
  resource_group_name          = var.resource_group_name
  network_security_group_name  = var.nsg_name
  priority                     = 200
  direction                    = "Inbound"
  access                       = "Allow"
  protocol                     = "Tcp"
  source_port_range            = "*"
  destination_port_range       = "8000"
  source_address_prefix        = "10.20.0.0/16"
  destination_address_prefixes = ["*"]
}
