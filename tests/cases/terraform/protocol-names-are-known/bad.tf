variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "aws_vpc_security_group_ingress_rule" "capitals" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "TCP"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "10.20.0.0/16"
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "https"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "10.20.0.0/16"
}

resource "aws_vpc_security_group_ingress_rule" "number" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "300"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "10.20.0.0/16"
}

resource "google_compute_firewall" "tls" {
  name          = "tls"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tls"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "capitals" {
  name          = "capitals"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "UDP"
    ports    = ["53"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
