# GCP's rules; ../firewall.tf has the table of where each cloud's are.

module "policy" {
  source = "../policy"

  ports                 = var.ports
  peers                 = local.peers
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
  for_each = { for key, rule in local.rules : key => rule if !startswith(key, "node-ports-") }

  project     = var.project
  network     = var.network
  name        = replace("${var.name}-${each.value.direction}-${each.key}", "_", "-")
  description = each.value.description
  direction   = upper(each.value.direction)
  priority    = each.value.priority

  source_ranges           = each.value.direction == "ingress" && length(each.value.cidrs) > 0 ? each.value.cidrs : null
  source_service_accounts = each.value.family == "reference" ? values(each.value.references) : null
  source_tags             = each.value.family == "network_tag" ? each.value.tags : null
  destination_ranges      = each.value.direction == "egress" ? each.value.cidrs : null
  target_service_accounts = local.target_service_accounts
  target_tags             = local.target_tags

  allow {
    protocol = each.value.protocol
    ports    = length(each.value.ports) > 0 ? each.value.ports : null
  }

  log_config {
    metadata = var.log_metadata
  }
}

# Kubernetes gives a Service any port of this range, so that the range is what load balancers need.
# sark:ignore port-ranges-are-narrow until 2029-12-31: the range is that of Kubernetes, and for load balancers alone
resource "google_compute_firewall" "node_ports" {
  for_each = { for key, rule in local.rules : key => rule if startswith(key, "node-ports-") }

  project     = var.project
  network     = var.network
  name        = replace("${var.name}-${each.value.direction}-${each.key}", "_", "-")
  description = each.value.description
  direction   = upper(each.value.direction)
  priority    = each.value.priority

  source_ranges           = each.value.direction == "ingress" && length(each.value.cidrs) > 0 ? each.value.cidrs : null
  source_service_accounts = each.value.family == "reference" ? values(each.value.references) : null
  source_tags             = each.value.family == "network_tag" ? each.value.tags : null
  destination_ranges      = each.value.direction == "egress" ? each.value.cidrs : null
  target_service_accounts = local.target_service_accounts
  target_tags             = local.target_tags

  allow {
    protocol = each.value.protocol
    ports    = length(each.value.ports) > 0 ? each.value.ports : null
  }

  log_config {
    metadata = var.log_metadata
  }
}

# GKE makes ingress rules of its own and relies on egress being open: the denial below would part nodes, pods and the
# DNS of the cluster from each other.
# sark:ignore protocols-are-not-all-allowed until 2029-12-31: nodes and pods of a cluster among each other, as GKE needs
resource "google_compute_firewall" "cluster" {
  for_each = { for key, rule in local.cluster : key => rule if length(rule.cidrs) > 0 }

  project     = var.project
  network     = var.network
  name        = "${var.name}-cluster-${each.key}"
  description = "Nodes and pods of the cluster among each other"
  direction   = each.value.direction
  priority    = 999

  source_ranges           = each.value.direction == "INGRESS" ? each.value.cidrs : null
  destination_ranges      = each.value.direction == "EGRESS" ? each.value.cidrs : null
  target_service_accounts = local.target_service_accounts
  target_tags             = local.target_tags

  allow {
    protocol = "all"
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
  target_service_accounts = local.target_service_accounts
  target_tags             = local.target_tags

  deny {
    protocol = "all"
  }

  log_config {
    metadata = var.log_metadata
  }
}
