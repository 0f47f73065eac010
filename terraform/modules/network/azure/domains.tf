# What security groups cannot say: names. Off by default, because Azure Firewall costs money by the hour and by the
# gigabyte. Without it the chart's proxy is what enforces `egress.domains`.

locals {
  azure_firewall = var.azure_firewall == null ? {} : { gateway = var.azure_firewall }
}

# Application rules: network rules take no wildcard.
resource "azurerm_firewall_policy_rule_collection_group" "domains" {
  for_each = local.azure_firewall

  name               = "${var.name}-domains"
  firewall_policy_id = each.value.firewall_policy_id
  priority           = each.value.priority

  dynamic "application_rule_collection" {
    for_each = length(var.domains) > 0 ? { listed = 100 } : {}
    content {
      name     = "${var.name}-${application_rule_collection.key}"
      priority = application_rule_collection.value
      action   = "Allow"

      dynamic "rule" {
        for_each = module.policy.domains.azure
        content {
          name              = "port-${rule.key}"
          description       = "The chart's egress.domains on port ${rule.key}"
          source_addresses  = each.value.source_cidrs
          destination_fqdns = rule.value
          protocols {
            type = "Https"
            port = tonumber(rule.key)
          }
        }
      }
    }
  }

  # Azure Firewall denies what nothing allows; this keeps a later collection from allowing it.
  application_rule_collection {
    name     = "${var.name}-everything-else"
    priority = 200
    action   = "Deny"

    rule {
      name              = "everything-else"
      description       = "Whatever is not in the chart's egress.domains"
      source_addresses  = each.value.source_cidrs
      destination_fqdns = ["*"]
      dynamic "protocols" {
        for_each = merge({ "80" = "Http", "443" = "Https" }, { for port in keys(module.policy.domains.azure) : port => "Https" })
        content {
          type = protocols.value
          port = tonumber(protocols.key)
        }
      }
    }
  }
}
