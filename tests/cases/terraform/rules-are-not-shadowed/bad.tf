variable "resource_group_name" {
  description = "Its resource group."
  type        = string
}

variable "nsg_name" {
  description = "The gateway's network security group."
  type        = string
}

variable "network" {
  description = "The network that the gateway runs in."
  type        = string
}

resource "google_compute_firewall" "everything" {
  name          = "everything"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 10
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["20-30"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "late_deny" {
  name          = "late-deny"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 20
  source_ranges = ["10.9.0.0/16"]

  deny {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "twice" {
  name          = "twice"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 30
  source_ranges = ["10.9.0.0/16"]

  allow {
    protocol = "tcp"
    ports    = ["25"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "same_number_allow" {
  name          = "same-number-allow"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 40
  source_ranges = ["10.9.0.0/16"]

  allow {
    protocol = "udp"
    ports    = ["53"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "same_number_deny" {
  name          = "same-number-deny"
  description   = "What it is for."
  network       = var.network
  direction     = "INGRESS"
  priority      = 40
  source_ranges = ["10.9.0.0/16"]

  deny {
    protocol = "udp"
    ports    = ["53"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "azurerm_network_security_rule" "deny_all" {
  name                        = "deny_all"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "*"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "opened" {
  name                        = "opened"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}
