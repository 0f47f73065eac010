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

variable "protocol" {
  description = "A protocol."
  type        = string
}

resource "aws_vpc_security_group_egress_rule" "dns" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "udp"
  from_port         = 53
  to_port           = 53
  cidr_ipv4         = "10.0.0.2/32"
}

resource "google_compute_firewall" "only_tcp" {
  name               = "only-tcp"
  description        = "What it is for."
  network            = var.network
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["10.0.0.53/32"]

  allow {
    protocol = "tcp"
    ports    = ["53"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "the_rest" {
  name               = "the-rest"
  description        = "What it is for."
  network            = var.network
  direction          = "EGRESS"
  priority           = 65535
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
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
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
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

resource "google_compute_firewall" "doubtful" {
  name               = "doubtful"
  description        = "What it is for."
  network            = "other"
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["10.0.0.53/32"]

  allow {
    protocol = var.protocol
    ports    = ["53"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
