terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

resource "aws_security_group" "gateway" {
  name        = "gateway"
  description = "What it is for."
}

resource "aws_vpc_security_group_ingress_rule" "callers" {
  security_group_id = aws_security_group.gateway.id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "10.20.0.0/16"
}

output "group_id" {
  description = "The group."
  value       = aws_security_group.gateway.id
}
