resource "aws_route53_resolver_firewall_rule_group" "sark" {
  name = "sark"
}

resource "aws_route53_resolver_firewall_domain_list" "everything" {
  name    = "everything"
  domains = ["*"]
}

resource "aws_route53_resolver_firewall_rule" "mute" {
  name                    = "mute"
  action                  = "BLOCK"
  priority                = 1
  firewall_domain_list_id = aws_route53_resolver_firewall_domain_list.everything.id
  firewall_rule_group_id  = aws_route53_resolver_firewall_rule_group.sark.id
}

resource "aws_route53_resolver_firewall_rule" "chatty" {
  name                    = "chatty"
  action                  = "ALERT"
  priority                = 2
  firewall_domain_list_id = aws_route53_resolver_firewall_domain_list.everything.id
  firewall_rule_group_id  = aws_route53_resolver_firewall_rule_group.sark.id
  block_response          = "NODATA"
}

resource "aws_route53_resolver_firewall_rule" "elsewhere" {
  name                    = "elsewhere"
  action                  = "BLOCK"
  priority                = 3
  firewall_domain_list_id = aws_route53_resolver_firewall_domain_list.everything.id
  firewall_rule_group_id  = aws_route53_resolver_firewall_rule_group.sark.id
  block_response          = "OVERRIDE"
  block_override_domain   = "blocked.example"
}
