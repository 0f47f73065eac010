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

resource "aws_vpc_security_group_egress_rule" "everything" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "-1"
  cidr_ipv4         = "10.20.0.0/16"
}

resource "aws_vpc_security_group_ingress_rule" "every_port" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 0
  to_port           = 65535
  cidr_ipv4         = "10.20.0.0/16"
}

resource "aws_vpc_security_group_ingress_rule" "between_groups" {
  security_group_id            = var.group_id
  description                  = "What it is for."
  ip_protocol                  = "-1"
  referenced_security_group_id = var.group_id
}

resource "aws_vpc_security_group_ingress_rule" "unknown" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = var.protocol
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "10.20.0.0/16"
}

resource "google_compute_firewall" "everything" {
  name          = "everything"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "every_port" {
  name          = "every-port"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "udp"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "azurerm_network_security_rule" "everything" {
  name                        = "everything"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}

resource "azurerm_network_security_rule" "every_protocol" {
  name                        = "every_protocol"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}
