terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

resource "aws_route53_resolver_firewall_config" "closed" {
  resource_id        = "vpc-1"
  firewall_fail_open = "DISABLED"
}
