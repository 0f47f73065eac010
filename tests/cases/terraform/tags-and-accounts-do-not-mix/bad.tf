variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "google_compute_firewall" "mixed" {
  name                    = "mixed"
  description             = "What it is for."
  network                 = var.network
  direction               = "INGRESS"
  priority                = 1000
  source_tags             = ["web"]
  target_service_accounts = ["gateway@sark.iam.gserviceaccount.com"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_network_firewall_policy_rule" "policy" {
  action                  = "allow"
  direction               = "INGRESS"
  priority                = 1
  firewall_policy         = "sark"
  target_service_accounts = ["a@b"]

  target_secure_tags {
    name = "tagValues/1"
  }

  match {
    src_ip_ranges = ["10.0.0.0/8"]

    layer4_configs {
      ip_protocol = "tcp"
    }
  }
}

variable "by_account" {
  description = "Whether machines are told by their accounts."
  type        = bool
}

variable "tags" {
  description = "Their tags."
  type        = list(string)
}

resource "google_compute_firewall" "one_or_the_other" {
  name                    = "one-or-the-other"
  description             = "What it is for."
  network                 = var.network
  direction               = "INGRESS"
  source_tags             = var.by_account ? null : var.tags
  source_service_accounts = var.by_account ? ["a@project.iam.gserviceaccount.com"] : null

  allow {
    protocol = "tcp"
    ports    = ["8000"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
