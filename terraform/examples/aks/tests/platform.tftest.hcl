# Each flow that AKS needs is open, and its neighbour is not.

mock_provider "azurerm" {}

variables {
  subscription_id     = "00000000-0000-0000-0000-000000000000"
  resource_group_name = "sark"
  node_subnet_id      = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
  proxy_subnet_id     = "/subscriptions/s/resourceGroups/sark/providers/Microsoft.Network/virtualNetworks/v/subnets/proxy"
}

run "platform" {
  command = plan

  assert {
    condition     = try(join(" ", module.nodes.rules["services"].ports), "") == "443" && try(join(" ", module.nodes.rules["services"].cidrs), "") == "10.250.0.0/16"
    error_message = "services: clients reach the ports of Services, and not 80 beside 443"
  }
  assert {
    condition     = { for key, module in { nodes = module.nodes, proxy = module.proxy } : key => try("${join(" ", module.rules["kubelet"].ports)} ${join(" ", module.rules["kubelet"].cidrs)}", "") } == { nodes = "10250 443 4443 8443 9443 10.240.8.0/28", proxy = "10250 443 4443 8443 9443 10.240.8.0/28" }
    error_message = "kubelet: the API server reaches kubelet and webhooks, and not 10249 or 9444 beside them"
  }
  assert {
    condition     = try(module.nodes.rules["gateway-tcp-ipv4"].ports, []) == [8000] && try(join(" ", module.nodes.rules["gateway-tcp-ipv4"].cidrs), "") == "10.250.0.0/16"
    error_message = "gateway: clients reach a Service of the gateway's at 8000, and not at 8001"
  }
  assert {
    condition     = try(module.nodes.balanced["probe-gateway"], []) == ["10256"] && try(module.proxy.balanced["probe-gateway"], []) == ["10256"]
    error_message = "health-probes: Azure's load balancer asks kube-proxy at 10256 on every node, and not 10257"
  }
  assert {
    condition     = try(module.nodes.balanced["node-ports-probes"], []) == ["30000-32767"] && try(module.proxy.balanced["node-ports-probes"], []) == ["30000-32767"]
    error_message = "node-port-probes: Azure's load balancer asks node ports, and not 29999 or 32768"
  }
  assert {
    condition     = try(module.nodes.balanced["node-ports-balanced"], []) == ["30000-32767"] && !contains(keys(module.proxy.balanced), "node-ports-balanced")
    error_message = "node-ports: without floating IP clients reach node ports of SARK's nodes, and not those of the proxy's"
  }
  assert {
    condition     = try(join(" ", module.nodes.cluster["ingress-ipv4"]), "") == "10.240.0.0/22 10.240.4.0/26 10.244.0.0/16" && try(module.proxy.cluster["ingress-ipv4"], []) == try(module.nodes.cluster["ingress-ipv4"], [])
    error_message = "cluster: nodes and pods reach nodes and pods by every protocol, and 10.240.4.64/26 beside them does not"
  }
  assert {
    condition     = join(" ", [for key, rule in module.nodes.rules : key if rule.direction == "ingress"]) == "gateway-tcp-ipv4 kubelet services" && join(" ", [for key, rule in module.proxy.rules : key if rule.direction == "ingress"]) == "kubelet"
    error_message = "ingress that no flow above is"
  }

  assert {
    condition     = { for key, module in { nodes = module.nodes, proxy = module.proxy } : key => try("${join(" ", module.rules["api-server"].ports)} ${join(" ", module.rules["api-server"].cidrs)}", "") } == { nodes = "443 4443 10.240.8.0/28", proxy = "443 4443 10.240.8.0/28" }
    error_message = "api-server: nodes reach the API server at 443 and 4443, and not at 9000"
  }
  assert {
    condition     = { for key, module in { nodes = module.nodes, proxy = module.proxy } : key => try("${module.rules["registry"].service_tag} ${join(" ", module.rules["registry"].ports)}", "") } == { nodes = "MicrosoftContainerRegistry 443", proxy = "MicrosoftContainerRegistry 443" }
    error_message = "registry: nodes reach Microsoft's registry at 443, and not at 80"
  }
  assert {
    condition     = { for key, module in { nodes = module.nodes, proxy = module.proxy } : key => try("${module.rules["registry-front-door"].service_tag} ${join(" ", module.rules["registry-front-door"].ports)}", "") } == { nodes = "AzureFrontDoor.FirstParty 443", proxy = "AzureFrontDoor.FirstParty 443" }
    error_message = "registry-front-door: nodes reach Microsoft's own front door, and not AzureFrontDoor.Frontend, which is everybody's"
  }
  assert {
    condition     = { for key, module in { nodes = module.nodes, proxy = module.proxy } : key => try("${join(" ", module.rules["own-registry"].cidrs)} ${join(" ", module.rules["own-registry"].ports)}", "") } == { nodes = "10.240.18.0/28 443", proxy = "10.240.18.0/28 443" }
    error_message = "own-registry: nodes reach the registry's private endpoint at 443, and not at 80"
  }
  assert {
    condition     = { for key, module in { nodes = module.nodes, proxy = module.proxy } : key => try("${module.rules["entra"].service_tag} ${join(" ", module.rules["entra"].ports)}", "") } == { nodes = "AzureActiveDirectory 443", proxy = "AzureActiveDirectory 443" }
    error_message = "entra: nodes reach Microsoft Entra at 443, and not at 80"
  }
  assert {
    condition     = { for key, module in { nodes = module.nodes, proxy = module.proxy } : key => try("${module.rules["resource-manager"].service_tag} ${join(" ", module.rules["resource-manager"].ports)}", "") } == { nodes = "AzureResourceManager 443", proxy = "AzureResourceManager 443" }
    error_message = "resource-manager: nodes reach the Azure API at 443, and not at 80"
  }
  assert {
    condition     = { for key, module in { nodes = module.nodes, proxy = module.proxy } : key => try("${module.rules["monitor"].service_tag} ${join(" ", module.rules["monitor"].ports)}", "") } == { nodes = "AzureMonitor 443", proxy = "AzureMonitor 443" }
    error_message = "monitor: nodes reach Azure Monitor at 443, and not at 80"
  }
  assert {
    condition     = try(join(" ", module.nodes.cluster["egress-ipv4"]), "") == "10.240.0.0/22 10.240.4.0/26 10.244.0.0/16" && try(module.proxy.cluster["egress-ipv4"], []) == try(module.nodes.cluster["egress-ipv4"], [])
    error_message = "cluster: nodes and pods reach nodes and pods by every protocol, and 10.240.4.64/26 beside them not"
  }
  assert {
    condition     = { for key, rule in module.nodes.rules : key => "${rule.cidrs[0]} ${rule.ports[0]}" if startswith(key, "dns-") } == { dns-tcp-ipv4 = "168.63.129.16/32 53", dns-udp-ipv4 = "168.63.129.16/32 53" }
    error_message = "dns: Azure's resolver at 53, and at no other port"
  }
  assert {
    condition     = join(" ", [for key, rule in module.nodes.rules : key if rule.direction == "egress"]) == "api-server dns-tcp-ipv4 dns-udp-ipv4 entra monitor own-registry postgresql-tcp-ipv4 redis-tcp-ipv4 registry registry-front-door resource-manager"
    error_message = "egress that no flow is: ${jsonencode([for key, rule in module.nodes.rules : key if rule.direction == "egress"])}"
  }
  assert {
    condition     = azurerm_network_security_rule.internet.network_security_group_name == "sark-proxy-gateway" && azurerm_network_security_rule.internet.destination_port_ranges == toset(["443"]) && azurerm_network_security_rule.internet.priority < 4096
    error_message = "internet: the proxy's subnet alone, at the ports of the chart's list, and not at 80"
  }
}

