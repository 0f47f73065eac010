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

resource "google_compute_firewall" "first" {
  name          = "first"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 10
  source_ranges = ["10.9.0.0/24"]

  deny {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "then" {
  name          = "then"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 20
  source_ranges = ["10.9.0.0/16"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "other_targets" {
  name          = "other-targets"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 20
  source_ranges = ["10.9.0.0/24"]
  target_tags   = ["web"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "after" {
  name          = "after"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 30
  source_ranges = ["10.9.0.0/24"]

  deny {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
