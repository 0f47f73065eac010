variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "aws_vpc_security_group_ingress_rule" "list" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = ["10.0.0.0/8"]
}

resource "aws_vpc_security_group_ingress_rule" "word" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = "http"
  to_port           = "http"
  cidr_ipv4         = "10.20.0.0/16"
}

resource "google_compute_firewall" "single" {
  name          = "single"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = "10.0.0.0/8"
  disabled      = "no"

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "ports" {
  name          = "ports"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = 443
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
