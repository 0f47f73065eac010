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
        targets              = [".com", ".openai.com"]
      }
    }

    stateful_rule_options {
      rule_order = "STRICT_ORDER"
    }
  }
}

resource "aws_route53_resolver_firewall_rule_group" "sark" {
  name = "sark"
}

resource "aws_route53_resolver_firewall_domain_list" "all" {
  name    = "all"
  domains = ["*"]
}

resource "aws_route53_resolver_firewall_rule" "all" {
  name                    = "all"
  action                  = "ALLOW"
  priority                = 1
  firewall_domain_list_id = aws_route53_resolver_firewall_domain_list.all.id
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
      destination_fqdns = ["*", "*.com"]

      protocols {
        type = "Https"
        port = 443
      }
    }
  }
}

resource "google_network_security_url_lists" "urls" {
  name     = "urls"
  location = "europe-west1"
  values   = ["*.org"]
}

resource "google_network_security_gateway_security_policy_rule" "all" {
  name                    = "all"
  location                = "europe-west1"
  gateway_security_policy = "sark"
  enabled                 = true
  priority                = 1
  session_matcher         = "true"
  basic_profile           = "ALLOW"
}
