# What security groups cannot say: names. Off by default, because Network Firewall costs money by the hour and by the
# gigabyte, and DNS Firewall by the query. Without it the chart's proxy is what enforces `egress.domains`.

locals {
  network_firewall = var.network_firewall == null ? {} : { gateway = var.network_firewall }
  dns_firewall     = var.dns_firewall == null ? {} : { gateway = var.dns_firewall }

  # `.d` on an allowlist lets d itself through too, which `*.d` does not mean: d is denied first.
  domain_lists = {
    for list in [
      { key = "apexes", priority = 100, type = "DENYLIST", targets = module.policy.domains.aws_networkfirewall.deny },
      { key = "listed", priority = 200, type = "ALLOWLIST", targets = module.policy.domains.aws_networkfirewall.allow },
    ] : list.key => list if var.network_firewall != null && length(list.targets) > 0
  }

  # The lowest number comes first: what is listed, what is AWS's own, and then nothing.
  dns_rules = {
    for rule in [
      { key = "listed", priority = 100, action = "ALLOW", domains = module.policy.domains.aws_route53 },
      { key = "internal", priority = 200, action = "ALLOW", domains = try(sort(var.dns_firewall.internal_names), []) },
      { key = "everything", priority = 300, action = "BLOCK", domains = ["*"] },
    ] : rule.key => rule if var.dns_firewall != null && length(rule.domains) > 0
  }
}

resource "aws_networkfirewall_rule_group" "domains" {
  for_each = local.domain_lists

  name        = "${var.name}-domains-${each.key}"
  description = "The chart's egress.domains: ${each.key}"
  type        = "STATEFUL"
  capacity    = var.network_firewall.capacity
  tags        = var.tags

  rule_group {
    # Without HOME_NET only the firewall's own VPC is looked at.
    rule_variables {
      ip_sets {
        key = "HOME_NET"
        ip_set {
          definition = var.network_firewall.home_net
        }
      }
    }

    rules_source {
      rules_source_list {
        generated_rules_type = each.value.type
        target_types         = ["TLS_SNI"]
        targets              = each.value.targets
      }
    }

    stateful_rule_options {
      rule_order = "STRICT_ORDER"
    }
  }
}

resource "aws_networkfirewall_firewall_policy" "domains" {
  for_each = local.network_firewall

  name        = "${var.name}-domains"
  description = "Drops what is not in the chart's egress.domains"
  tags        = var.tags

  firewall_policy {
    stateless_default_actions          = ["aws:forward_to_sfe"]
    stateless_fragment_default_actions = ["aws:forward_to_sfe"]
    # A name is only there once TCP is established: a drop before that would drop every name.
    stateful_default_actions = ["aws:drop_established", "aws:alert_established"]

    stateful_engine_options {
      rule_order              = "STRICT_ORDER"
      stream_exception_policy = "DROP"
    }

    dynamic "stateful_rule_group_reference" {
      for_each = local.domain_lists
      content {
        priority     = stateful_rule_group_reference.value.priority
        resource_arn = aws_networkfirewall_rule_group.domains[stateful_rule_group_reference.key].arn
      }
    }
  }
}

resource "aws_networkfirewall_firewall" "domains" {
  for_each = local.network_firewall

  name                = "${var.name}-domains"
  description         = "Between SARK's subnets and the internet"
  vpc_id              = var.vpc_id
  firewall_policy_arn = aws_networkfirewall_firewall_policy.domains[each.key].arn
  delete_protection   = true
  tags                = var.tags

  dynamic "subnet_mapping" {
    for_each = each.value.subnet_ids
    content {
      subnet_id = subnet_mapping.value
    }
  }
}

resource "aws_networkfirewall_logging_configuration" "domains" {
  for_each = local.network_firewall

  firewall_arn = aws_networkfirewall_firewall.domains[each.key].arn

  logging_configuration {
    dynamic "log_destination_config" {
      for_each = toset(["ALERT", "FLOW"])
      content {
        log_type             = log_destination_config.value
        log_destination_type = "CloudWatchLogs"
        log_destination      = { logGroup = each.value.log_group }
      }
    }
  }
}

resource "aws_route53_resolver_firewall_domain_list" "domains" {
  for_each = local.dns_rules

  name    = "${var.name}-${each.key}"
  domains = each.value.domains
  tags    = var.tags
}

resource "aws_route53_resolver_firewall_rule_group" "domains" {
  for_each = local.dns_firewall

  name = "${var.name}-domains"
  tags = var.tags
}

resource "aws_route53_resolver_firewall_rule" "domains" {
  for_each = local.dns_rules

  name                    = "${var.name}-${each.key}"
  firewall_rule_group_id  = aws_route53_resolver_firewall_rule_group.domains["gateway"].id
  firewall_domain_list_id = aws_route53_resolver_firewall_domain_list.domains[each.key].id
  priority                = each.value.priority
  action                  = each.value.action
  block_response          = each.value.action == "BLOCK" ? "NXDOMAIN" : null
  # Listed names are aliases of content networks' names, which are not listed.
  firewall_domain_redirection_action = "TRUST_REDIRECTION_DOMAIN"
}

resource "aws_route53_resolver_firewall_rule_group_association" "domains" {
  for_each = local.dns_firewall

  name                   = "${var.name}-domains"
  firewall_rule_group_id = aws_route53_resolver_firewall_rule_group.domains[each.key].id
  vpc_id                 = var.vpc_id
  priority               = each.value.priority
  mutation_protection    = "ENABLED"
  tags                   = var.tags
}

# Closed when DNS Firewall itself does not answer.
resource "aws_route53_resolver_firewall_config" "domains" {
  for_each = local.dns_firewall

  resource_id        = var.vpc_id
  firewall_fail_open = "DISABLED"
}

resource "aws_route53_resolver_query_log_config" "domains" {
  for_each = local.dns_firewall

  name            = "${var.name}-domains"
  destination_arn = each.value.log_destination_arn
  tags            = var.tags
}

resource "aws_route53_resolver_query_log_config_association" "domains" {
  for_each = local.dns_firewall

  resolver_query_log_config_id = aws_route53_resolver_query_log_config.domains[each.key].id
  resource_id                  = var.vpc_id
}
