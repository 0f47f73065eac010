# SARK in a GKE cluster of its own nodes: VPC-native, private nodes, Dataplane V2. Firewall rules are for nodes and not
# for pods, so that the egress proxy has a node pool with a service account of its own. platform.tf has what GKE itself
# needs, with its sources.

terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

locals {
  # The chart is the one place where ports and names are written.
  chart = yamldecode(file("${path.module}/../../../charts/sark-network/values.yaml"))

  ports = {
    gateway    = local.chart.gateway.ports.http
    metrics    = local.chart.gateway.ports.metrics
    postgresql = local.chart.database.ports.postgresql
    redis      = local.chart.cache.ports.redis
    opa        = local.chart.opa.ports.http
    dns        = local.chart.dns.ports[0]
    proxy      = local.chart.proxy.ports.gateway
  }
}

# The nodes of SARK and those of its proxy: what the cluster needs, and SARK's stores.
module "nodes" {
  source = "../../modules/network/gcp"

  name                    = var.name
  project                 = var.project
  network                 = var.network
  target_service_accounts = [var.node_service_account, var.proxy_service_account]
  ports                   = local.ports
  cluster_cidrs           = local.cluster_cidrs
  rules                   = local.rules
  health_probes           = { ports = local.probed_ports }
  node_ports              = local.node_ports

  peers = {
    load_balancer = { cidrs = local.load_balancer_cidrs }
    database      = { cidrs = var.database_cidrs }
    cache         = { cidrs = var.cache_cidrs }
    # OPA, monitoring, kube-dns and the proxy are pods: cluster_cidrs has them. What kube-dns asks is the metadata
    # server, which is where DNS goes by default, and which GCP always lets through, with the time and the metadata.
    # https://docs.cloud.google.com/firewall/docs/firewalls
  }
}

# The internet, for the proxy's nodes alone, by Cloud NAT.
# https://docs.cloud.google.com/nat/docs/gke-example
# sark:ignore egress-is-not-open-to-the-world until 2029-12-31: the proxy judges names, and the chart's list is what it lets through
resource "google_compute_firewall" "internet" {
  project     = var.project
  network     = var.network
  name        = "${var.name}-egress-internet"
  description = "HTTPS to listed names, which the proxy judges"
  direction   = "EGRESS"
  priority    = 1098

  destination_ranges      = ["0.0.0.0/0"]
  target_service_accounts = [var.proxy_service_account]

  allow {
    protocol = "tcp"
    ports    = [for port in local.https_ports : tostring(port)]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

output "not_expressible" {
  description = "What GCP cannot say of the policy."
  value       = module.nodes.not_expressible
}
