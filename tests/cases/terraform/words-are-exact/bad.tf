variable "resource_group_name" {
  description = "Its resource group."
  type        = string
}

variable "nsg_name" {
  description = "The gateway's network security group."
  type        = string
}

variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

variable "way" {
  description = "A direction."
  type        = string
}

resource "google_compute_firewall" "lower" {
  name          = "lower"
  description   = "What it is for."
  network       = var.network
  direction     = "ingress"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "unknown" {
  name          = "unknown"
  description   = "What it is for."
  network       = var.network
  direction     = var.way
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "azurerm_network_security_rule" "capitals" {
  name                        = "capitals"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "inbound"
  access                      = "allow"
  protocol                    = "TCP"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}

resource "azurerm_network_security_rule" "ingress" {
  name                        = "ingress"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Ingress"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}

resource "aws_security_group_rule" "inbound" {
  type              = "inbound"
  security_group_id = var.group_id
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["10.0.0.0/8"]
}

resource "aws_networkfirewall_firewall_policy" "orders" {
  name = "orders"

  firewall_policy {
    stateless_default_actions          = ["aws:forward_to_sfe"]
    stateless_fragment_default_actions = ["aws:forward_to_sfe"]
    stateful_default_actions           = ["aws:drop"]

    stateful_engine_options {
      rule_order = "STRICT"
    }
  }
}

resource "azurerm_firewall_policy_rule_collection_group" "app" {
  name               = "app"
  priority           = 200
  firewall_policy_id = "id"

  application_rule_collection {
    name     = "a"
    priority = 100
    action   = "Allow"

    rule {
      name              = "a"
      source_addresses  = ["10.0.0.0/8"]
      destination_fqdns = ["*.openai.com"]

      protocols {
        type = "HTTPS"
        port = 443
      }
    }
  }
}
