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

resource "google_compute_firewall" "tags" {
  name        = "tags"
  description = "What it is for."
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000
  source_tags = ["web"]
  target_tags = ["gateway"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "accounts" {
  name                    = "accounts"
  description             = "What it is for."
  network                 = var.network
  direction               = "INGRESS"
  priority                = 1000
  source_service_accounts = ["web@sark.iam.gserviceaccount.com"]
  target_service_accounts = ["gateway@sark.iam.gserviceaccount.com"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
