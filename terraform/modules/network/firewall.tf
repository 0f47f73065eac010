# Each cloud is a module of its own, so that nobody configures another's provider:
#
#   cloud   module                     its firewall
#   AWS     terraform/modules/network        firewall.tf (this file)
#   GCP     terraform/modules/network/gcp    gcp/firewall.tf
#   Azure   terraform/modules/network/azure  azure/firewall.tf
#
# What they share (who may talk to whom, the spelling of domains) is decided once, in policy/, which has no provider.

module "policy" {
  source = "./policy"

  ports                 = var.ports
  peers                 = var.peers
  domains               = var.domains
  public_egress_reason  = var.public_egress_reason
  public_ingress_reason = var.public_ingress_reason
}

# A security group denies whatever no rule allows, in both directions: Terraform removes AWS's own rule that allows all
# egress. There are no inline rules, which would fight with the separate ones.
resource "aws_security_group" "gateway" {
  name_prefix            = "${var.name}-gateway-"
  description            = "SARK gateway: its load balancer in, its stores, DNS and the egress proxy out"
  vpc_id                 = var.vpc_id
  revoke_rules_on_delete = true
  tags                   = merge(var.tags, { Name = "${var.name}-gateway" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "gateway" {
  for_each = module.policy.aws.ingress

  security_group_id            = aws_security_group.gateway.id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.port
  to_port                      = each.value.port
  cidr_ipv4                    = each.value.cidr_ipv4
  cidr_ipv6                    = each.value.cidr_ipv6
  referenced_security_group_id = each.value.reference
  tags                         = merge(var.tags, { Name = each.key })
}

resource "aws_vpc_security_group_egress_rule" "gateway" {
  for_each = module.policy.aws.egress

  security_group_id            = aws_security_group.gateway.id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.port
  to_port                      = each.value.port
  cidr_ipv4                    = each.value.cidr_ipv4
  cidr_ipv6                    = each.value.cidr_ipv6
  referenced_security_group_id = each.value.reference
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