run "a_public_cluster_without_konnectivity" {
  command = plan
  variables {
    konnectivity     = false
    api_server_cidrs = ["20.50.1.2/32"]
  }
  assert {
    condition     = try("${module.nodes.rules["tunnel-tcp"].protocol} ${join(" ", module.nodes.rules["tunnel-tcp"].ports)} ${join(" ", module.nodes.rules["tunnel-tcp"].cidrs)}", "") == "tcp 9000 20.50.1.2/32"
    error_message = "tunnel-tcp: nodes reach the API server at TCP 9000, and not at 9001"
  }
  assert {
    condition     = try("${module.nodes.rules["tunnel-udp"].protocol} ${join(" ", module.nodes.rules["tunnel-udp"].ports)} ${join(" ", module.nodes.rules["tunnel-udp"].cidrs)}", "") == "udp 1194 20.50.1.2/32"
    error_message = "tunnel-udp: nodes reach the API server at UDP 1194, and not at 1195"
  }
}

run "names_that_a_firewall_judges" {
  command = plan
  variables {
    names_are_judged_by = "Azure Firewall on the route judges names"
  }
  assert {
    condition     = try("${module.nodes.rules["names"].service_tag} ${join(" ", module.nodes.rules["names"].ports)}: ${module.nodes.rules["names"].description}", "") == "Internet 443: What AKS needs and has no service tag: Azure Firewall on the route judges names"
    error_message = "names: with a reason 443 is open to the internet, and not 80"
  }
}
