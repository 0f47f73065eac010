# Azure's rules; ../firewall.tf has the table of where each cloud's are.

module "policy" {
  source = "../policy"

  ports                 = var.ports
  peers                 = local.peers
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
  count = var.create ? 1 : 0

  name                = coalesce(var.network_security_group_name, "${var.name}-gateway")
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

locals {
  network_security_group_name = var.create ? azurerm_network_security_group.gateway[0].name : var.network_security_group.name
  network_security_group_id   = var.create ? azurerm_network_security_group.gateway[0].id : var.network_security_group.id
}

# An NSG stands at its subnet, so that `*` on the near side is the subnet.
resource "azurerm_network_security_rule" "allow" {
  for_each = local.rules

  name                        = "${each.value.direction}-${each.key}"
  description                 = each.value.description
  resource_group_name         = var.resource_group_name
  network_security_group_name = local.network_security_group_name
  priority                    = each.value.priority
  direction                   = each.value.direction == "ingress" ? "Inbound" : "Outbound"
  access                      = "Allow"
  protocol                    = title(each.value.protocol)
  source_port_range           = "*"
  destination_port_ranges     = [for port in each.value.ports : tostring(port)]

  source_address_prefix                      = each.value.direction == "egress" ? "*" : each.value.service_tag
  source_address_prefixes                    = each.value.direction == "ingress" && length(each.value.cidrs) > 0 ? each.value.cidrs : null
  source_application_security_group_ids      = each.value.direction == "ingress" && each.value.family == "reference" ? values(each.value.references) : null
  destination_address_prefix                 = each.value.direction == "ingress" ? "*" : each.value.service_tag
  destination_address_prefixes               = each.value.direction == "egress" && length(each.value.cidrs) > 0 ? each.value.cidrs : null
  destination_application_security_group_ids = each.value.direction == "egress" && each.value.family == "reference" ? values(each.value.references) : null
}

# The load balancer asks from an address of Azure's own whether the gateway is there; the denial below would close that.
resource "azurerm_network_security_rule" "probe" {
  for_each = local.probed

  name                        = "ingress-probe-${each.key}"
  description                 = "Health probes of Azure's load balancer to the gateway"
  resource_group_name         = var.resource_group_name
  network_security_group_name = local.network_security_group_name
  priority                    = each.value.priority
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = each.value.source
  destination_port_ranges     = each.value.ports
  destination_address_prefix  = "*"
}

# Kubernetes gives a Service any port of this range, so that the range is what load balancers need.
# sark:ignore port-ranges-are-narrow until 2029-12-31: the range is that of Kubernetes, and for load balancers alone
resource "azurerm_network_security_rule" "node_ports" {
  for_each = local.node_ports

  name                        = "ingress-node-ports-${each.key}"
  description                 = each.value.description
  resource_group_name         = var.resource_group_name
  network_security_group_name = local.network_security_group_name
  priority                    = each.value.priority
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = each.value.source_prefix
  source_address_prefixes     = each.value.source_prefixes
  destination_port_range      = var.node_ports
  destination_address_prefix  = "*"
}

# AKS supports no closing of what nodes and pods say to each other, which the denials below would do.
# sark:ignore protocols-are-not-all-allowed until 2029-12-31: nodes and pods of a cluster among each other, as AKS needs
resource "azurerm_network_security_rule" "cluster" {
  for_each = { for key, rule in local.cluster : key => rule if length(rule.cidrs) > 0 }

  name                         = "cluster-${each.key}"
  description                  = "Nodes and pods of the cluster among each other"
  resource_group_name          = var.resource_group_name
  network_security_group_name  = local.network_security_group_name
  priority                     = each.value.priority
  direction                    = each.value.direction
  access                       = "Allow"
  protocol                     = "*"
  source_port_range            = "*"
  source_address_prefixes      = each.value.cidrs
  destination_port_range       = "*"
  destination_address_prefixes = each.value.cidrs
}

resource "azurerm_network_security_rule" "deny" {
  for_each = local.denials

  name                        = "deny-${each.key}"
  description                 = "Everything else to or from the gateway of SARK"
  resource_group_name         = var.resource_group_name
  network_security_group_name = local.network_security_group_name
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
  network_security_group_id = local.network_security_group_id

  depends_on = [
    azurerm_network_security_rule.allow,
    azurerm_network_security_rule.probe,
    azurerm_network_security_rule.node_ports,
    azurerm_network_security_rule.cluster,
    azurerm_network_security_rule.deny,
  ]
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
