resource "aws_networkfirewall_rule_group" "allowed" {
  name        = "allowed"
  description = "What it is for."
  type        = "STATEFUL"
  capacity    = 100

  rule_group {
    rule_variables {
      ip_sets {
        key = "HOME_NET"

        ip_set {
          definition = ["10.0.0.0/8"]
        }
      }
    }

    rules_source {
      rules_source_list {
        generated_rules_type = "ALLOWLIST"
        target_types         = ["TLS_SNI"]
        targets              = [".openai.com"]
      }
    }
  }
}

resource "aws_networkfirewall_rule_group" "elsewhere" {
  name        = "elsewhere"
  description = "What it is for."
  type        = "STATEFUL"
  capacity    = 100

  rule_group {
    rule_variables {
      ip_sets {
        key = "HOME_NET"

        ip_set {
          definition = ["10.0.0.0/8"]
        }
      }
    }

    rules_source {
      rules_source_list {
        generated_rules_type = "ALLOWLIST"
        target_types         = ["TLS_SNI"]
        targets              = [".openai.com"]
      }
    }

    stateful_rule_options {
      rule_order = "STRICT_ORDER"
    }
  }
}

resource "aws_networkfirewall_firewall_policy" "weak" {
  name = "weak"

  firewall_policy {
    stateless_default_actions          = ["aws:pass"]
    stateless_fragment_default_actions = ["aws:pass"]

    stateful_rule_group_reference {
      resource_arn = aws_networkfirewall_rule_group.allowed.arn
      priority     = 1
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

resource "aws_route53_resolver_firewall_rule" "allowed" {
  name                    = "allowed"
  action                  = "ALLOW"
  priority                = 1
  firewall_domain_list_id = aws_route53_resolver_firewall_domain_list.allowed.id
  firewall_rule_group_id  = aws_route53_resolver_firewall_rule_group.sark.id
}

resource "azurerm_firewall_policy_rule_collection_group" "azure" {
  name               = "azure"
  priority           = 200
  firewall_policy_id = "id"

  application_rule_collection {
    name     = "names"
    priority = 200
    action   = "Allow"

    rule {
      name              = "names"
      source_addresses  = ["10.0.0.0/8"]
      destination_fqdns = ["*.openai.com"]

      protocols {
        type = "Https"
        port = 443
      }
    }
  }

  network_rule_collection {
    name     = "net"
    priority = 100
    action   = "Allow"

    rule {
      name                  = "net"
      protocols             = ["TCP"]
      source_addresses      = ["10.0.0.0/8"]
      destination_ports     = ["443"]
      destination_addresses = ["*"]
    }
  }
}
