variable "resource_group_name" {
  description = "Its resource group."
  type        = string
}

variable "nsg_name" {
  description = "The gateway's network security group."
  type        = string
}

variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

variable "priority" {
  description = "A priority."
  type        = number
}

resource "azurerm_network_security_rule" "low" {
  name                        = "low"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 99
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}

resource "azurerm_network_security_rule" "high" {
  name                        = "high"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 4097
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}

resource "azurerm_network_security_rule" "unknown" {
  name                        = "unknown"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = var.priority
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}

resource "google_compute_firewall" "high" {
  name          = "high"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 65536
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "negative" {
  name          = "negative"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = -1
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_network_firewall_policy_rule" "policy" {
  action          = "allow"
  direction       = "INGRESS"
  priority        = 2147483648
  firewall_policy = "sark"

  match {
    src_ip_ranges = ["10.0.0.0/8"]

    layer4_configs {
      ip_protocol = "tcp"
    }
  }
}

resource "aws_route53_resolver_firewall_rule_group_association" "first" {
  name                   = "first"
  priority               = 100
  firewall_rule_group_id = "g"
  vpc_id                 = "v"
}
