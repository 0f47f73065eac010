terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

resource "aws_vpc_security_group_egress_rule" "postgresql" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = "10.20.0.0/16"
}

resource "aws_vpc_security_group_egress_rule" "redis" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 6379
  to_port           = 6379
  cidr_ipv6         = "fd00:1::/64"
}

resource "aws_vpc_security_group_egress_rule" "opa" {
  security_group_id            = var.group_id
  description                  = "What it is for."
  ip_protocol                  = "tcp"
  from_port                    = 8181
  to_port                      = 8181
  referenced_security_group_id = var.group_id
}
