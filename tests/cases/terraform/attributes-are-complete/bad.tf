resource "aws_vpc_security_group_ingress_rule" "no_group" {
  ip_protocol = "tcp"
  from_port   = 8000
  to_port     = 8000
  cidr_ipv4   = "10.0.0.0/8"
}

resource "azurerm_network_security_rule" "few" {
  name                        = "few"
  resource_group_name         = "sark"
  network_security_group_name = "sark"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
}

resource "google_compute_network_firewall_policy_rule" "no_match" {
  action          = "allow"
  direction       = "INGRESS"
  priority        = 1
  firewall_policy = "sark"
}

resource "google_compute_firewall" "logs" {
  name          = "logs"
  network       = "sark"
  source_ranges = ["10.0.0.0/8"]

  allow {
    ports = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
