variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "aws_security_group" "gateway" {
  name        = "gateway"
  description = "What it is for."
}

resource "google_compute_firewall" "gateway" {
  name          = "gateway"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
