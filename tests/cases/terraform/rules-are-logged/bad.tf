variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

variable "logged" {
  description = "Whether it logs."
  type        = bool
}

resource "google_compute_firewall" "silent" {
  name          = "silent"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_network_firewall_policy_rule" "silent" {
  description     = "What it is for."
  action          = "allow"
  direction       = "INGRESS"
  priority        = 10
  firewall_policy = "sark"
  enable_logging  = false

  match {
    src_ip_ranges = ["10.0.0.0/8"]

    layer4_configs {
      ip_protocol = "tcp"
      ports       = ["443"]
    }
  }
}

resource "google_compute_network_firewall_policy_rule" "unknown" {
  description     = "What it is for."
  action          = "allow"
  direction       = "INGRESS"
  priority        = 11
  firewall_policy = "sark"
  enable_logging  = var.logged

  match {
    src_ip_ranges = ["10.0.0.0/8"]

    layer4_configs {
      ip_protocol = "tcp"
      ports       = ["443"]
    }
  }
}
