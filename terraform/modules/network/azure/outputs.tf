output "network_security_group_id" {
  description = "The group that the subnets are associated with."
  value       = local.network_security_group_id
}

output "network_security_group_name" {
  description = "For rules of your own that do not go through `rules`."
  value       = local.network_security_group_name
}

output "rules" {
  description = "What is open, by key: the policy's rules and your own as Azure writes them. Probes, node ports and what `cluster_cidrs` opens are not among them."
  value       = local.rules

  precondition {
    condition     = length(setintersection(keys(module.policy.azure), keys(local.own))) == 0
    error_message = "A rule of yours has the key of one of the policy's, and would take its place: give it another key."
  }

  precondition {
    condition     = length(local.rules) + length(local.probed) + length(local.node_ports) + length(local.denials) + length([for rule in local.cluster : rule if length(rule.cidrs) > 0]) <= var.quota.rules
    error_message = "These are more than quota.rules: join rules, or raise the subscription's limit of rules for each security group and write it there."
  }

  precondition {
    condition     = max(0, [for rule in local.rules : length(rule.cidrs)]...) <= var.quota.cidrs
    error_message = "A rule has more CIDRs than quota.cidrs; join them into wider ones, or name a service tag."
  }
}

output "cluster" {
  description = "What `cluster_cidrs` opens, by direction and family: every protocol between nodes and pods."
  value       = { for key, rule in azurerm_network_security_rule.cluster : key => local.cluster[key].cidrs }
}

output "balanced" {
  description = "What load balancers and their probes reach beside the gateway's port: ports by rule."
  value = merge(
    { for key, rule in azurerm_network_security_rule.probe : "probe-${key}" => local.probed[key].ports },
    { for key, rule in azurerm_network_security_rule.node_ports : "node-ports-${key}" => [var.node_ports] },
  )
}

output "not_expressible" {
  description = "What Azure cannot say of the policy, as [{engine, subject, effect, says}]; effect is handled, narrower or wider."
  value       = [for gap in module.policy.not_expressible : gap if startswith(gap.engine, "azurerm_")]

  precondition {
    condition     = length([for gap in module.policy.not_expressible : gap if gap.engine == "azurerm_network_security_group" && gap.effect == "narrower"]) == 0
    error_message = "A network security group takes no prefix_lists and no network_tags: give cidrs, references or a service_tag."
  }
}
