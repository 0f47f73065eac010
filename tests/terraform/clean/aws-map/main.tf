# A security group whose rules are a map that its caller writes.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "name" {
  description = "The name of the group."
  type        = string
  default     = "workers"
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
  default     = "vpc-0a1b2c3d4e5f60718"
}

variable "ingress" {
  description = "The rules, each by a name of yours."
  type = map(object({
    port     = number
    protocol = optional(string, "tcp")
    cidr     = optional(string)
    group    = optional(string)
  }))
  default = {
    api     = { port = 8000, cidr = "10.0.0.0/16" }
    metrics = { port = 9090, group = "sg-0a1b2c3d4e5f60718" }
    six     = { port = 8000, cidr = "fd00:10::/64" }
  }
}

locals {
  tags = { Name = var.name }
  four = { for name, rule in var.ingress : name => rule if rule.cidr != null && !can(regex(":", rule.cidr)) }
  six  = { for name, rule in var.ingress : name => rule if rule.cidr != null && can(regex(":", rule.cidr)) }
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-"
  description = "Workers"
  vpc_id      = var.vpc_id
  tags        = local.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "four" {
  for_each = local.four

  security_group_id = aws_security_group.this.id
  description       = "Allows ${each.key}"
  ip_protocol       = each.value.protocol
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.cidr
  tags              = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "six" {
  for_each = local.six

  security_group_id = aws_security_group.this.id
  description       = "Allows ${each.key}"
  ip_protocol       = each.value.protocol
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv6         = each.value.cidr
  tags              = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "groups" {
  for_each = { for name, rule in var.ingress : name => rule if rule.group != null }

  security_group_id            = aws_security_group.this.id
  description                  = "Allows ${each.key}"
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.group
  tags                         = local.tags
}

resource "aws_default_security_group" "closed" {
  vpc_id = var.vpc_id
}

output "id" {
  description = "The group."
  value       = aws_security_group.this.id
}
