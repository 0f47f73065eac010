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

variable "peers" {
  description = "Who is denied."
  type        = list(string)
}

variable "doubtful" {
  description = "A network."
  type        = string
}

resource "google_compute_firewall" "proxy" {
  name               = "proxy"
  description        = "What it is for."
  network            = var.network
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["10.2.0.0/16"]

  allow {
    protocol = "tcp"
    ports    = ["3128"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "azurerm_network_security_rule" "proxy" {
  name                        = "proxy"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 200
  direction                   = "Outbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "10.2.0.0/16"
}

resource "azurerm_network_security_rule" "too_early" {
  name                        = "too_early"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.nsg_name
  priority                    = 150
  direction                   = "Outbound"
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "*"
  destination_address_prefix  = "*"
}

resource "google_compute_firewall" "elsewhere" {
  name               = "elsewhere"
  description        = "What it is for."
  network            = "other"
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["fd00::/16"]

  allow {
    protocol = "tcp"
    ports    = ["3128"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "only_four" {
  name               = "only-four"
  description        = "What it is for."
  network            = "other"
  direction          = "EGRESS"
  priority           = 65535
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "third" {
  name               = "third"
  description        = "What it is for."
  network            = "third"
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["10.2.0.0/16"]

  allow {
    protocol = "tcp"
    ports    = ["3128"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "doubtful" {
  name               = "doubtful"
  description        = "What it is for."
  network            = "third"
  direction          = "EGRESS"
  priority           = 65535
  destination_ranges = var.peers

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
