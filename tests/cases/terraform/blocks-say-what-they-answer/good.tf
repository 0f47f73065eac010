terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

resource "aws_route53_resolver_firewall_rule_group" "sark" {
  name = "sark"
}

resource "aws_route53_resolver_firewall_domain_list" "allowed" {
  name    = "allowed"
  domains = ["*.openai.com"]
}

resource "aws_route53_resolver_firewall_domain_list" "everything" {
  name    = "everything"
  domains = ["*"]
}

resource "aws_route53_resolver_firewall_rule" "allowed" {
  name                    = "allowed"
  action                  = "ALLOW"
  priority                = 1
  firewall_domain_list_id = aws_route53_resolver_firewall_domain_list.allowed.id
  firewall_rule_group_id  = aws_route53_resolver_firewall_rule_group.sark.id
}

resource "aws_route53_resolver_firewall_rule" "rest" {
  name                    = "rest"
  action                  = "BLOCK"
  priority                = 2
  firewall_domain_list_id = aws_route53_resolver_firewall_domain_list.everything.id
  firewall_rule_group_id  = aws_route53_resolver_firewall_rule_group.sark.id
  block_response          = "NXDOMAIN"
}
