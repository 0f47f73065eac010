terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0, < 8.0"
    }
  }
}

variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "google_compute_firewall" "dns" {
  name               = "dns"
  description        = "What it is for."
  network            = var.network
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["10.0.0.53/32"]

  allow {
    protocol = "udp"
    ports    = ["53"]
  }

  allow {
    protocol = "tcp"
    ports    = ["53"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "the_rest" {
  name               = "the-rest"
  description        = "What it is for."
  network            = var.network
  direction          = "EGRESS"
  priority           = 65535
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
