resource "aws_route53_resolver_firewall_config" "open" {
  resource_id        = "vpc-1"
  firewall_fail_open = "ENABLED"
}

resource "aws_networkfirewall_firewall_policy" "midstream" {
  name = "midstream"

  firewall_policy {
    stateless_default_actions          = ["aws:forward_to_sfe"]
    stateless_fragment_default_actions = ["aws:forward_to_sfe"]

    stateful_engine_options {
      rule_order              = "STRICT_ORDER"
      stream_exception_policy = "CONTINUE"
    }
  }
}
