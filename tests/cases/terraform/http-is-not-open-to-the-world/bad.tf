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

resource "aws_vpc_security_group_ingress_rule" "ipv4" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "in_a_range" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 79
  to_port           = 81
  cidr_ipv6         = "::/0"
}

resource "google_compute_firewall" "http" {
  name          = "http"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["80"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "azurerm_network_security_rule" "http" {
  name                        = "http"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "80"
  source_address_prefix       = "Internet"
  destination_address_prefix  = "VirtualNetwork"
}

resource "azurerm_network_security_rule" "every_port" {
  name                        = "every_port"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "*"
  destination_address_prefix  = "VirtualNetwork"
}

resource "aws_network_acl_rule" "acl" {
  network_acl_id = "acl-1"
  rule_number    = 100
  egress         = false
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "0.0.0.0/0"
  from_port      = 80
  to_port        = 80
}

resource "aws_network_acl_rule" "answers" {
  network_acl_id = "acl-1"
  rule_number    = 200
  egress         = false
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "0.0.0.0/0"
  from_port      = 1024
  to_port        = 65535
}
