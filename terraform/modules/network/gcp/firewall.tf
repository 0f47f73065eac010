# GCP's rules; ../firewall.tf has the table of where each cloud's are.

module "policy" {
  source = "../policy"

  ports                 = var.ports
  peers                 = var.peers
  domains               = var.domains
  public_egress_reason  = var.public_egress_reason
  public_ingress_reason = var.public_ingress_reason
}

locals {
  # Below every rule of the policy, and before whatever else the network allows.
  denials = {
    for denial in setproduct(["INGRESS", "EGRESS"], ["ipv4", "ipv6"]) :
    lower("${denial[0]}-${denial[1]}") => { direction = denial[0], everything = [denial[1] == "ipv4" ? "0.0.0.0/0" : "::/0"] }
  }
}

resource "google_compute_firewall" "allow" {
  for_each = module.policy.gcp

  project     = var.project
  network     = var.network
  name        = "${var.name}-${each.value.direction}-${each.key}"
  description = each.value.description
  direction   = upper(each.value.direction)
  priority    = each.value.priority

  source_ranges           = each.value.direction == "ingress" && each.value.family != "reference" ? each.value.cidrs : null
  source_service_accounts = each.value.family == "reference" ? values(each.value.references) : null
  destination_ranges      = each.value.direction == "egress" ? each.value.cidrs : null
  target_service_accounts = var.target_service_accounts

  allow {
    protocol = each.value.protocol
    ports    = each.value.ports
  }

  log_config {
    metadata = var.log_metadata
  }
}

# GCP allows all egress unless a rule denies it, and a network's default rules let its own addresses in.
resource "google_compute_firewall" "deny" {
  for_each = local.denials

  project     = var.project
  network     = var.network
  name        = "${var.name}-deny-${each.key}"
  description = "Everything else to or from the gateway of SARK"
  direction   = each.value.direction
  priority    = 1100

  source_ranges           = each.value.direction == "INGRESS" ? each.value.everything : null
  destination_ranges      = each.value.direction == "EGRESS" ? each.value.everything : null
  target_service_accounts = var.target_service_accounts

  deny {
    protocol = "all"
  }

  log_config {
    metadata = var.log_metadata
  }
}
