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

variable "database" {
  description = "The database."
  type        = string
}

resource "aws_vpc_security_group_egress_rule" "postgresql" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = "203.0.113.7/32"
}

resource "aws_vpc_security_group_ingress_rule" "redis" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 6379
  to_port           = 6379
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "several" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 5000
  to_port           = 9000
  cidr_ipv4         = "8.0.0.0/8"
}

resource "aws_vpc_security_group_egress_rule" "unknown" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = var.database
}

resource "google_compute_firewall" "opa" {
  name               = "opa"
  description        = "What it is for."
  network            = var.network
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["10.0.0.0/8", "198.51.100.0/24"]

  allow {
    protocol = "tcp"
    ports    = ["8181"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "azurerm_network_security_rule" "postgresql" {
  name                        = "postgresql"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "5432"
  destination_address_prefix  = "VirtualNetwork"
  source_address_prefixes     = ["198.51.100.0/24"]
}
