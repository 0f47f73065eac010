variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

variable "blocks" {
  description = "Blocks."
  type        = list(string)
}

resource "google_compute_firewall" "both" {
  name          = "both"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  deny {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "neither" {
  name          = "neither"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "unknown" {
  name    = "unknown"
  network = var.network

  dynamic "allow" {
    for_each = var.blocks
    content {
      protocol = allow.value
    }
  }
}
