# Each cloud is a module of its own, so that nobody configures another's provider:
#
#   cloud   module                           its firewall             a cluster that works
#   AWS     terraform/modules/network        firewall.tf (this file)  terraform/examples/eks
#   GCP     terraform/modules/network/gcp    gcp/firewall.tf          terraform/examples/gke
#   Azure   terraform/modules/network/azure  azure/firewall.tf        terraform/examples/aks
#
# What they share (who may talk to whom, the spelling of domains) is decided once, in policy/, which has no provider;
# terraform/examples/three-clouds is all three from one policy. Rules of your own come in by `rules`, see rules.tf.

module "policy" {
  source = "./policy"

  ports                 = var.ports
  peers                 = local.peers
  domains               = var.domains
  public_egress_reason  = var.public_egress_reason
  public_ingress_reason = var.public_ingress_reason
}

locals {
  security_group_id = var.create ? aws_security_group.gateway[0].id : var.security_group_id
}

# A security group denies whatever no rule allows, in both directions: Terraform removes AWS's own rule that allows all
# egress. There are no inline rules, which would fight with the separate ones.
resource "aws_security_group" "gateway" {
  count = var.create ? 1 : 0

  name_prefix            = "${coalesce(var.security_group_name, "${var.name}-gateway")}-"
  description            = var.description
  vpc_id                 = var.vpc_id
  revoke_rules_on_delete = true
  tags                   = merge(var.tags, { Name = coalesce(var.security_group_name, "${var.name}-gateway") })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "gateway" {
  for_each = { for key, rule in local.rules.ingress : key => rule if !startswith(key, "node-ports-") }

  security_group_id            = local.security_group_id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from_port
  to_port                      = each.value.to_port
  cidr_ipv4                    = each.value.cidr_ipv4
  cidr_ipv6                    = each.value.cidr_ipv6
  referenced_security_group_id = each.value.reference
  prefix_list_id               = each.value.prefix_list
  tags                         = merge(var.tags, { Name = each.key })
}

resource "aws_vpc_security_group_egress_rule" "gateway" {
  for_each = local.rules.egress

  security_group_id            = local.security_group_id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from_port
  to_port                      = each.value.to_port
  cidr_ipv4                    = each.value.cidr_ipv4
  cidr_ipv6                    = each.value.cidr_ipv6
  referenced_security_group_id = each.value.reference
  prefix_list_id               = each.value.prefix_list
  tags                         = merge(var.tags, { Name = each.key })
}

# Kubernetes gives a Service any port of this range, so that the range is what load balancers need.
# sark:ignore port-ranges-are-narrow until 2029-12-31: the range is that of Kubernetes, and for load balancers alone
resource "aws_vpc_security_group_ingress_rule" "node_ports" {
  for_each = { for key, rule in local.rules.ingress : key => rule if startswith(key, "node-ports-") }

  security_group_id            = local.security_group_id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from_port
  to_port                      = each.value.to_port
  cidr_ipv4                    = each.value.cidr_ipv4
  cidr_ipv6                    = each.value.cidr_ipv6
  referenced_security_group_id = each.value.reference
  prefix_list_id               = each.value.prefix_list
  tags                         = merge(var.tags, { Name = each.key })
}

# Nodes of one cluster carry whatever their pods say to each other, which network policies judge.
# sark:ignore protocols-are-not-all-allowed until 2029-12-31: from the group to itself alone, for a cluster's nodes
resource "aws_vpc_security_group_ingress_rule" "self" {
  for_each = var.self ? { self = local.security_group_id } : {}

  security_group_id            = local.security_group_id
  description                  = "Whatever has this group, from whatever has it"
  ip_protocol                  = "-1"
  referenced_security_group_id = each.value
  tags                         = merge(var.tags, { Name = each.key })
}

# sark:ignore protocols-are-not-all-allowed until 2029-12-31: from the group to itself alone, for a cluster's nodes
resource "aws_vpc_security_group_egress_rule" "self" {
  for_each = var.self ? { self = local.security_group_id } : {}

  security_group_id            = local.security_group_id
  description                  = "Whatever has this group, to whatever has it"
  ip_protocol                  = "-1"
  referenced_security_group_id = each.value
  tags                         = merge(var.tags, { Name = each.key })
}

# A security group logs nothing: what it rejects is in the flow log of the VPC.
resource "aws_flow_log" "vpc" {
  for_each = var.flow_log == null ? {} : { rejected = var.flow_log }

  vpc_id               = var.vpc_id
  traffic_type         = each.value.traffic_type
  log_destination_type = each.value.destination_type
  log_destination      = each.value.destination_arn
  iam_role_arn         = each.value.iam_role_arn
  tags                 = merge(var.tags, { Name = "${var.name}-${each.key}" })
}
