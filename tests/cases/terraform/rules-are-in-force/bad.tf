variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

variable "off" {
  description = "Whether it is off."
  type        = bool
}

resource "google_compute_firewall" "off" {
  name          = "off"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  disabled      = true
  source_ranges = ["10.0.0.0/8"]

  deny {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "unknown" {
  name          = "unknown"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  disabled      = var.off
  source_ranges = ["10.0.0.0/8"]

  deny {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
