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

resource "aws_vpc_security_group_ingress_rule" "all_with_ports" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "-1"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.20.0.0/16"
}

resource "aws_vpc_security_group_ingress_rule" "tcp_without" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  cidr_ipv4         = "10.20.0.0/16"
}

resource "aws_vpc_security_group_ingress_rule" "half" {
  security_group_id = var.group_id
  ip_protocol       = "udp"
  from_port         = 53
  cidr_ipv4         = "10.0.0.0/8"
}

resource "aws_security_group_rule" "older" {
  type              = "egress"
  security_group_id = var.group_id
  protocol          = "-1"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["10.0.0.0/8"]
}

resource "google_compute_firewall" "icmp" {
  name          = "icmp"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "icmp"
    ports    = ["8"]
  }

  allow {
    protocol = "all"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "azurerm_network_security_rule" "icmp" {
  name                        = "icmp"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Icmp"
  source_port_range           = "*"
  destination_port_range      = "80"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}
