# SARK in an EKS cluster: security groups for the gateway's and the proxy's pods, a group for the nodes that is not the
# cluster's own, and the other ends of what they call. platform.tf has what EKS itself needs, with its sources.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

provider "aws" {
  region = var.region
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

  # Envoy's, for probes and for monitoring.
  proxy_metrics = local.chart.proxy.metricsPort
}

# The gateway's pods. What runs on the nodes' own interfaces (kubelet, CoreDNS, OPA, monitoring, an ingress controller)
# is met at the nodes' group.
module "gateway" {
  source = "../../modules/network"

  name        = "${var.name}-gateway"
  description = "SARK gateway pods: load balancer and nodes in, stores, DNS, OPA and the egress proxy out"
  vpc_id      = var.vpc_id
  flow_log    = { destination_arn = var.flow_log_bucket_arn }
  ports       = local.ports
  tags        = var.tags

  peers = {
    # By target IP a load balancer sends to pods; kubelet's probes and an ingress controller come from nodes.
    # https://docs.aws.amazon.com/eks/latest/userguide/alb-ingress.html
    load_balancer = { references = { load-balancer = var.load_balancer_security_group_id, nodes = module.nodes.security_group_id } }
    monitoring    = { references = { nodes = module.nodes.security_group_id } }
    database      = { references = { database = var.database_security_group_id } }
    cache         = { references = { cache = var.cache_security_group_id } }
    opa           = { references = { nodes = module.nodes.security_group_id } }
    dns           = { references = { coredns = module.nodes.security_group_id } }
    proxy         = { references = { proxy = module.proxy.security_group_id } }
  }
}

# The egress proxy's pods: the only ones that reach the internet, by a NAT gateway.
# https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html
module "proxy" {
  source = "../../modules/network"

  name        = "${var.name}-proxy"
  description = "SARK egress proxy pods: the gateway in, DNS and the internet out"
  vpc_id      = var.vpc_id
  flow_log    = null # the gateway's is the whole VPC's
  ports       = local.ports
  rules       = local.proxy_rules
  tags        = var.tags

  peers = {
    dns = { references = { coredns = module.nodes.security_group_id } }
  }
}

# sark:ignore egress-is-not-open-to-the-world until 2029-12-31: the proxy judges names, and the chart's list is what it lets through
resource "aws_vpc_security_group_egress_rule" "internet" {
  for_each = toset([for port in local.https_ports : tostring(port)])

  security_group_id = module.proxy.security_group_id
  description       = "HTTPS to listed names, which the proxy judges"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
  cidr_ipv4         = "0.0.0.0/0"
  tags              = merge(var.tags, { Name = "${var.name}-internet-${each.key}" })
}

# The nodes, through a launch template that names this group: EKS then leaves the cluster's own group off them.
# https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
module "nodes" {
  source = "../../modules/network"

  name        = "${var.name}-nodes"
  description = "Nodes of the cluster that SARK runs in, in place of the group that EKS makes"
  vpc_id      = var.vpc_id
  flow_log    = null # the gateway's is the whole VPC's
  ports       = local.ports
  rules       = local.node_rules
  # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
  self = true
  # Security groups do not filter the VPC's resolver, the time service and the metadata service.
  # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
  dns_resolver = []
  tags         = var.tags

  # By node port a load balancer sends to nodes.
  # https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html
  node_ports = {
    references = { load-balancer = var.load_balancer_security_group_id }
  }
}

# The other ends: groups that are not this root's to make.
resource "aws_vpc_security_group_ingress_rule" "other_end" {
  for_each = local.other_ends

  security_group_id            = each.value.group
  description                  = each.value.description
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.from
  tags                         = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

# The control plane's way to kubelet and webhooks, for when the cluster's own group has lost its rule for all egress.
resource "aws_vpc_security_group_egress_rule" "control_plane" {
  for_each = { for port in concat(["10250"], tolist(var.webhook_ports)) : port => tonumber(port) }

  security_group_id            = var.cluster_security_group_id
  description                  = "The control plane to kubelet and webhooks"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
  referenced_security_group_id = module.nodes.security_group_id
  tags                         = merge(var.tags, { Name = "${var.name}-control-plane-${each.key}" })
}
