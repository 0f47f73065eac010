variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "google_compute_firewall" "tags" {
  name               = "tags"
  description        = "What it is for."
  network            = var.network
  direction          = "EGRESS"
  priority           = 1000
  source_tags        = ["web"]
  destination_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_network_firewall_policy_rule" "names" {
  description     = "What it is for."
  action          = "allow"
  direction       = "INGRESS"
  priority        = 10
  firewall_policy = "sark"
  enable_logging  = true

  match {
    dest_fqdns    = ["api.openai.com"]
    src_ip_ranges = ["10.0.0.0/8"]

    layer4_configs {
      ip_protocol = "tcp"
      ports       = ["443"]
    }
  }
}

resource "google_compute_network_firewall_policy_rule" "sources" {
  description     = "What it is for."
  action          = "allow"
  direction       = "EGRESS"
  priority        = 10
  firewall_policy = "sark"
  enable_logging  = true

  match {
    src_region_codes = ["DE"]
    dest_ip_ranges   = ["10.0.0.0/8"]

    layer4_configs {
      ip_protocol = "tcp"
      ports       = ["443"]
    }
  }
}
