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

resource "aws_vpc_security_group_ingress_rule" "few" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8010
  cidr_ipv4         = "10.20.0.0/16"
}
