# Azure's rules; ../firewall.tf has the table of where each cloud's are.

module "policy" {
  source = "../policy"

  ports                 = var.ports
  peers                 = var.peers
  domains               = var.domains
  public_egress_reason  = var.public_egress_reason
  public_ingress_reason = var.public_ingress_reason
}

locals {
  # Azure's own rules, from 65000 on, let the virtual network in and out, and the internet out.
  denials = {
    inbound  = { direction = "Inbound", priority = 4096 }
    outbound = { direction = "Outbound", priority = 4096 }
  }
}

resource "azurerm_network_security_group" "gateway" {
  name                = "${var.name}-gateway"
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

# An NSG stands at its subnet, so that `*` on the near side is the subnet.
resource "azurerm_network_security_rule" "allow" {
  for_each = module.policy.azure

  name                        = "${each.value.direction}-${each.key}"
  description                 = each.value.description
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.gateway.name
  priority                    = each.value.priority
  direction                   = each.value.direction == "ingress" ? "Inbound" : "Outbound"
  access                      = "Allow"
  protocol                    = title(each.value.protocol)
  source_port_range           = "*"
  destination_port_ranges     = [for port in each.value.ports : tostring(port)]

  source_address_prefix                      = each.value.direction == "egress" ? "*" : null
  source_address_prefixes                    = each.value.direction == "ingress" && each.value.family != "reference" ? each.value.cidrs : null
  source_application_security_group_ids      = each.value.direction == "ingress" && each.value.family == "reference" ? values(each.value.references) : null
  destination_address_prefix                 = each.value.direction == "ingress" ? "*" : null
  destination_address_prefixes               = each.value.direction == "egress" && each.value.family != "reference" ? each.value.cidrs : null
  destination_application_security_group_ids = each.value.direction == "egress" && each.value.family == "reference" ? values(each.value.references) : null
}

# The load balancer asks from an address of Azure's own whether the gateway is there; the denial below would close that.
resource "azurerm_network_security_rule" "probe" {
  for_each = var.health_probes ? { gateway = var.ports.gateway } : {}

  name                        = "ingress-probe-${each.key}"
  description                 = "Health probes of Azure's load balancer to the gateway"
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.gateway.name
  priority                    = 1100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "AzureLoadBalancer"
  destination_port_range      = tostring(each.value)
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "deny" {
  for_each = local.denials

  name                        = "deny-${each.key}"
  description                 = "Everything else to or from the gateway of SARK"
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.gateway.name
  priority                    = each.value.priority
  direction                   = each.value.direction
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  source_address_prefix       = "*"
  destination_port_range      = "*"
  destination_address_prefix  = "*"
}

# Only once the rules are there: a subnet that is associated with an empty group is cut off until they are.
resource "azurerm_subnet_network_security_group_association" "gateway" {
  for_each = var.subnet_ids

  subnet_id                 = each.value
  network_security_group_id = azurerm_network_security_group.gateway.id

  depends_on = [azurerm_network_security_rule.allow, azurerm_network_security_rule.probe, azurerm_network_security_rule.deny]
}

resource "azurerm_network_watcher_flow_log" "network" {
  for_each = var.flow_log == null ? {} : { gateway = var.flow_log }

  name                 = "${var.name}-${each.key}"
  network_watcher_name = each.value.network_watcher_name
  resource_group_name  = each.value.network_watcher_resource_group_name
  target_resource_id   = each.value.virtual_network_id
  storage_account_id   = each.value.storage_account_id
  enabled              = true
  tags                 = var.tags

  retention_policy {
    enabled = true
    days    = each.value.days
  }
}
