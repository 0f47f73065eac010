mock_provider "azurerm" {}

variables {
  location            = "westeurope"
  resource_group_name = "sark"
  subnet_ids          = { nodes = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes" }
  flow_log            = null
  dns_resolver        = []
}

run "every_kind_of_peer" {
  command = plan
  variables {
    peers = { database = { service_tag = "Sql.WestEurope" } }
    rules = {
      monitor = { direction = "egress", description = "Azure Monitor", priority = 200, ports = ["443"], service_tag = "AzureMonitor" }
      backup  = { direction = "egress", description = "Backups", priority = 201, ports = ["8400-8403"], cidrs = ["10.9.0.0/24"] }
      agent   = { direction = "ingress", description = "The agent", priority = 200, protocol = "udp", ports = ["9000"], references = { agent = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/applicationSecurityGroups/agent" } }
      ping    = { direction = "ingress", description = "Path MTU", priority = 1200, protocol = "icmp", cidrs = ["10.9.0.0/24"] }
    }
  }
  assert {
    condition = { for key, rule in azurerm_network_security_rule.allow : key => "${rule.priority} ${rule.direction} ${rule.protocol} ${join(",", rule.destination_port_ranges)}" } == {
      agent                      = "200 Inbound Udp 9000"
      backup                     = "201 Outbound Tcp 8400-8403"
      monitor                    = "200 Outbound Tcp 443"
      ping                       = "1200 Inbound Icmp *"
      postgresql-tcp-service_tag = "1023 Outbound Tcp 5432"
    }
    error_message = jsonencode(keys(azurerm_network_security_rule.allow))
  }
  assert {
    condition     = azurerm_network_security_rule.allow["monitor"].destination_address_prefix == "AzureMonitor" && azurerm_network_security_rule.allow["postgresql-tcp-service_tag"].destination_address_prefix == "Sql.WestEurope" && azurerm_network_security_rule.allow["backup"].destination_address_prefix == null
    error_message = "a service tag is not where it belongs"
  }
  assert {
    condition     = length(azurerm_network_security_rule.allow["agent"].source_application_security_group_ids) == 1 && azurerm_network_security_rule.allow["agent"].source_address_prefix == null
    error_message = "a reference is not where it belongs"
  }
}

run "rules_from_yaml" {
  command = plan
  variables {
    rules = yamldecode(<<-YAML
      backup:
        direction: egress
        description: Backups
        priority: 300
        ports: ["443"]
        cidrs: [10.9.0.0/24]
    YAML
    )
  }
  assert {
    condition     = azurerm_network_security_rule.allow["backup"].priority == 300
    error_message = "a rule of the file is not there"
  }
}

run "a_group_of_ones_own" {
  command = plan
  variables {
    create                 = false
    network_security_group = { name = "nsg-mine", id = "/nsg-mine" }
    peers                  = { database = { cidrs = ["10.0.1.0/24"] } }
  }
  assert {
    condition     = length(azurerm_network_security_group.gateway) == 0 && alltrue([for rule in merge(azurerm_network_security_rule.allow, azurerm_network_security_rule.deny) : rule.network_security_group_name == "nsg-mine"]) && azurerm_subnet_network_security_group_association.gateway["nodes"].network_security_group_id == "/nsg-mine"
    error_message = "the rules are not in the group that was named"
  }
}

run "a_group_without_its_name" {
  command = plan
  variables {
    create = false
  }
  expect_failures = [var.network_security_group]
}

run "a_name_by_convention" {
  command = plan
  variables {
    network_security_group_name = "nsg-sark-prod-westeurope-001"
    tags                        = { cost-centre = "42" }
  }
  assert {
    condition     = azurerm_network_security_group.gateway[0].name == "nsg-sark-prod-westeurope-001" && azurerm_network_security_group.gateway[0].tags == tomap({ cost-centre = "42" })
    error_message = "the name or the tags are others"
  }
}

run "nodes_and_pods" {
  command = plan
  variables {
    cluster_cidrs = ["10.240.0.0/22", "10.244.0.0/16", "fd00:4::/64"]
  }
  assert {
    condition = { for key, rule in azurerm_network_security_rule.cluster : key => "${rule.priority} ${rule.direction} ${rule.protocol} ${join(" ", rule.source_address_prefixes)} to ${join(" ", rule.destination_address_prefixes)}" } == {
      egress-ipv4  = "1110 Outbound * 10.240.0.0/22 10.244.0.0/16 to 10.240.0.0/22 10.244.0.0/16"
      egress-ipv6  = "1111 Outbound * fd00:4::/64 to fd00:4::/64"
      ingress-ipv4 = "1110 Inbound * 10.240.0.0/22 10.244.0.0/16 to 10.240.0.0/22 10.244.0.0/16"
      ingress-ipv6 = "1111 Inbound * fd00:4::/64 to fd00:4::/64"
    }
    error_message = jsonencode(output.cluster)
  }
}

run "load_balancers" {
  command = plan
  variables {
    health_probes = { ports = ["10256"] }
    node_ports    = "30000-32767"
    peers         = { load_balancer = { cidrs = ["10.250.0.0/16"] } }
  }
  assert {
    condition     = azurerm_network_security_rule.probe["gateway"].source_address_prefix == "AzureLoadBalancer" && azurerm_network_security_rule.probe["gateway"].destination_port_ranges == toset(["10256"])
    error_message = "probes ask another port"
  }
  assert {
    condition     = azurerm_network_security_rule.node_ports["probes"].source_address_prefix == "AzureLoadBalancer" && azurerm_network_security_rule.node_ports["balanced"].source_address_prefixes == toset(["10.250.0.0/16"]) && alltrue([for rule in azurerm_network_security_rule.node_ports : rule.destination_port_range == "30000-32767"])
    error_message = "node ports are open for others"
  }
}

run "probes_of_the_gateway" {
  command = plan
  assert {
    condition     = azurerm_network_security_rule.probe["gateway"].destination_port_ranges == toset(["8000"]) && length(azurerm_network_security_rule.node_ports) == 0
    error_message = "without ports the gateway's own is asked"
  }
}

run "no_lock_and_no_diagnostics_unasked" {
  command = plan
  assert {
    condition     = length(azurerm_management_lock.gateway) + length(azurerm_monitor_diagnostic_setting.gateway) == 0
    error_message = "something is made unasked"
  }
}

run "locked_and_diagnosed" {
  command = apply
  variables {
    lock        = true
    diagnostics = { storage_account_id = "/logs" }
  }
  assert {
    condition     = azurerm_management_lock.gateway["gateway"].lock_level == "CanNotDelete" && azurerm_management_lock.gateway["gateway"].scope == azurerm_network_security_group.gateway[0].id
    error_message = "the group is not locked"
  }
  assert {
    condition     = toset([for log in azurerm_monitor_diagnostic_setting.gateway["gateway"].enabled_log : log.category]) == toset(["NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"]) && azurerm_monitor_diagnostic_setting.gateway["gateway"].target_resource_id == azurerm_network_security_group.gateway[0].id
    error_message = "the group tells nothing"
  }
}

run "diagnostics_that_go_nowhere" {
  command = plan
  variables {
    diagnostics = {}
  }
  expect_failures = [var.diagnostics]
}

run "two_rules_with_one_priority" {
  command = plan
  variables {
    rules = {
      a = { direction = "egress", description = "A", priority = 200, ports = ["443"], cidrs = ["10.9.0.0/24"] }
      b = { direction = "egress", description = "B", priority = 200, ports = ["444"], cidrs = ["10.9.0.0/24"] }
    }
  }
  expect_failures = [var.rules]
}

run "a_priority_of_the_modules" {
  command = plan
  variables {
    rules = { a = { direction = "egress", description = "A", priority = 1050, ports = ["443"], cidrs = ["10.9.0.0/24"] } }
  }
  expect_failures = [var.rules]
}

run "two_kinds_of_peers" {
  command = plan
  variables {
    rules = { a = { direction = "egress", description = "A", priority = 200, ports = ["443"], cidrs = ["10.9.0.0/24"], service_tag = "AzureMonitor" } }
  }
  expect_failures = [var.rules]
}

run "the_internet_without_a_reason" {
  command = plan
  variables {
    rules = { a = { direction = "egress", description = "A", priority = 200, ports = ["443"], service_tag = "Internet" } }
  }
  expect_failures = [var.rules]
}

run "a_quota" {
  command = plan
  variables {
    quota = { rules = 2 }
  }
  expect_failures = [output.rules]
}

run "another_clouds_peer" {
  command = plan
  variables {
    peers = { database = { prefix_lists = { stores = "pl-1" } } }
  }
  expect_failures = [output.not_expressible]
}

run "a_key_of_the_policys" {
  command = plan
  variables {
    peers = { database = { cidrs = ["10.0.1.0/24"] } }
    rules = { postgresql-tcp-ipv4 = { direction = "egress", description = "Another", priority = 300, ports = ["5432"], cidrs = ["10.0.2.0/24"] } }
  }
  expect_failures = [output.rules]
}
