variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "google_compute_firewall" "older" {
  name           = "older"
  description    = "What it is for."
  network        = var.network
  direction      = "INGRESS"
  priority       = 1000
  enable_logging = true
  source_ranges  = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}
