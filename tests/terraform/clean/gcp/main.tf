# Firewall rules of a network, as maps, and a deny behind the allowed egress.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 5.0"
    }
  }
}

variable "network" {
  description = "The network."
  type        = string
  default     = "projects/example/global/networks/main"
}

variable "bastion_range" {
  description = "Where administrators come from; Identity-Aware Proxy unless said."
  type        = string
  default     = "35.235.240.0/20"

  validation {
    condition     = can(cidrhost(var.bastion_range, 0))
    error_message = "Write a network."
  }
}

locals {
  egress = {
    database = { ports = ["5432"], ranges = ["10.20.0.0/24"], priority = 1000 }
    proxy    = { ports = ["3128"], ranges = ["10.20.1.0/28"], priority = 1010 }
  }
}

resource "google_compute_firewall" "ssh" {
  name          = "bastion-ssh"
  description   = "Administrators through the bastion"
  network       = var.network
  direction     = "INGRESS"
  priority      = 900
  source_ranges = [var.bastion_range]
  target_tags   = ["managed"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "health" {
  name          = "health-checks"
  description   = "Load balancers' health checks"
  network       = var.network
  direction     = "INGRESS"
  source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]
  target_tags   = ["web"]

  allow {
    protocol = "tcp"
    ports    = ["8080", "8443"]
  }

  log_config {
    metadata = "EXCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "egress" {
  for_each = local.egress

  name               = "egress-${each.key}"
  description        = "To the ${each.key}"
  network            = var.network
  direction          = "EGRESS"
  priority           = each.value.priority
  destination_ranges = each.value.ranges

  allow {
    protocol = "tcp"
    ports    = each.value.ports
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "dns" {
  name               = "egress-dns"
  description        = "To the resolvers"
  network            = var.network
  direction          = "EGRESS"
  priority           = 1020
  destination_ranges = ["10.20.0.53/32"]

  dynamic "allow" {
    for_each = ["tcp", "udp"]
    content {
      protocol = allow.value
      ports    = ["53"]
    }
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "deny" {
  name               = "egress-deny"
  description        = "Everything else"
  network            = var.network
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
