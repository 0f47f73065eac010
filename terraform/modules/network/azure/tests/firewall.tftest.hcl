mock_provider "azurerm" {}

variables {
  location            = "westeurope"
  resource_group_name = "sark"
  subnet_ids          = { nodes = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes" }
  flow_log = {
    network_watcher_name                = "watcher"
    network_watcher_resource_group_name = "watchers"
    virtual_network_id                  = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/virtualNetworks/v"
    storage_account_id                  = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Storage/storageAccounts/logs"
  }
  peers = {
    load_balancer = { cidrs = ["10.0.0.0/24", "fd00:1::/64"] }
    database      = { cidrs = ["10.0.1.0/24"], references = { postgresql = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/applicationSecurityGroups/postgresql" } }
    dns           = { cidrs = ["10.0.0.2/32"] }
    https         = { cidrs = ["10.0.5.0/24"] }
  }
  domains = [{ name = "*.openai.com" }]
}

run "a_rule_for_each_flow" {
  command = plan
  assert {
    condition     = join(" ", keys(azurerm_network_security_rule.allow)) == "dns-tcp-ipv4 dns-udp-ipv4 gateway-tcp-ipv4 gateway-tcp-ipv6 https-tcp-ipv4 postgresql-tcp-ipv4 postgresql-tcp-reference"
    error_message = jsonencode(keys(azurerm_network_security_rule.allow))
  }
  assert {
    condition = alltrue([
      for rule in azurerm_network_security_rule.allow :
      rule.direction == "Outbound" ? length(coalesce(rule.destination_address_prefixes, [])) + length(coalesce(rule.destination_application_security_group_ids, [])) > 0 : length(rule.source_address_prefixes) > 0
    ])
    error_message = "a rule with nobody at its far end"
  }
}

run "everything_else_is_denied" {
  command = plan
  assert {
    condition     = { for rule in azurerm_network_security_rule.deny : rule.direction => "${rule.priority} ${rule.access} ${rule.protocol} ${rule.destination_address_prefix}" } == { Inbound = "4096 Deny * *", Outbound = "4096 Deny * *" }
    error_message = "Azure allows the virtual network and all egress unless a rule denies it"
  }
}

run "priorities_are_in_range_and_unique" {
  command = plan
  assert {
    condition = length(distinct([
      for rule in concat(values(azurerm_network_security_rule.allow), values(azurerm_network_security_rule.probe), values(azurerm_network_security_rule.deny)) : "${rule.direction} ${rule.priority}" if rule.priority >= 100 && rule.priority <= 4096
    ])) == length(azurerm_network_security_rule.allow) + length(azurerm_network_security_rule.probe) + length(azurerm_network_security_rule.deny)
    error_message = "two rules of a direction share a priority, or one is out of range"
  }
}

run "one_rule_less_moves_no_other" {
  command = plan
  variables {
    peers = { dns = { cidrs = ["10.0.0.2/32"] } }
  }
  assert {
    condition     = azurerm_network_security_rule.allow["dns-udp-ipv4"].priority == 1055
    error_message = "the priority is not the key's own"
  }
}

run "probes_can_be_closed" {
  command = plan
  variables {
    health_probes = null
  }
  assert {
    condition     = length(azurerm_network_security_rule.probe) == 0
    error_message = "the probe is still let in"
  }
}

run "it_stands_somewhere_and_is_logged" {
  command = plan
  assert {
    condition     = length(azurerm_subnet_network_security_group_association.gateway) == 1 && azurerm_network_watcher_flow_log.network["gateway"].enabled
    error_message = "no subnet, or no log"
  }
}

run "no_subnet" {
  command = plan
  variables {
    subnet_ids = {}
  }
  expect_failures = [var.subnet_ids]
}

run "a_flow_log_of_a_security_group" {
  command = plan
  variables {
    flow_log = {
      network_watcher_name                = "watcher"
      network_watcher_resource_group_name = "watchers"
      virtual_network_id                  = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/networkSecurityGroups/n"
      storage_account_id                  = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Storage/storageAccounts/logs"
    }
  }
  expect_failures = [var.flow_log]
}

run "a_location_as_the_portal_writes_it" {
  command = plan
  variables {
    location = "West Europe"
  }
  expect_failures = [var.location]
}

run "the_world_without_a_reason" {
  command = plan
  variables {
    peers = { https = { cidrs = ["0.0.0.0/0"] } }
  }
  expect_failures = [var.peers]
}
