mock_provider "aws" {}

variables {
  vpc_id           = "vpc-1"
  flow_log         = null
  domains          = [{ name = "*.openai.com" }, { name = "mcp.partner.example", ports = [8443] }]
  network_firewall = { subnet_ids = ["subnet-1"], home_net = ["10.0.0.0/16"], log_group = "sark" }
  dns_firewall     = { internal_names = ["*.rds.amazonaws.com"], log_destination_arn = "arn:aws:s3:::logs" }
}

run "off_by_default" {
  command = plan
  variables {
    network_firewall = null
    dns_firewall     = null
  }
  assert {
    condition     = length(aws_networkfirewall_firewall.domains) + length(aws_networkfirewall_rule_group.domains) + length(aws_route53_resolver_firewall_rule.domains) == 0
    error_message = "something that costs money is made unasked"
  }
}

run "only_listed_names" {
  command = plan
  assert {
    condition     = one(aws_networkfirewall_rule_group.domains["listed"].rule_group[0].rules_source[0].rules_source_list).targets == toset([".openai.com", "mcp.partner.example"])
    error_message = "the allowlist is not the list"
  }
  assert {
    condition     = one(aws_networkfirewall_rule_group.domains["apexes"].rule_group[0].rules_source[0].rules_source_list).targets == toset(["openai.com"])
    error_message = "openai.com is let through by .openai.com"
  }
  assert {
    condition = {
      for reference in aws_networkfirewall_firewall_policy.domains["gateway"].firewall_policy[0].stateful_rule_group_reference : reference.priority => true
    } == { "100" = true, "200" = true }
    error_message = "the apexes' denial has to come before the list"
  }
}

run "everything_else_is_dropped" {
  command = plan
  assert {
    condition     = aws_networkfirewall_firewall_policy.domains["gateway"].firewall_policy[0].stateful_default_actions == toset(["aws:drop_established", "aws:alert_established"])
    error_message = "no default drop"
  }
  assert {
    condition     = one(aws_networkfirewall_firewall_policy.domains["gateway"].firewall_policy[0].stateful_engine_options).rule_order == "STRICT_ORDER"
    error_message = "the default drop needs the strict order"
  }
}

run "an_empty_list_drops_everything" {
  command = plan
  variables {
    domains = []
  }
  assert {
    condition     = length(aws_networkfirewall_rule_group.domains) == 0 && length(aws_networkfirewall_firewall_policy.domains) == 1
    error_message = "an empty list is a policy that drops, with no list"
  }
}

run "lookups_of_other_names_are_answered_with_nxdomain" {
  command = plan
  assert {
    condition     = { for key, rule in aws_route53_resolver_firewall_rule.domains : key => "${rule.priority} ${rule.action}" } == { listed = "100 ALLOW", internal = "200 ALLOW", everything = "300 BLOCK" }
    error_message = "the order is listed, internal, everything else"
  }
  assert {
    condition     = aws_route53_resolver_firewall_domain_list.domains["everything"].domains == toset(["*"]) && aws_route53_resolver_firewall_rule.domains["everything"].block_response == "NXDOMAIN"
    error_message = "the rest is not blocked"
  }
  assert {
    condition     = aws_route53_resolver_firewall_config.domains["gateway"].firewall_fail_open == "DISABLED"
    error_message = "it opens when it fails"
  }
}

run "internal_names_that_are_everything" {
  command = plan
  variables {
    dns_firewall = { internal_names = ["*"], log_destination_arn = "arn:aws:s3:::logs" }
  }
  expect_failures = [var.dns_firewall]
}

run "home_net_that_is_the_world" {
  command = plan
  variables {
    network_firewall = { subnet_ids = ["subnet-1"], home_net = ["0.0.0.0/0"], log_group = "sark" }
  }
  expect_failures = [var.network_firewall]
}
