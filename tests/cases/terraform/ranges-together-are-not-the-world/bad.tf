variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "aws_vpc_security_group_ingress_rule" "lower" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "0.0.0.0/1"
}

resource "aws_vpc_security_group_ingress_rule" "upper" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "128.0.0.0/1"
}

resource "google_compute_firewall" "in_one_list" {
  name          = "in-one-list"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["2000::/4", "3000::/4"]

  allow {
    protocol = "tcp"
    ports    = ["8000"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "without_reserved" {
  name               = "without-reserved"
  description        = "What it is for."
  network            = var.network
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "halves_of_different_ports" {
  name          = "halves-of-different-ports"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["0.0.0.0/1"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
