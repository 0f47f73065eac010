# What keeps the security group and tells of it.

# A lock is inherited: rules cannot be deleted either, by Terraform or by anybody, until it is taken off.
resource "azurerm_management_lock" "gateway" {
  for_each = var.lock ? { gateway = local.network_security_group_id } : {}

  name       = "${var.name}-${each.key}"
  scope      = each.value
  lock_level = "CanNotDelete"
  notes      = "The firewall around SARK: without it the subnets are open"

  depends_on = [azurerm_network_security_rule.deny]
}

# Which rules there are, and how often each one decided.
resource "azurerm_monitor_diagnostic_setting" "gateway" {
  for_each = var.diagnostics == null ? {} : { gateway = var.diagnostics }

  name                       = "${var.name}-${each.key}"
  target_resource_id         = local.network_security_group_id
  log_analytics_workspace_id = each.value.log_analytics_workspace_id
  storage_account_id         = each.value.storage_account_id

  dynamic "enabled_log" {
    for_each = toset(["NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"])
    content {
      category = enabled_log.value
    }
  }
}
