mock_provider "azurerm" {}

variables {
  location            = "westeurope"
  resource_group_name = "sark"
  subnet_ids          = { nodes = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes" }
  flow_log            = null
  domains             = [{ name = "*.openai.com" }, { name = "mcp.partner.example", ports = [8443] }]
  azure_firewall = {
    firewall_policy_id = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/firewallPolicies/p"
    source_cidrs       = ["10.0.0.0/16"]
  }
}

run "off_by_default" {
  command = plan
  variables {
    azure_firewall = null
  }
  assert {
    condition     = length(azurerm_firewall_policy_rule_collection_group.domains) == 0
    error_message = "rules are written unasked"
  }
}

run "only_listed_names" {
  command = plan
  assert {
    condition = {
      for rule in azurerm_firewall_policy_rule_collection_group.domains["gateway"].application_rule_collection[0].rule : rule.name => join(" ", rule.destination_fqdns)
    } == { port-443 = "*.openai.com", port-8443 = "mcp.partner.example" }
    error_message = "the rules are not the list"
  }
}

run "everything_else_is_denied" {
  command = plan
  assert {
    condition = [
      for collection in azurerm_firewall_policy_rule_collection_group.domains["gateway"].application_rule_collection : "${collection.priority} ${collection.action}"
    ] == ["100 Allow", "200 Deny"]
    error_message = "the denial comes last"
  }
}

run "an_empty_list_denies_everything" {
  command = plan
  variables {
    domains = []
  }
  assert {
    condition     = [for collection in azurerm_firewall_policy_rule_collection_group.domains["gateway"].application_rule_collection : collection.action] == ["Deny"]
    error_message = "an empty list denies"
  }
}

run "sources_that_are_the_world" {
  command = plan
  variables {
    azure_firewall = { firewall_policy_id = "/p", source_cidrs = ["0.0.0.0/0"] }
  }
  expect_failures = [var.azure_firewall]
}
