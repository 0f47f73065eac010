variable "names" {
  description = "Names."
  type        = list(string)
}

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
        targets              = ["*.openai.com", ".anthropic.com", "*openai.com", "https://api.openai.com", "10.0.0.1"]
      }
    }

    stateful_rule_options {
      rule_order = "STRICT_ORDER"
    }
  }
}

resource "aws_networkfirewall_rule_group" "unknown" {
  name        = "unknown"
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
        targets              = var.names
      }
    }

    stateful_rule_options {
      rule_order = "STRICT_ORDER"
    }
  }
}

resource "aws_route53_resolver_firewall_domain_list" "dots" {
  name    = "dots"
  domains = [".openai.com", "*.anthropic.com", "*"]
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
      destination_fqdns = ["*.openai.com", "*openai.com", ".openai.com"]

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
      name              = "net"
      protocols         = ["TCP"]
      source_addresses  = ["10.0.0.0/8"]
      destination_ports = ["443"]
      destination_fqdns = ["*.openai.com", "api.openai.com"]
    }
  }
}

resource "google_compute_network_firewall_policy_rule" "names" {
  description     = "What it is for."
  action          = "allow"
  direction       = "EGRESS"
  priority        = 10
  firewall_policy = "sark"
  enable_logging  = true

  match {
    dest_fqdns = ["*.openai.com"]

    layer4_configs {
      ip_protocol = "tcp"
      ports       = ["443"]
    }
  }
}

resource "google_network_security_url_lists" "urls" {
  name     = "urls"
  location = "europe-west1"
  values   = ["*.openai.com", ".anthropic.com", "api.openai.com/v1"]
}
