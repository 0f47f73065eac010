mock_provider "azurerm" {}

run "the_policy_is_open" {
  command = plan
  variables {
    subscription_id     = "00000000-0000-0000-0000-000000000000"
    resource_group_name = "sark"
    node_subnet_id      = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
  }
  assert {
    condition     = join(" ", [for key in keys(module.network.rules) : key if !startswith(key, "dns-")]) == join(" ", module.policy.open.azure)
    error_message = jsonencode(module.network.rules)
  }
}
