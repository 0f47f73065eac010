variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "aws_vpc_security_group_egress_rule" "default_deny" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "-1"
  cidr_ipv4         = "127.0.0.1/32"
}

resource "aws_vpc_security_group_egress_rule" "rest" {
  security_group_id = var.group_id
  description       = "Deny all other egress."
  ip_protocol       = "-1"
  cidr_ipv6         = "::1/128"
}

resource "google_compute_firewall" "loopback" {
  name               = "loopback"
  description        = "What it is for."
  network            = var.network
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["127.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
