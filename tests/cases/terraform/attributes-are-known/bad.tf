variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "aws_vpc_security_group_ingress_rule" "misspelt" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ip4          = "10.0.0.0/8"
}

resource "aws_vpc_security_group_ingress_rule" "computed" {
  security_group_id      = var.group_id
  description            = "What it is for."
  ip_protocol            = "tcp"
  from_port              = 8000
  to_port                = 8000
  cidr_ipv4              = "10.0.0.0/8"
  security_group_rule_id = "sgr-1"
}

resource "google_compute_firewall" "block" {
  name          = "block"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]
  directon      = "INGRESS"

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  deni {
    protocol = "tcp"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "azurerm_network_security_group" "inline" {
  name                = "inline"
  location            = "westeurope"
  resource_group_name = "sark"

  security_rule {
    name      = "a"
    prority   = 100
    direction = "Inbound"
    access    = "Allow"
    protocol  = "Tcp"
  }
}

resource "aws_security_group" "tags" {
  name = "tags"

  tags {
    Name = "gateway"
  }
}
